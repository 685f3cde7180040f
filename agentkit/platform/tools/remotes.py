"""Agents that are reached over A2A, kept between turns so that their cards are not read again (V2-OBJ-07)."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Final
from urllib.parse import urlsplit

from agentkit.compose import Agent
from agentkit.errors import AgentKitError
from agentkit.mcp.client.pool import HttpPool
from agentkit.oauth.exchange import stays_local
from agentkit.platform.orchestration.plan import MemberPlan
from agentkit.platform.settings import RemoteAgents
from agentkit.specs import RemoteAgentSpec

_KEPT: Final = 256

_log = logging.getLogger("agentkit.platform")


class Remotes:
    """The agents elsewhere, by name and address; they know nothing of a caller between turns.

    The caller's own token is passed on to an agent at an https address or on this machine, and to no other: over plain
    http anybody on the way could read it.
    """

    def __init__(self, make: RemoteAgents | None, http: HttpPool) -> None:
        """Make agents over a connection pool, which stays the caller's to close; None makes none."""
        self._make = make
        self._http = http
        self._agents: OrderedDict[tuple[str, str, bool], Agent] = OrderedDict()

    def agent(self, plan: MemberPlan, *, inherit: bool) -> Agent | None:
        """The agent of a plan that has an address; None where agents elsewhere are not reached at all.

        Without `inherit` nothing is passed on: a turn that goes on after a crash has no token of its caller any more,
        and an agent that wants none can be asked all the same.
        """
        if self._make is None or plan.url is None:
            return None
        key = (plan.name, plan.url, inherit)
        agent = self._agents.get(key)
        if agent is None:
            spec = RemoteAgentSpec(plan.url, plan.name)
            agent = self._agents[key] = self._make(spec, inherit=inherit, http=self._http)
            if len(self._agents) > _KEPT:
                # A turn may be at work on it still. It holds no connection of its own, so nothing is left open.
                self._agents.popitem(last=False)
        self._agents.move_to_end(key)
        return agent

    @staticmethod
    def may_inherit(plan: MemberPlan) -> bool:
        """Whether the caller's token may travel to an agent (V2-OBJ-07)."""
        url = plan.url or ""
        return urlsplit(url).scheme.lower() == "https" or stays_local(url)

    async def aclose(self) -> None:
        """Let go of all agents."""
        while self._agents:
            (name, _, _), agent = self._agents.popitem()
            close = getattr(agent, "aclose", None)
            try:
                if close is not None:
                    await close()
            except AgentKitError as error:
                _log.warning("the remote agent %s could not be closed: %s", name, type(error).__name__)

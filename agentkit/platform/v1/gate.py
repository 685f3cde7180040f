"""What every v1 route begins with: who asks, and for which agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from agentkit.compose import Caller
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.problems import Answering, Problem, answering, unknown_agent
from agentkit.platform.requests import path_id
from agentkit.platform.services import Services, services_of
from agentkit.web.answer import Answered


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request."""

    request: Request
    services: Services
    caller: Caller

    @property
    def ownership(self) -> Ownership:
        """The caller's own rows."""
        return Ownership.of(self.caller)

    async def agent(self, missing: Problem | None = None) -> AgentRecord:
        """The agent of the path.

        Args:
            missing: What to raise for an agent that is not there.

        Raises:
            Problem: 400, the id is no UUID; 404, there is no such agent for the caller (V1-ID-01, V1-ERR-04).
        """
        record = await self.services.agents.find(self.ownership, path_id(self.request, "agent"))
        if record is None:
            raise missing or unknown_agent()
        return record


Route = Callable[[Call], Awaitable[Answered]]


def authenticated(route: Route) -> Answering:
    """Make an endpoint of a route: nothing of it runs before the caller is known (AUTH-10)."""

    async def endpoint(request: Request) -> Answered:
        services = services_of(request)
        return await route(Call(request, services, await services.realms.caller(request)))

    return answering(endpoint)

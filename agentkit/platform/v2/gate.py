"""What every v2 route of the management plane begins with: who asks, and for what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from agentkit.compose import Caller
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.problems import Answering, answering
from agentkit.platform.services import Services, services_of
from agentkit.platform.v2.ids import Kind, bare_id
from agentkit.platform.v2.problems import answer_problem, unknown
from agentkit.web.answer import Answered


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request."""

    request: Request
    services: Services
    caller: Caller

    @property
    def ownership(self) -> Ownership:
        """Tenant and owner of what the caller made."""
        return Ownership.of(self.caller)

    def path_id(self, name: str, kind: Kind) -> str:
        """The bare UUID of a variable in the address.

        Raises:
            Problem: 404, it is no id of this kind.
        """
        bare = bare_id(kind, str(self.request.path_params[name]))
        if bare is None:
            raise unknown(kind)
        return bare

    async def agent(self) -> AgentRecord:
        """The agent of the path, which the caller can see; an inline expert also by its connector's id (V2-MIG-02).

        Raises:
            Problem: 404, there is none (V2-EP-03).
        """
        text = str(self.request.path_params["agent"])
        agent_id = bare_id(Kind.AGENT, text) or bare_id(Kind.CONNECTOR, text)
        record = None if agent_id is None else await self.services.agents.find(self.ownership, agent_id)
        if record is None:
            raise unknown(Kind.AGENT)
        return record


Route = Callable[[Call], Awaitable[Answered]]


def authenticated(route: Route) -> Answering:
    """Make an endpoint of a route: nothing of it runs before the caller is known; errors are spelled by V2-ERR-01."""

    async def endpoint(request: Request) -> Answered:
        services = services_of(request)
        return await route(Call(request, services, await services.realms.caller(request)))

    return answering(endpoint, answer_problem)

"""What every request of v2's A2A plane passes: who asks, of which agent, in which version (V2-VER-01)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from agentkit.platform.answers import json_answer
from agentkit.platform.problems import Answering
from agentkit.platform.refusals import UNKNOWN_VERSION, Refused, refusal_of
from agentkit.platform.services import services_of
from agentkit.platform.turns import Turns
from agentkit.platform.v2.gate import Call
from agentkit.web.answer import Answered, Header
from agentkit.web.arrival import arrived, asked_version
from agentkit.web.bounds import Bounds

VERSION: Final = "1.0"
"""The version of A2A that v2 speaks, also where a request names none."""

VERSION_HEADER: Final[Header] = (b"a2a-version", VERSION.encode())


@dataclass(frozen=True, slots=True)
class A2aCall:
    """A request of a known caller to an agent that he may see."""

    request: Request
    turns: Turns

    @property
    def bounds(self) -> Bounds:
        """What one request may bring."""
        return self.turns.services.settings.limits.bounds

    def require_version(self) -> None:
        """Refuse a request in another version.

        Raises:
            Refused: It names one (400, -32009).
        """
        if asked_version(arrived(self.request.scope), absent=VERSION) != VERSION:
            raise Refused(UNKNOWN_VERSION, f"A2A {VERSION} is spoken here; name it in the header A2A-Version.")


def a2a_endpoint(route: Callable[[A2aCall], Awaitable[Answered]]) -> Answering:
    """Make an endpoint of a route; what goes wrong before it is told as HTTP+JSON does, in JSON-RPC too (V2-ERR-02)."""

    async def endpoint(request: Request) -> Answered:
        services = services_of(request)
        call = Call(request, services, await services.realms.caller(request))
        return await route(A2aCall(request, Turns(services, await call.agent(), call.caller)))

    return Answering(endpoint, refused)


async def refused(_request: Request, error: Exception) -> Response:
    """The answer of an error over HTTP+JSON."""
    refusal = refusal_of(error)
    return json_answer(refusal.rest(), refusal.row.status, {"a2a-version": VERSION, **refusal.headers})

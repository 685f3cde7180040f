"""Where everything of v2 lies (V2-EP-01 to V2-EP-26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.routing import Route

from agentkit.platform.methods import ByMethod
from agentkit.platform.problems import Answering
from agentkit.platform.v2 import a2a, agents, connectors, contexts, feedback, registry, rpc, traces, usage
from agentkit.platform.v2.entrance import a2a_endpoint
from agentkit.platform.v2.gate import Route as Managed
from agentkit.platform.v2.gate import authenticated

_ROOT: Final = "/v2/agentic"
_A2A: Final = "/agents/{agent}/a2a"

_MANAGEMENT: Final[Mapping[str, Mapping[str, Managed]]] = {
    "/agents": {"GET": agents.page, "POST": agents.create},
    "/agents/{agent}": {"GET": agents.get, "PATCH": agents.update, "DELETE": agents.delete},
    "/agents/{agent}/.well-known/agent-card.json": {"GET": agents.card},
    "/agents/{agent}/connectors": {"GET": connectors.page, "POST": connectors.create},
    "/agents/{agent}/connectors/{connector}": {
        "GET": connectors.get,
        "PATCH": connectors.update,
        "DELETE": connectors.delete,
    },
    "/agents/{agent}/usage": {"GET": usage.get},
    "/contexts": {"GET": contexts.page},
    "/contexts/{context}": {"GET": contexts.get, "DELETE": contexts.delete},
    "/contexts/{context}/trace": {"GET": traces.page},
    "/contexts/{context}/tasks": {"GET": contexts.tasks},
    "/contexts/{context}/tasks/{task}": {"GET": contexts.task},
    "/contexts/{context}/tasks/{task}/artifacts/{artifact:path}": {"GET": contexts.artifact},
    "/contexts/{context}/tasks/{task}/feedback": {
        "GET": feedback.page,
        "POST": feedback.create,
        "DELETE": feedback.delete_all,
    },
    "/contexts/{context}/tasks/{task}/feedback/{feedback}": {"DELETE": feedback.delete},
    "/registry/connectors": {"GET": registry.page},
    # Ids such as @corti/x hold a slash.
    "/registry/connectors/{entry:path}": {"GET": registry.get},
}
"""Routes of the management plane, by path and method."""


def v2_routes() -> list[Route]:
    """The A2A plane first: its addresses are the busiest ones."""
    return [
        _a2a("POST", f"{_A2A}/message:send", a2a_endpoint(a2a.send)),
        _a2a("POST", _A2A, a2a_endpoint(rpc.call_method)),
        _a2a("POST", f"{_A2A}/message:stream", a2a_endpoint(a2a.stream)),
        _a2a("POST", f"{_A2A}/tasks/{{task}}:cancel", a2a_endpoint(a2a.cancel)),
        _a2a("POST", f"{_A2A}/tasks/{{task}}:subscribe", a2a_endpoint(a2a.subscribe)),
        _a2a("GET", f"{_A2A}/tasks/{{task}}", a2a_endpoint(a2a.get)),
        _a2a("GET", f"{_A2A}/tasks", a2a_endpoint(a2a.page)),
        *(
            Route(
                _ROOT + path,
                ByMethod({method: authenticated(route) for method, route in methods.items()}),
                methods=list(methods),
            )
            for path, methods in _MANAGEMENT.items()
        ),
    ]


def _a2a(method: str, path: str, endpoint: Answering) -> Route:
    return Route(_ROOT + path, endpoint, methods=[method])

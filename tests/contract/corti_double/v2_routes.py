"""The routes below `/v2/agentic` (section 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from tests.contract.corti_double.bodies import spelled
from tests.contract.corti_double.errors import v2_error
from tests.contract.corti_double.v2_a2a import Messages, versioned
from tests.contract.corti_double.v2_agents import Agents, create_agent
from tests.contract.corti_double.v2_connectors import Connectors
from tests.contract.corti_double.v2_contexts import Contexts
from tests.contract.corti_double.v2_feedback import Feedback
from tests.contract.corti_double.v2_reports import Reports
from tests.contract.corti_double.v2_rpc import Rpc

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

__all__ = ["create_agent", "routes"]

_ROOT = "/v2/agentic"
_AGENT = "/agents/{agent_id}"
_TASK = "/contexts/{context_id}/tasks/{task_id}"


def routes(double: CortiDouble) -> list[Route]:
    """The A2A plane and the management plane."""
    return [*_a2a_plane(double), *_management_plane(double)]


def _a2a_plane(double: CortiDouble) -> list[Route]:
    messages, rpc = Messages(double), Rpc(double)
    table = (
        ("", rpc.call, "POST"),
        ("/message:send", messages.send, "POST"),
        ("/message:stream", messages.stream, "POST"),
        ("/tasks", messages.list, "GET"),
        ("/tasks/{task_id}:cancel", messages.cancel, "POST"),
        ("/tasks/{task_id}:subscribe", messages.subscribe, "POST"),
        ("/tasks/{task_id}", messages.get, "GET"),
    )
    return [
        Route(f"{_ROOT}{_AGENT}/a2a{path}", versioned(endpoint, checks=bool(path)), methods=[method])
        for path, endpoint, method in table
    ]


def _management_plane(double: CortiDouble) -> list[Route]:
    agents, connectors, contexts = Agents(double), Connectors(double), Contexts(double)
    feedback, reports = Feedback(double), Reports(double)
    table = (
        ("/agents", agents.create, "POST"),
        ("/agents", agents.list, "GET"),
        (_AGENT, agents.get, "GET"),
        (_AGENT, agents.patch, "PATCH"),
        (_AGENT, agents.delete, "DELETE"),
        (f"{_AGENT}/.well-known/agent-card.json", agents.card, "GET"),
        (f"{_AGENT}/usage", reports.usage, "GET"),
        (f"{_AGENT}/connectors", connectors.list, "GET"),
        (f"{_AGENT}/connectors", connectors.create, "POST"),
        (f"{_AGENT}/connectors/{{connector_id}}", connectors.get, "GET"),
        (f"{_AGENT}/connectors/{{connector_id}}", connectors.delete, "DELETE"),
        (f"{_AGENT}/connectors/{{connector_id}}", connectors.patch, "PATCH"),
        ("/contexts", contexts.list, "GET"),
        ("/contexts/{context_id}", contexts.get, "GET"),
        ("/contexts/{context_id}", contexts.delete, "DELETE"),
        ("/contexts/{context_id}/trace", reports.trace, "GET"),
        ("/contexts/{context_id}/tasks", contexts.tasks, "GET"),
        (_TASK, contexts.task, "GET"),
        (f"{_TASK}/artifacts/{{artifact_id}}", contexts.artifact, "GET"),
        (f"{_TASK}/feedback", feedback.create, "POST"),
        (f"{_TASK}/feedback", feedback.list, "GET"),
        (f"{_TASK}/feedback", feedback.delete_all, "DELETE"),
        (f"{_TASK}/feedback/{{feedback_id}}", feedback.delete, "DELETE"),
        ("/registry/connectors", reports.connectors, "GET"),
        ("/registry/connectors/{entry_id:path}", reports.connector, "GET"),
    )
    return [Route(f"{_ROOT}{path}", spelled(v2_error)(endpoint), methods=[method]) for path, endpoint, method in table]

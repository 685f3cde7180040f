"""Messages, tasks and contexts of v1 over REST (V1-EP-07, V1-EP-09 to V1-EP-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.contract.corti_double import v1_agents
from tests.contract.corti_double.bodies import page, read_body, read_number, spelled
from tests.contract.corti_double.errors import v1_error
from tests.contract.corti_double.ids import is_bare_id
from tests.contract.corti_double.plane import Sent
from tests.contract.corti_double.records import ContextRecord, TaskRecord
from tests.contract.corti_double.schema import (
    JsonObject,
    Problem,
    anything,
    array,
    by,
    count,
    flag,
    record,
    shape,
    text,
    word,
)
from tests.contract.corti_double.troubles import Trouble

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble


def _file(value: object, path: str, found: list[Problem]) -> None:
    shape({}, {"uri": text(1), "bytes": text(), "name": text(), "mimeType": text()})(value, path, found)
    if isinstance(value, dict) and ("uri" in value) == ("bytes" in value):
        found.append((path, "must have either uri or bytes"))


_METADATA = record(anything)
_PART = by(
    "kind",
    {
        "text": shape({"kind": anything, "text": text()}, {"metadata": _METADATA}),
        # An object is asked for in prose only; MCPAUTH-12 lets other values stand.
        "data": shape({"kind": anything, "data": anything}, {"metadata": _METADATA}),
        "file": shape({"kind": anything}, {"file": _file, "metadata": _METADATA}),
    },
)
_MESSAGE = shape(
    {
        "kind": word("message"),
        "role": word("user", "agent"),
        "messageId": text(1),
        "parts": array(_PART),
    },
    {
        "contextId": text(),
        "taskId": text(),
        "referenceTaskIds": array(text()),
        "extensions": array(text()),
        "metadata": _METADATA,
    },
)
_PUSH = shape(
    {"url": text(1)},
    {
        "id": text(),
        "token": text(),
        "authentication": shape({"schemes": array(text())}, {"credentials": text()}),
    },
)
SEND = shape(
    {"message": _MESSAGE},
    {
        "configuration": shape(
            {},
            {
                "acceptedOutputModes": array(text()),
                "historyLength": count,
                "blocking": flag,
                "pushNotificationConfig": _PUSH,
            },
        ),
        "metadata": _METADATA,
    },
)


def routes(double: CortiDouble) -> list[Route]:
    """The routes, also below the alias of CON-01."""
    messages = _Messages(double)
    table = (
        ("message:send", messages.send, ["POST"]),
        ("tasks/{task_id}", messages.task, ["GET"]),
        ("contexts/{context_id}", messages.context, ["GET"]),
        ("contexts/{context_id}", messages.delete_context, ["DELETE"]),
    )
    return [
        Route(f"{root}/{{agent_id}}/v1/{path}", spelled(v1_error)(endpoint), methods=methods)
        for root in ("/agents", "/v2/agents")
        for path, endpoint, methods in table
    ]


def start(double: CortiDouble, agent_id: str, params: JsonObject) -> tuple[TaskRecord, int]:
    """Start the turn of checked parameters, over whichever binding.

    Raises:
        Trouble: The message cannot be taken.
    """
    agent = v1_agents.find(double, agent_id)
    message = params["message"]
    for name in ("contextId", "taskId"):
        _check_id(message.get(name), name)
    servers = v1_agents.servers_of(double, agent)
    context_id, task_id = message.get("contextId"), message.get("taskId")
    return double.v1.accept(Sent(agent, servers, message, message["messageId"], context_id, task_id))


def find_task(double: CortiDouble, agent_id: str, task_id: str) -> TaskRecord:
    """The task of an agent (V1-ID-01, V1-ID-02).

    Raises:
        Trouble: It is no id, or nobody's, or another agent's.
    """
    agent = v1_agents.find(double, agent_id)
    _check_id(task_id, "taskId")
    task = double.v1.tasks.get(task_id)
    if task is None or task.agent_id != agent.id:
        raise Trouble("task_unknown", "The task could not be found.")
    return task


def _check_id(value: str | None, name: str) -> None:
    if value is not None and not is_bare_id(value):
        raise Trouble("bad_id", f"The {name} is not a UUID.")


class _Messages:
    def __init__(self, double: CortiDouble) -> None:
        self._double = double

    async def send(self, request: Request) -> Response:
        """V1-SEND-05, V1-SEND-08."""
        agent_id = request.path_params["agent_id"]
        v1_agents.find(self._double, agent_id)
        params = await read_body(request, SEND)
        task, _ = start(self._double, agent_id, params)
        configuration = params.get("configuration", {})
        if configuration.get("blocking", True):
            await task.settled()
        if task.answer is not None:
            return JSONResponse({"message": task.answer})
        return JSONResponse({"task": self._double.v1.dialect.task(task, configuration.get("historyLength"))})

    async def task(self, request: Request) -> Response:
        """V1-TASK-01."""
        task = find_task(self._double, request.path_params["agent_id"], request.path_params["task_id"])
        length = read_number(request, "historyLength", 0, None)
        return JSONResponse(self._double.v1.dialect.task(task, length))

    async def context(self, request: Request) -> Response:
        """V1-CTXEP-01."""
        context = self._find_context(request)
        items = [self._double.v1.dialect.task(item) if isinstance(item, TaskRecord) else item for item in context.items]
        return JSONResponse({"id": context.id, "items": page(request, items)})

    async def delete_context(self, request: Request) -> Response:
        """V1-CTXEP-02."""
        self._double.v1.forget(self._find_context(request))
        return Response(status_code=204)

    def _find_context(self, request: Request) -> ContextRecord:
        agent = v1_agents.find(self._double, request.path_params["agent_id"])
        context_id: str = request.path_params["context_id"]
        _check_id(context_id, "contextId")
        context = self._double.v1.contexts.get(context_id)
        if context is None or context.agent_id != agent.id:
            raise Trouble("context_unknown", "The context could not be found.")
        return context

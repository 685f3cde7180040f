"""`/v2/agentic/agents/{id}/a2a/...`: messages and tasks over HTTP+JSON (V2-EP-08 to V2-EP-13)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double import v2_agents, v2_connectors
from tests.contract.corti_double.bodies import Endpoint, cursor_page, read_body, read_number
from tests.contract.corti_double.dialects import without_usage
from tests.contract.corti_double.errors import a2a_error
from tests.contract.corti_double.ids import prefixed_id, read_prefixed_id
from tests.contract.corti_double.plane import Sent
from tests.contract.corti_double.records import TaskRecord
from tests.contract.corti_double.schema import (
    JsonObject,
    Problem,
    anything,
    array,
    count,
    flag,
    record,
    shape,
    text,
    word,
)
from tests.contract.corti_double.streams import stream
from tests.contract.corti_double.troubles import Trouble

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

VERSION = {"A2A-Version": "1.0"}


def _part(value: object, path: str, found: list[Problem]) -> None:
    """V2-OBJ-12: one content, extra fields allowed."""
    shape(
        {},
        {
            "text": text(),
            "raw": text(),
            "url": text(1),
            "filename": text(),
            "mediaType": text(),
            "metadata": record(anything),
        },
    )(value, path, found)
    contents = (
        {"text", "data", "raw", "url"} & set(cast("JsonObject", value)) if isinstance(value, dict) else set[str]()
    )
    if isinstance(value, dict) and len(contents) != 1:
        found.append((path, "must have exactly one of text, data, raw, url"))


_MESSAGE = shape(
    {"role": word("ROLE_USER", "ROLE_AGENT"), "parts": array(_part)},
    {
        "messageId": text(1),
        "contextId": text(),
        "taskId": text(),
        "referenceTaskIds": array(text()),
        "extensions": array(text()),
        "metadata": record(anything),
    },
)
SEND = shape(
    {"message": _MESSAGE},
    {
        "configuration": shape(
            {}, {"returnImmediately": flag, "historyLength": count, "acceptedOutputModes": array(text())}
        ),
        "metadata": record(anything),
        "tenant": text(),
    },
)


def versioned(endpoint: Endpoint, *, checks: bool = True) -> Endpoint:
    """Refuse another protocol version, and answer with ours (V2-VER-01); JSON-RPC refuses it in its own way."""

    async def call(request: Request) -> Response:
        try:
            if checks:
                require_version(request)
            answer = await endpoint(request)
        except Trouble as trouble:
            answer = a2a_error(trouble)
        if isinstance(answer, Response):  # pyright: ignore[reportUnnecessaryIsInstance]
            answer.headers.update(VERSION)
        return answer

    return call


def require_version(request: Request) -> None:
    """V2-VER-01.

    Raises:
        Trouble: The caller speaks another version.
    """
    given = request.headers.get("a2a-version") or request.query_params.get("A2A-Version") or "1.0"
    if given != "1.0":
        raise Trouble("version", f"The protocol version {given} is not supported; it is 1.0.")


def start(double: CortiDouble, agent_id: str, params: JsonObject) -> tuple[TaskRecord, int]:
    """Start the turn of checked parameters, over whichever binding.

    Raises:
        Trouble: The message cannot be taken.
    """
    agent = v2_agents.find(double, agent_id)
    message = {"messageId": prefixed_id("msg"), **params["message"]}
    context_id, task_id = _full("ctx", message.get("contextId")), _full("task", message.get("taskId"))
    servers = v2_connectors.servers_of(double, agent)
    return double.v2.accept(Sent(agent, servers, message, message["messageId"], context_id, task_id))


def find_task(double: CortiDouble, agent_id: str, task_id: str) -> TaskRecord:
    """The task of an agent.

    Raises:
        Trouble: It does not exist.
    """
    agent = v2_agents.find(double, agent_id)
    task = double.v2.tasks.get(read_prefixed_id("task", task_id) or "")
    if task is None or task.agent_id != agent.id:
        raise Trouble("task_unknown", "The task does not exist.")
    return task


def tasks_of(double: CortiDouble, agent_id: str, context_id: str | None) -> list[TaskRecord]:
    """An agent's tasks, the last changed first."""
    agent = v2_agents.find(double, agent_id)
    wanted = _full("ctx", context_id)
    tasks = [
        task for task in double.v2.tasks.values() if task.agent_id == agent.id and wanted in {None, task.context_id}
    ]
    # Of two that changed at the same moment the younger comes first.
    return sorted(tasks, key=lambda task: task.updated)[::-1]


def following(task: TaskRecord, double: CortiDouble) -> AsyncGenerator[tuple[int, JsonObject]]:
    """The task as it is, then what happens to it (V2-EP-13).

    Raises:
        Trouble: Nothing can happen to it any more.
    """
    if task.is_final:
        raise Trouble("task_settled", "The task is in a final state.")
    now, begin = double.v2.dialect.task_event(task), len(task.events)

    async def events() -> AsyncGenerator[tuple[int, JsonObject]]:
        yield begin, now
        async with aclosing(task.follow(begin)) as later:
            async for event in later:
                yield event

    return events()


def _full(prefix: str, value: str | None) -> str | None:
    """The prefixed id; one that is no id at all stays what it is, and is found nowhere."""
    return None if value is None else read_prefixed_id(prefix, value) or value


class Messages:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._double = double

    async def send(self, request: Request) -> Response:
        """V2-EP-08, V2-SEND-01."""
        params, task, _ = await self._begin(request)
        configuration = params.get("configuration", {})
        if not configuration.get("returnImmediately", False):
            await task.settled()
        if task.answer is not None:
            return JSONResponse({"message": task.answer})
        return JSONResponse({"task": self._shown(task, configuration.get("historyLength"))})

    async def stream(self, request: Request) -> Response:
        """V2-EP-09."""
        _, task, begin = await self._begin(request)
        return stream(self._double, request, self._rest(task.follow(begin)), ids=True, headers=VERSION)

    async def list(self, request: Request) -> Response:
        """V2-EP-10."""
        agent_id: str = request.path_params["agent_id"]
        tasks = tasks_of(self._double, agent_id, request.query_params.get("contextId"))
        kept, token = cursor_page(request, tasks)
        shown = [self._shown(task) for task in kept]
        return JSONResponse({"tasks": shown, "pageSize": len(shown), "nextPageToken": token})

    async def get(self, request: Request) -> Response:
        """V2-EP-11."""
        return JSONResponse(self._shown(self._find(request), read_number(request, "historyLength", 0, None)))

    async def cancel(self, request: Request) -> Response:
        """V2-EP-12, CON-20."""
        task = self._find(request)
        self._double.v2.cancel(task)
        return JSONResponse(self._shown(task))

    async def subscribe(self, request: Request) -> Response:
        """V2-EP-13."""
        events = self._rest(following(self._find(request), self._double))
        return stream(self._double, request, events, ids=True, headers=VERSION)

    async def _begin(self, request: Request) -> tuple[JsonObject, TaskRecord, int]:
        agent_id: str = request.path_params["agent_id"]
        v2_agents.find(self._double, agent_id)
        params = await read_body(request, SEND)
        return params, *start(self._double, agent_id, params)

    def _find(self, request: Request) -> TaskRecord:
        return find_task(self._double, request.path_params["agent_id"], request.path_params["task_id"])

    def _shown(self, task: TaskRecord, length: int | None = None) -> JsonObject:
        """Without the usage, which REST does not fill; V2-AUTH-01: what REST makes of auth-required today."""
        shown = without_usage(self._double.v2.dialect.task(task, length))
        if self._double.as_of_today and task.state == "auth-required":
            shown["status"]["state"] = "TASK_STATE_FAILED"
        return shown

    async def _rest(self, events: AsyncGenerator[tuple[int, JsonObject]]) -> AsyncGenerator[tuple[int, JsonObject]]:
        async with aclosing(events):
            async for number, event in events:
                yield number, without_usage(event)

"""`POST /v2/agentic/agents/{id}/a2a`: the JSON-RPC binding (V2-EP-07)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double import v2_a2a, v2_agents
from tests.contract.corti_double.bodies import read_json
from tests.contract.corti_double.errors import a2a_error, a2a_rpc_error, rpc_error
from tests.contract.corti_double.records import TaskRecord
from tests.contract.corti_double.schema import JsonObject, Rule, count, page_size, problems, shape, text
from tests.contract.corti_double.streams import stream
from tests.contract.corti_double.troubles import Trouble, invalid

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_TENANT: dict[str, Rule] = {"tenant": text()}
_ID = shape({"id": text(1)}, _TENANT)
_PARAMS: dict[str, Rule] = {
    "SendMessage": v2_a2a.SEND,
    "SendStreamingMessage": v2_a2a.SEND,
    "GetTask": shape({"id": text(1)}, {**_TENANT, "historyLength": count}),
    "ListTasks": shape({}, {**_TENANT, "contextId": text(), "pageSize": page_size, "pageToken": text()}),
    "CancelTask": _ID,
    "SubscribeToTask": _ID,
}


class Rpc:
    """The endpoint."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._double = double

    async def call(self, request: Request) -> Response:
        """Answer one JSON-RPC request; an unknown agent is an HTTP error."""
        try:
            v2_agents.find(self._double, request.path_params["agent_id"])
        except Trouble as trouble:
            return a2a_error(trouble)
        try:
            body = await read_json(request)
        except Trouble as trouble:
            return a2a_rpc_error(trouble, None)
        fields = cast("JsonObject", body) if isinstance(body, dict) else {}
        request_id, method = fields.get("id"), fields.get("method")
        if fields.get("jsonrpc") != "2.0" or not isinstance(request_id, str | int) or not isinstance(method, str):
            known = request_id if isinstance(request_id, str | int) else None
            return rpc_error(known, -32600, "Invalid Request", "INVALID_REQUEST")
        if method not in _PARAMS:
            return rpc_error(request_id, -32601, "Method not found", "METHOD_NOT_FOUND")
        try:
            v2_a2a.require_version(request)
            return await self._run(request, request_id, method, fields.get("params", {}))
        except Trouble as trouble:
            return a2a_rpc_error(trouble, request_id)

    async def _run(self, request: Request, request_id: str | int, method: str, params: Any) -> Response:
        if found := problems(_PARAMS[method], params):
            raise invalid(found)
        agent_id: str = request.path_params["agent_id"]
        if method in {"SendMessage", "SendStreamingMessage"}:
            return await self._send(request, request_id, method, params)
        if method == "ListTasks":
            return _result(request_id, self._list(agent_id, params))
        task = v2_a2a.find_task(self._double, agent_id, params["id"])
        if method == "SubscribeToTask":
            return self._stream(request, request_id, v2_a2a.following(task, self._double))
        if method == "CancelTask":
            self._double.v2.cancel(task)
        return _result(request_id, self._double.v2.dialect.task(task, params.get("historyLength")))

    async def _send(self, request: Request, request_id: str | int, method: str, params: JsonObject) -> Response:
        task, begin = v2_a2a.start(self._double, request.path_params["agent_id"], params)
        if method == "SendStreamingMessage":
            return self._stream(request, request_id, task.follow(begin))
        configuration = params.get("configuration", {})
        if not configuration.get("returnImmediately", False):
            await task.settled()
        return _result(request_id, self._answer(task, configuration.get("historyLength")))

    def _answer(self, task: TaskRecord, length: int | None) -> JsonObject:
        if task.answer is not None:
            return {"message": task.answer}
        return {"task": self._double.v2.dialect.task(task, length)}

    def _list(self, agent_id: str, params: JsonObject) -> JsonObject:
        """The page of a list; over JSON-RPC the token is the place of the next task."""
        tasks = v2_a2a.tasks_of(self._double, agent_id, params.get("contextId"))
        first, size = params.get("pageToken") or "0", params.get("pageSize") or 50
        if not first.isdecimal():
            raise Trouble("bad_query", "The parameter pageToken is not valid.")
        begin, end = int(first), int(first) + size
        shown = [self._double.v2.dialect.task(task) for task in tasks[begin:end]]
        return {"tasks": shown, "pageSize": len(shown), "nextPageToken": str(end) if end < len(tasks) else ""}

    def _stream(
        self, request: Request, request_id: str | int, events: AsyncGenerator[tuple[int, JsonObject]]
    ) -> Response:
        return stream(self._double, request, _wrapped(events, request_id), ids=True, headers=v2_a2a.VERSION)


def _result(request_id: str | int, result: JsonObject) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": request_id, "result": result})


async def _wrapped(
    events: AsyncGenerator[tuple[int, JsonObject]], request_id: str | int
) -> AsyncGenerator[tuple[int, JsonObject]]:
    """V2-SSE-01."""
    async with aclosing(events):
        async for number, event in events:
            yield number, {"jsonrpc": "2.0", "id": request_id, "result": event}

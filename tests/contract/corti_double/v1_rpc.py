"""The JSON-RPC endpoint of v1, with streaming (section 12)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.contract.corti_double import v1_agents, v1_messages
from tests.contract.corti_double.bodies import read_json
from tests.contract.corti_double.errors import rpc_error, v1_rpc_error
from tests.contract.corti_double.records import TaskRecord
from tests.contract.corti_double.schema import JsonObject, Rule, anything, count, problems, record, shape, text
from tests.contract.corti_double.streams import stream
from tests.contract.corti_double.troubles import Trouble, invalid

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_QUERY = shape({"id": text(1)}, {"historyLength": count, "metadata": record(anything)})
_ID = shape({"id": text(1)}, {"metadata": record(anything)})
_PARAMS: dict[str, Rule] = {
    "message/send": v1_messages.SEND,
    "message/stream": v1_messages.SEND,
    "tasks/get": _QUERY,
    "tasks/cancel": _ID,
}


def routes(double: CortiDouble) -> list[Route]:
    """The one route, also below the alias of CON-01."""
    endpoint = _Rpc(double)
    return [Route(f"{root}/{{agent_id}}/v1", endpoint.call, methods=["POST"]) for root in ("/agents", "/v2/agents")]


class _Rpc:
    def __init__(self, double: CortiDouble) -> None:
        self._double = double

    async def call(self, request: Request) -> Response:
        """Answer one JSON-RPC request."""
        try:
            body = await read_json(request)
        except Trouble as trouble:
            return v1_rpc_error(trouble, None)
        if not isinstance(body, dict) or cast("JsonObject", body).get("jsonrpc") != "2.0":
            request_id = cast("JsonObject", body).get("id") if isinstance(body, dict) else None
            return rpc_error(request_id, -32600, "Invalid Request", "INVALID_REQUEST")
        fields = cast("JsonObject", body)
        request_id, method = fields.get("id"), fields.get("method")
        if not isinstance(method, str):
            return rpc_error(request_id, -32600, "Invalid Request", "INVALID_REQUEST")
        if method not in _PARAMS:
            return rpc_error(request_id, -32601, "Method not found", "METHOD_NOT_FOUND")
        try:
            v1_agents.find(self._double, request.path_params["agent_id"])
        except Trouble:
            return v1_rpc_error(Trouble("agent_unknown", "An internal error occurred."), request_id)
        try:
            return await self._run(request, request_id, method, fields.get("params"))
        except Trouble as trouble:
            return v1_rpc_error(trouble, request_id)

    async def _run(self, request: Request, request_id: object, method: str, params: Any) -> Response:
        if found := problems(_PARAMS[method], params):
            raise invalid(found)
        agent_id: str = request.path_params["agent_id"]
        if method == "tasks/get":
            task = v1_messages.find_task(self._double, agent_id, params["id"])
            return self._result(request_id, task, params.get("historyLength"))
        if method == "tasks/cancel":
            task = v1_messages.find_task(self._double, agent_id, params["id"])
            self._double.v1.cancel(task)
            return self._result(request_id, task)
        task, begin = v1_messages.start(self._double, agent_id, params)
        if method == "message/stream":
            return stream(self._double, request, _wrapped(task, begin, request_id), ids=False)
        configuration = params.get("configuration", {})
        if configuration.get("blocking", True):
            await task.settled()
        return self._result(request_id, task, configuration.get("historyLength"))

    def _result(self, request_id: object, task: TaskRecord, length: int | None = None) -> Response:
        """V1-RPC-01: the bare task, or the message that was given instead."""
        result = task.answer or self._double.v1.dialect.task(task, length)
        return JSONResponse({"jsonrpc": "2.0", "id": request_id, "result": result})


async def _wrapped(task: TaskRecord, begin: int, request_id: object) -> AsyncGenerator[tuple[int, JsonObject]]:
    """V1-RPC-02."""
    async with aclosing(task.follow(begin)) as events:
        async for number, event in events:
            yield number, {"jsonrpc": "2.0", "id": request_id, "result": event}

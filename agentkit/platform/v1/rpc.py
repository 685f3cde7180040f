"""JSON-RPC of v1, with streams: A2A 0.3 as Corti speaks it (V1-EP-08, V1-RPC-01 to V1-RPC-06)."""

from __future__ import annotations

from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.platform.bindings import RpcExchange, RpcMethods
from agentkit.platform.problems import Problem
from agentkit.platform.refusals import INTERNAL, Refused
from agentkit.platform.requests import check_id
from agentkit.platform.turns import NumberedEvents, Turns
from agentkit.platform.v1.gate import Call
from agentkit.platform.v1.messages import read_send, turns_of
from agentkit.platform.v1.spelling import shown_event, shown_task
from agentkit.web.answer import Answered
from agentkit.wire.reader import Reader


async def call_method(call: Call) -> Answered:
    """POST /agents/{agent}/v1 (V1-EP-08)."""

    async def turns() -> Turns:
        try:
            return await turns_of(call)
        except Problem:
            # V1-ERR-05: over JSON-RPC an unknown agent is an internal error.
            raise Refused(INTERNAL, "An internal error occurred.") from None

    return await RpcExchange(call.request, _METHODS, call.services.settings.limits.bounds).answer(turns)


async def _send(turns: Turns, params: JsonObject) -> Json:
    return shown_task(await turns.send(read_send(params)))


async def _stream(turns: Turns, params: JsonObject, _after: int | None) -> NumberedEvents:
    return await turns.stream(read_send(params))


async def _get(turns: Turns, params: JsonObject) -> Json:
    length = Reader(params, "params").count("historyLength")
    return shown_task(await turns.get(_task_id(params), history_length=length))


async def _cancel(turns: Turns, params: JsonObject) -> Json:
    return shown_task(await turns.cancel(_task_id(params)))


def _task_id(params: JsonObject) -> str:
    return check_id(Reader(params, "params").words("id"), "id")


_METHODS: Final = RpcMethods(
    unary={"message/send": _send, "tasks/get": _get, "tasks/cancel": _cancel},
    streaming={"message/stream": _stream},
    encode=shown_event,
    numbered=False,
)

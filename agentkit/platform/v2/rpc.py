"""The JSON-RPC binding of v2 (V2-EP-07)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.platform.bindings import RpcExchange, RpcMethods, Unary
from agentkit.platform.turns import Turns
from agentkit.platform.v2 import operations
from agentkit.platform.v2.entrance import VERSION_HEADER, A2aCall
from agentkit.platform.v2.spelling import COMPLETE, Spelling
from agentkit.web.answer import Answered


async def call_method(call: A2aCall) -> Answered:
    """POST /agents/{agent}/a2a; the version is checked once the request has an id to be answered by."""

    async def turns() -> Turns:
        call.require_version()
        return call.turns

    return await RpcExchange(call.request, _METHODS, call.bounds).answer(turns)


async def _page(turns: Turns, params: JsonObject) -> Json:
    """A2A-LIST: the token of the last page is empty, never null."""
    found = await operations.page(turns, params, COMPLETE)
    return {**found, "nextPageToken": found["nextPageToken"] or ""}


def _complete(operation: Callable[[Turns, JsonObject, Spelling], Awaitable[JsonObject]]) -> Unary:
    async def method(turns: Turns, params: JsonObject) -> Json:
        return await operation(turns, params, COMPLETE)

    return method


_METHODS: Final = RpcMethods(
    unary={
        "SendMessage": _complete(operations.send),
        "GetTask": _complete(operations.get),
        "ListTasks": _page,
        "CancelTask": _complete(operations.cancel),
    },
    streaming={"SendStreamingMessage": operations.stream, "SubscribeToTask": operations.subscribe},
    encode=COMPLETE.event,
    numbered=True,
    header=VERSION_HEADER,
)

"""The HTTP+JSON binding of v2: one address per operation (V2-EP-08 to V2-EP-13)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from agentkit.errors import WireError
from agentkit.models import Event, JsonObject
from agentkit.platform.bindings import JSON, Streaming, streamed
from agentkit.platform.refusals import refusal_of
from agentkit.platform.requests import read_json
from agentkit.platform.turns import Turns
from agentkit.platform.v2 import operations
from agentkit.platform.v2.entrance import VERSION_HEADER, A2aCall
from agentkit.platform.v2.spelling import Spelling
from agentkit.web.answer import Answer, Answered
from agentkit.web.arrival import arrived
from agentkit.web.sse import sse_event
from agentkit.wire.jsontext import dump_json

_INTEGER: Final = re.compile(r"-?\d{1,18}")
_NUMBERS: Final = frozenset({"pageSize", "historyLength"})
_FLAGS: Final = frozenset({"includeArtifacts"})

_Operation = Callable[[Turns, JsonObject, Spelling], Awaitable[JsonObject]]


async def send(call: A2aCall) -> Answered:
    """POST message:send (V2-EP-08)."""
    return await _unary(call, operations.send, await _body(call))


async def stream(call: A2aCall) -> Answered:
    """POST message:stream (V2-EP-09)."""
    return await _streaming(call, operations.stream, await _body(call))


async def page(call: A2aCall) -> Answered:
    """GET tasks (V2-EP-10)."""
    call.require_version()
    return await _unary(call, operations.page, _query(call))


async def get(call: A2aCall) -> Answered:
    """GET tasks/{task} (V2-EP-11)."""
    call.require_version()
    return await _unary(call, operations.get, {**_query(call), **_task(call)})


async def cancel(call: A2aCall) -> Answered:
    """POST tasks/{task}:cancel (V2-EP-12)."""
    call.require_version()
    return await _unary(call, operations.cancel, _task(call))


async def subscribe(call: A2aCall) -> Answered:
    """POST tasks/{task}:subscribe (V2-EP-13); the body, if there is one, says nothing."""
    call.require_version()
    return await _streaming(call, operations.subscribe, _task(call))


async def _unary(call: A2aCall, operation: _Operation, params: JsonObject) -> Answered:
    document = await operation(call.turns, params, Spelling.of(call.turns.services.settings))
    return Answer(document, media_type=JSON, headers=(VERSION_HEADER,))


async def _streaming(call: A2aCall, operation: Streaming, params: JsonObject) -> Answered:
    spelling = Spelling.of(call.turns.services.settings)

    def spell(number: int, event: Event) -> bytes:
        return sse_event(dump_json(spelling.event(event)), number)

    events = await operation(call.turns, params, arrived(call.request.scope).last_event)
    return await streamed(events, spell, _broken, call.bounds, VERSION_HEADER)


def _broken(error: Exception) -> bytes:
    return sse_event(dump_json(refusal_of(error).rest()))


async def _body(call: A2aCall) -> JsonObject:
    call.require_version()
    body = await read_json(call.request, call.bounds)
    if not isinstance(body, dict):
        raise WireError("", "type", "must be an object")
    return body


def _task(call: A2aCall) -> JsonObject:
    return {"id": str(call.request.path_params["task"])}


def _query(call: A2aCall) -> JsonObject:
    """The parameters of the query as JSON; what none of the operations knows is passed over."""
    params: JsonObject = {}
    for name, value in call.request.query_params.items():
        if name in _NUMBERS:
            if not _INTEGER.fullmatch(value):
                raise WireError(name, "type", "must be an integer")
            params[name] = int(value)
        elif name in _FLAGS:
            if value not in ("true", "false"):
                raise WireError(name, "type", "must be true or false")
            params[name] = value == "true"
        else:
            params[name] = value
    return params

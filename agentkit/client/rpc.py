"""JSON-RPC calls as operations, for both generations (V1-EP-08, V2-EP-07)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from agentkit.client.operation import Answer
from agentkit.models import Json, JsonObject, new_id
from agentkit.wire.rpc import decode_result, encode_call

if TYPE_CHECKING:
    from agentkit.models import Event, SendRequest
    from agentkit.tracing import AttributeValue

T = TypeVar("T")


def call_body(method: str, params: JsonObject) -> JsonObject:
    """The body of a call; its id is the same on every try."""
    return encode_call(method, params, new_id())


def read_result(decode: Callable[[object, str], T]) -> Callable[[Answer], T]:
    """Reads an answer's result with what reads the result found at a place."""
    return lambda answer: decode(decode_result(answer.json(), "answer"), "answer.result")


def event_result(decode: Callable[[object, str], Event | None]) -> Callable[[Json], Event | None]:
    """Reads the result in one event of a stream, in the same way."""
    return lambda document: decode(decode_result(document, "event"), "event.result")


def message_attributes(agent_id: str, request: SendRequest) -> dict[str, AttributeValue | None]:
    """What the span of a send says: ids and sizes."""
    message = request.message
    return {
        "agentkit.agent.id": agent_id,
        "agentkit.message.id": message.message_id,
        "agentkit.context.id": message.context_id,
        "agentkit.task.id": message.task_id,
        "agentkit.part.count": len(message.parts),
    }

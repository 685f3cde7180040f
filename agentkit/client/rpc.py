"""JSON-RPC calls as operations, for both generations (V1-EP-08, V2-EP-07)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from agentkit.client.operation import Answer
from agentkit.credentials import withhold
from agentkit.models import Json, JsonObject, new_id
from agentkit.wire.rpc import decode_result, encode_call

if TYPE_CHECKING:
    from agentkit.models import Event, SendRequest
    from agentkit.tracing import AttributeValue

T = TypeVar("T")

_SHORTEST_SECRET: Final = 4


def call_body(method: str, params: JsonObject) -> JsonObject:
    """The body of a call; its id is the same on every try."""
    return encode_call(method, params, new_id())


def read_result(decode: Callable[[object, str], T], secrets: frozenset[str] = frozenset()) -> Callable[[Answer], T]:
    """Reads an answer's result.

    Args:
        decode: Reads the result found at a place.
        secrets: Withheld from an error, which comes with status 200 and so past the usual check.
    """
    return lambda answer: decode(_result(answer.json(), "answer", secrets), "answer.result")


def event_result(
    decode: Callable[[object, str], Event | None], secrets: frozenset[str] = frozenset()
) -> Callable[[Json], Event | None]:
    """Reads the result in one event of a stream; arguments as for `read_result`."""
    return lambda document: decode(_result(document, "event", secrets), "event.result")


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


def withhold_from(error: Json, secrets: frozenset[str]) -> Json:
    """An error that came with status 200, without the secrets it was told."""
    return withhold(error, {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET})


def _result(value: Json, path: str, secrets: frozenset[str]) -> Json:
    if isinstance(value, dict) and value.get("error") is not None:
        value = withhold_from(value, secrets)
    return decode_result(value, path)

"""Sends and their answers in v1 (V1-OBJ-14, V1-SEND-05)."""

from __future__ import annotations

from agentkit.errors import WireError
from agentkit.models import JsonObject, Message, SendRequest, Task
from agentkit.wire.reader import Reader, put
from agentkit.wire.v1.message import decode_message, encode_message
from agentkit.wire.v1.task import decode_task, encode_task

_SEND = frozenset({"message", "configuration", "metadata"})


def encode_send(request: SendRequest) -> JsonObject:
    """The body of `message:send`; fields at their defaults are left out."""
    configuration: JsonObject = {} if request.blocking else {"blocking": False}
    put(
        configuration,
        {
            "historyLength": request.history_length,
            "acceptedOutputModes": list(request.accepted_output_modes) or None,
        },
    )
    wire: JsonObject = {"message": encode_message(request.message)}
    put(wire, {"configuration": configuration or None, "metadata": request.metadata})
    return put(wire, request.unknown_fields)


def decode_send(value: object, path: str = "") -> SendRequest:
    """A send as a server reads it.

    Raises:
        WireError: A required field is missing or does not fit (V1-SEND-10).
    """
    reader = Reader(value, path)
    configuration = Reader(reader.optional_object("configuration") or {}, reader.at("configuration"))
    return reader.build(
        SendRequest,
        _SEND,
        message=decode_message(reader.given("message"), reader.at("message")),
        blocking=configuration.flag("blocking", True),
        history_length=configuration.count("historyLength"),
        accepted_output_modes=configuration.texts("acceptedOutputModes"),
        metadata=reader.optional_object("metadata"),
    )


def encode_send_answer(answer: Task | Message) -> JsonObject:
    """`{task}` or `{message}`."""
    return {"task": encode_task(answer)} if isinstance(answer, Task) else {"message": encode_message(answer)}


def decode_send_answer(value: object, path: str = "") -> Task | Message:
    """The task or the message of an answer.

    Raises:
        WireError: There is none, or both, or it does not fit.
    """
    reader = Reader(value, path)
    match reader.has("task"), reader.has("message"):
        case True, False:
            return decode_task(reader.raw("task"), reader.at("task"))
        case False, True:
            return decode_message(reader.raw("message"), reader.at("message"))
        case _:
            raise WireError(path, "value", "an answer holds exactly one of task and message")

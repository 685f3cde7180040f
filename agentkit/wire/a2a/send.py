"""What a send asks for in A2A 1.0 (`SendMessageRequest`, section 2)."""

from __future__ import annotations

from typing import Final

from agentkit.models import JsonObject, SendRequest
from agentkit.wire.a2a.message import decode_message, encode_message
from agentkit.wire.reader import Reader, put

_REQUEST: Final = frozenset({"message", "configuration", "metadata"})


def encode_send_request(request: SendRequest) -> JsonObject:
    """A send as A2A 1.0 spells it; `returnImmediately` is the opposite of `blocking`."""
    configuration: JsonObject = {}
    if request.accepted_output_modes:
        configuration["acceptedOutputModes"] = list(request.accepted_output_modes)
    if request.history_length is not None:
        configuration["historyLength"] = request.history_length
    if not request.blocking:
        configuration["returnImmediately"] = True
    wire: JsonObject = {"message": encode_message(request.message)}
    if configuration:
        wire["configuration"] = configuration
    if request.metadata is not None:
        wire["metadata"] = request.metadata
    return put(wire, request.unknown_fields)


def decode_send_request(value: object, path: str = "") -> SendRequest:
    """A send from A2A 1.0.

    Raises:
        WireError: `message`, its `messageId`, `role` or `parts` is missing or empty, or a field does not fit
            (A2A-SEND-07).
    """
    reader = Reader(value, path)
    message = decode_message(reader.given("message"), reader.at("message"))
    if not message.parts:
        reader.fail("message.parts", "value", "must not be empty")
    configuration = Reader(reader.optional_object("configuration") or {}, reader.at("configuration"))
    return reader.assemble(
        SendRequest,
        _REQUEST,
        message=message,
        blocking=not configuration.flag("returnImmediately", False),
        history_length=configuration.count("historyLength"),
        accepted_output_modes=configuration.texts("acceptedOutputModes"),
        metadata=reader.optional_object("metadata"),
    )

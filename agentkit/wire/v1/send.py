"""Sends and their answers in v1 (V1-OBJ-14, V1-SEND-05)."""

from __future__ import annotations

from agentkit.errors import WireError
from agentkit.models import JsonObject, Message, PushAuthentication, PushNotificationConfig, SendRequest, Task
from agentkit.wire.reader import Reader, put
from agentkit.wire.v1.message import decode_message, encode_message
from agentkit.wire.v1.task import decode_task, encode_task

_SEND = frozenset({"message", "configuration", "metadata"})
_PUSH = frozenset({"id", "url", "token", "authentication"})
_AUTHENTICATION = frozenset({"schemes", "credentials"})


def encode_send(request: SendRequest) -> JsonObject:
    """The body of `message:send`; fields at their defaults are left out."""
    configuration: JsonObject = {} if request.blocking else {"blocking": False}
    put(
        configuration,
        {
            "historyLength": request.history_length,
            "acceptedOutputModes": list(request.accepted_output_modes) or None,
            "pushNotificationConfig": _encode_push(request.push_notification),
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
    return reader.assemble(
        SendRequest,
        _SEND,
        message=decode_message(reader.given("message"), reader.at("message")),
        blocking=configuration.flag("blocking", True),
        history_length=configuration.count("historyLength"),
        accepted_output_modes=configuration.texts("acceptedOutputModes"),
        push_notification=configuration.nested("pushNotificationConfig", _decode_push),
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


def _encode_push(config: PushNotificationConfig | None) -> JsonObject | None:
    if config is None:
        return None
    wire: JsonObject = {"url": config.url}
    put(wire, {"id": config.id, "token": config.token})
    if config.authentication is not None:
        authentication: JsonObject = {"schemes": list(config.authentication.schemes)}
        put(authentication, {"credentials": config.authentication.credentials})
        wire["authentication"] = put(authentication, config.authentication.unknown_fields)
    return put(wire, config.unknown_fields)


def _decode_push(value: object, path: str) -> PushNotificationConfig:
    reader = Reader(value, path)
    return reader.build(
        PushNotificationConfig,
        _PUSH,
        url=reader.text("url"),
        id=reader.optional_text("id"),
        token=reader.optional_text("token"),
        authentication=reader.nested("authentication", _decode_authentication),
    )


def _decode_authentication(value: object, path: str) -> PushAuthentication:
    reader = Reader(value, path)
    return reader.build(
        PushAuthentication,
        _AUTHENTICATION,
        schemes=reader.texts("schemes"),
        credentials=reader.optional_text("credentials"),
    )

"""What a caller hands to `send` and `stream`, made into one request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, cast

from pydantic import ValidationError

from agentkit.credentials import Credential, Credentials, attach
from agentkit.errors import SpecError
from agentkit.models import Message, Part, Role, SendRequest, Task

if TYPE_CHECKING:
    from agentkit.models import JsonObject, PushNotificationConfig

_NEEDS: Final = {
    "metadata": "must be a JSON object (a dict)",
    "push_notification": "must be a PushNotificationConfig",
}


def outgoing(
    message: str | Message,
    *,
    context: str | None,
    task: str | Task | None,
    credentials: Iterable[Credential],
    data: Sequence[JsonObject],
    blocking: bool,
    history_length: int | None,
    accepted_output_modes: Sequence[str],
    metadata: JsonObject | None,
    push_notification: PushNotificationConfig | None,
) -> tuple[SendRequest, frozenset[str]]:
    """The request with its data and auth parts, and the secrets in it; its `messageId` is the same on every try.

    Raises:
        SpecError: An argument is something else than it should be; the error names it.
        CredentialError: Two credentials name the same server.
    """
    given = Credentials(credentials)
    whole = whole_message(message, data)
    if isinstance(task, Task):
        context, task = context or task.context_id or None, task.id
    placed = {"context_id": _id("context", context), "task_id": _id("task", task)}
    if given_places := {name: value for name, value in placed.items() if value is not None}:
        whole = whole.model_copy(update=given_places)
    try:
        request = SendRequest(
            message=attach(whole, given.values()),
            blocking=blocking,
            history_length=_length(history_length),
            accepted_output_modes=_modes(accepted_output_modes),
            metadata=metadata,
            push_notification=push_notification,
        )
    except ValidationError as error:
        name = str(error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"][0])
        raise SpecError(name, _NEEDS.get(name, "is not what it should be")) from None
    secrets = given.secrets() if push_notification is None else given.secrets() | push_notification.secrets()
    return request, secrets


def whole_message(message: str | Message, data: Sequence[JsonObject]) -> Message:
    """The message with its data parts behind the others.

    Raises:
        SpecError: It is neither a text nor a message, or the data is no list of JSON objects.
    """
    parts = _data_parts(data)
    match message:
        case str():
            return Message(role=Role.USER, parts=(Part(text=message), *parts))
        case Message():
            return message.model_copy(update={"parts": (*message.parts, *parts)}) if parts else message
        case _:
            raise SpecError("message", "must be a text or a Message")


def _data_parts(data: object) -> tuple[Part, ...]:
    return tuple(_data_part(index, item) for index, item in enumerate(_listed("data", data, "JSON objects")))


def _data_part(index: int, item: object) -> Part:
    try:
        if isinstance(item, dict):
            return Part.model_validate({"data": item})
    except ValidationError:
        pass
    raise SpecError(f"data[{index}]", "must be a JSON object (a dict), all the way down")


def _id(name: str, value: object) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise SpecError(name, "is no id", remedy="Pass the id the server gave, for example reply.context.")


def _length(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise SpecError("history_length", "must be an integer from 0 up")


def _modes(modes: object) -> tuple[str, ...]:
    found = tuple(_listed("accepted_output_modes", modes, "media types"))
    if not all(isinstance(mode, str) for mode in found):
        raise SpecError("accepted_output_modes", "must be a list of media types")
    return cast("tuple[str, ...]", found)


def _listed(name: str, value: object, of: str) -> Sequence[object]:
    # A text is a sequence of texts to Python, and nobody's list.
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise SpecError(name, f"must be a list of {of}")
    return cast("Sequence[object]", value)

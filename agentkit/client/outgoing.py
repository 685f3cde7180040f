"""What a caller hands to `send` and `stream`, made into one request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agentkit.credentials import Credential, Credentials, attach
from agentkit.models import Message, Part, SendRequest, Task

if TYPE_CHECKING:
    from agentkit.models import JsonObject, PushNotificationConfig


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
        CredentialError: Two credentials name the same server.
    """
    given = Credentials(credentials)
    whole = Message.user(message, data=data) if isinstance(message, str) else _with_data(message, data)
    if isinstance(task, Task):
        context, task = context or task.context_id, task.id
    placed = {"context_id": context, "task_id": task}
    whole = whole.model_copy(update={name: value for name, value in placed.items() if value is not None})
    request = SendRequest(
        message=attach(whole, given.values()),
        blocking=blocking,
        history_length=history_length,
        accepted_output_modes=tuple(accepted_output_modes),
        metadata=metadata,
        push_notification=push_notification,
    )
    secrets = given.secrets() if push_notification is None else given.secrets() | push_notification.secrets()
    return request, secrets


def _with_data(message: Message, data: Sequence[JsonObject]) -> Message:
    parts = (*message.parts, *(Part(data=item) for item in data))
    return message.model_copy(update={"parts": parts})

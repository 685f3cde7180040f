"""What a caller hands to `send`, made into one request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agentkit.credentials import Credential, Credentials, attach
from agentkit.models import Message, Part, SendRequest, Task

if TYPE_CHECKING:
    from agentkit.client.operation import Operation
    from agentkit.models import JsonObject


def send_operation(
    agent_id: str,
    message: str | Message,
    *,
    context: str | None,
    task: str | Task | None,
    credentials: Iterable[Credential],
    data: Sequence[JsonObject],
    blocking: bool,
    history_length: int | None,
) -> Operation[Task | Message]:
    """The send of a message with its data and auth parts; its `messageId` is the same on every try.

    Raises:
        CredentialError: Two credentials name the same server.
        SpecError: The agent id is empty.
    """
    from agentkit.client import v1

    given = Credentials(credentials)
    whole = Message.user(message, data=data) if isinstance(message, str) else _with_data(message, data)
    if isinstance(task, Task):
        context, task = context or task.context_id, task.id
    placed = {"context_id": context, "task_id": task}
    whole = whole.model_copy(update={name: value for name, value in placed.items() if value is not None})
    request = SendRequest(message=attach(whole, given.values()), blocking=blocking, history_length=history_length)
    return v1.send_message(agent_id, request, given.secrets())


def _with_data(message: Message, data: Sequence[JsonObject]) -> Message:
    parts = (*message.parts, *(Part(data=item) for item in data))
    return message.model_copy(update={"parts": parts})

"""What a send asks for (V1-OBJ-14; A2A `SendMessageRequest`)."""

from __future__ import annotations

from agentkit.models.base import JsonObject, Model
from agentkit.models.message import Message


class PushAuthentication(Model):
    """How a server authorizes itself at the caller's webhook.

    Attributes:
        schemes: For example `Bearer`.
        credentials: A secret; no repr shows it.
    """

    schemes: tuple[str, ...] = ()
    credentials: str | None = None


class PushNotificationConfig(Model):
    """Where a server tells that a task has moved on (V1-OBJ-14); v2 takes none (V2-OBJ-13).

    Attributes:
        url: The caller's webhook.
        id: Given by the caller, to tell several apart.
        token: A secret that comes back with each notification; no repr shows it.
        authentication: How the server authorizes itself.
    """

    url: str
    id: str | None = None
    token: str | None = None
    authentication: PushAuthentication | None = None

    def secrets(self) -> frozenset[str]:
        """The values in it that belong into no log and no error."""
        credentials = self.authentication.credentials if self.authentication else None
        return frozenset(value for value in (self.token, credentials) if value)


class SendRequest(Model):
    """A message and how to answer it.

    Attributes:
        message: What is sent.
        blocking: Wait for a final or interrupted state (V1-SEND-08; inverted `returnImmediately` in A2A 1.0).
        history_length: At most so many of the newest messages in the answer; None for all, 0 for none.
        accepted_output_modes: Media types the caller can read; empty for any.
        push_notification: Where to tell that the task has moved on; v1 only.
        metadata: Free JSON object of the sender.
    """

    message: Message
    blocking: bool = True
    history_length: int | None = None
    accepted_output_modes: tuple[str, ...] = ()
    push_notification: PushNotificationConfig | None = None
    metadata: JsonObject | None = None

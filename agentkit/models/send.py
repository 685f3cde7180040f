"""What a send asks for (V1-OBJ-14; A2A `SendMessageRequest`)."""

from __future__ import annotations

from agentkit.models.base import JsonObject, Model
from agentkit.models.message import Message


class SendRequest(Model):
    """A message and how to answer it.

    Attributes:
        message: What is sent.
        blocking: Wait for a final or interrupted state (V1-SEND-08; inverted `returnImmediately` in A2A 1.0).
        history_length: At most so many of the newest messages in the answer; None for all, 0 for none.
        accepted_output_modes: Media types the caller can read; empty for any.
        metadata: Free JSON object of the sender.
    """

    message: Message
    blocking: bool = True
    history_length: int | None = None
    accepted_output_modes: tuple[str, ...] = ()
    metadata: JsonObject | None = None

"""What a transcript cannot do."""

from __future__ import annotations

from agentkit.errors.base import AgentKitError


class TranscriptError(AgentKitError):
    """A transcript cannot be had.

    Attributes:
        interaction_id: The interaction.
        transcript_id: The transcript.
    """

    def __init__(self, message: str, *, interaction_id: str, transcript_id: str, remedy: str | None = None) -> None:
        """Keep the ids."""
        super().__init__(message, remedy=remedy)
        self.interaction_id = interaction_id
        self.transcript_id = transcript_id


class TranscriptFailed(TranscriptError):
    """The recording could not be transcribed (REST-06)."""


class TranscriptNotReady(TranscriptError):
    """The transcript is still being made; waiting for it was given up, the server works on (REST-06)."""

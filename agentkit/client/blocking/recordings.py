# Made from resources/recordings.py: change that file, then run `make twins`.
"""`corti.recordings`: the audio of an interaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.rest import recordings

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession


class BlockingRecordings:
    """The audio of an interaction: `corti.recordings` (REST-04).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    The time limit of a call holds for a whole transfer: give the client more of it (`timeout=`) for long recordings.
    """

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def upload(self, interaction_id: str, content: bytes) -> str:
        """Store a recording.

        Args:
            interaction_id: The interaction it belongs to.
            content: The bytes of an audio file, at most 150 MB and 60 minutes.

        Returns:
            The id of the recording.

        Raises:
            SpecError: It is no bytes, empty or too large; nothing was sent.
        """
        return (self._session.call(recordings.upload_recording(interaction_id, content))).id

    def list(self, interaction_id: str) -> tuple[str, ...]:
        """The ids of all recordings of an interaction."""
        return self._session.call(recordings.list_recordings(interaction_id))

    def download(self, interaction_id: str, recording_id: str) -> bytes:
        """The bytes of a recording, as they were uploaded."""
        return self._session.call(recordings.download_recording(interaction_id, recording_id))

    def delete(self, interaction_id: str, recording_id: str) -> None:
        """Delete a recording."""
        self._session.call(recordings.delete_recording(interaction_id, recording_id))

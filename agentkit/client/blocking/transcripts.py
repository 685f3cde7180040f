# Made from resources/transcripts.py: change that file, then run `make twins`.
"""`corti.transcripts`: what is said in a recording."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from agentkit.client.rest import transcripts
from agentkit.errors import SpecError, TranscriptFailed, TranscriptNotReady

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.models.transcript import Participant, Transcript, TranscriptStatus, TranscriptSummary

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 15.0


class BlockingTranscripts:
    """What is said in a recording: `corti.transcripts` (REST-05, REST-06).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def create(
        self,
        interaction_id: str,
        recording_id: str,
        language: str,
        *,
        diarize: bool | None = None,
        is_multichannel: bool | None = None,
        is_dictation: bool | None = None,
        spoken_punctuation: bool | None = None,
        automatic_punctuation: bool | None = None,
        participants: Sequence[Participant] = (),
        replacements: Mapping[str, str] | None = None,
        keyterms: Sequence[str] = (),
        in_background: bool | None = None,
    ) -> Transcript:
        """Transcribe a recording.

        What takes longer than about 25 seconds comes back with the status `processing`; `wait` brings the rest.

        Args:
            interaction_id: The interaction.
            recording_id: The recording.
            language: The language spoken most, for example `en`.
            diarize: Tell the speakers of one channel apart.
            is_multichannel: Transcribe each channel for itself.
            is_dictation: The older name of `spoken_punctuation`.
            spoken_punctuation: Turn words such as "comma" into signs; wins over automatic punctuation.
            automatic_punctuation: Add punctuation.
            participants: Who speaks on which channel.
            replacements: What to write in place of what; at most 1000.
            keyterms: Words to listen for; at most 1000 of 50 characters.
            in_background: Come back at once, with the status `processing`.

        Raises:
            SpecError: A limit is passed; nothing was sent.
        """
        request = transcripts.TranscriptRequest(
            recording_id=recording_id,
            language=language,
            diarize=diarize,
            is_multichannel=is_multichannel,
            is_dictation=is_dictation,
            spoken_punctuation=spoken_punctuation,
            automatic_punctuation=automatic_punctuation,
            participants=participants,
            replacements=replacements or {},
            keyterms=keyterms,
            in_background=in_background,
        )
        return self._session.call(transcripts.create_transcript(interaction_id, request))

    def list(self, interaction_id: str, *, full: bool | None = None) -> tuple[TranscriptSummary, ...]:
        """All transcripts of an interaction.

        Args:
            interaction_id: The interaction.
            full: With their content.
        """
        return self._session.call(transcripts.list_transcripts(interaction_id, full=full))

    def get(self, interaction_id: str, transcript_id: str) -> Transcript:
        """A transcript by its id."""
        return self._session.call(transcripts.get_transcript(interaction_id, transcript_id))

    def status(self, interaction_id: str, transcript_id: str) -> TranscriptStatus | str:
        """How far a transcript is; a word this version does not know is kept."""
        return self._session.call(transcripts.get_transcript_status(interaction_id, transcript_id))

    def wait(self, interaction_id: str, transcript_id: str, *, patience: float = 600.0) -> Transcript:
        """Wait until a transcript is complete, and get it.

        The pauses between two looks grow from 1 to 15 seconds.

        Args:
            interaction_id: The interaction.
            transcript_id: The transcript.
            patience: Seconds of pauses after which waiting is given up.

        Raises:
            TranscriptFailed: It could not be made.
            TranscriptNotReady: It is still being made.
            SpecError: `patience` is no number of seconds; nothing was sent.
        """
        if not 0 <= patience < math.inf:
            raise SpecError("patience", "must be a number of seconds from zero up", remedy="The default is 600.")
        pause, waited = _FIRST_PAUSE, 0.0
        while (status := self.status(interaction_id, transcript_id)) != "completed":
            if status == "failed":
                raise TranscriptFailed(
                    "The recording could not be transcribed.",
                    interaction_id=interaction_id,
                    transcript_id=transcript_id,
                    remedy="Check that the recording is audio in the language named, and at most 60 minutes long.",
                )
            if waited >= patience:
                raise TranscriptNotReady(
                    f"The transcript is not complete after {waited:.0f} s.",
                    interaction_id=interaction_id,
                    transcript_id=transcript_id,
                    remedy="Wait again, or with more patience=; the server works on.",
                )
            pause = min(pause, patience - waited)
            self._session.pause(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE)
        return self.get(interaction_id, transcript_id)

    def delete(self, interaction_id: str, transcript_id: str) -> None:
        """Delete a transcript."""
        self._session.call(transcripts.delete_transcript(interaction_id, transcript_id))

"""Transcripts: what is said in a recording (REST-05, REST-06)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from agentkit.models.rest import RestModel, UsageInfo, one_of


class TranscriptStatus(StrEnum):
    """How far a transcript is (REST-06)."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class ParticipantRole(StrEnum):
    """Who speaks on a channel; `multiple` where several do."""

    DOCTOR = "doctor"
    PATIENT = "patient"
    MULTIPLE = "multiple"


class Participant(RestModel):
    """Who speaks on a channel of a recording.

    Attributes:
        channel: The audio channel, counted from 0.
        role: Who speaks there.
    """

    channel: int
    role: Annotated[ParticipantRole | str, one_of(ParticipantRole)]


class TranscriptSegment(RestModel):
    """One utterance.

    Attributes:
        text: What was said.
        channel: The audio channel, counted from 0.
        participant: The number of the participant.
        speaker_id: The number of the speaker whom diarization tells apart.
        start: Milliseconds from the beginning of the recording.
        end: The same for its end.
    """

    text: str
    channel: int | None = None
    participant: int | None = None
    speaker_id: int | None = None
    start: int | None = None
    end: int | None = None


class TranscriptMetadata(RestModel):
    """What belongs to a transcript as a whole.

    Attributes:
        participants_roles: Who speaks on which channel.
    """

    participants_roles: tuple[Participant, ...] = ()


class TranscriptContent(RestModel):
    """The content of a transcript, as a full list shows it.

    Attributes:
        metadata: Who speaks where.
        segments: The utterances in their order.
    """

    metadata: TranscriptMetadata | None = None
    segments: tuple[TranscriptSegment, ...] = Field(
        default=(), validation_alias="transcripts", serialization_alias="transcripts"
    )

    @property
    def text(self) -> str:
        """What was said, one line per utterance."""
        return "\n".join(segment.text for segment in self.segments)


class Transcript(TranscriptContent):
    """A transcript (REST-05).

    Attributes:
        id: Its id.
        recording_id: The recording it was made of.
        status: How far it is.
        usage_info: What it cost.
    """

    id: str
    recording_id: str | None = None
    status: Annotated[TranscriptStatus | str, one_of(TranscriptStatus)] | None = None
    usage_info: UsageInfo | None = None


class TranscriptState(RestModel):
    """How far a transcript is, without its content.

    Attributes:
        status: How far it is.
    """

    status: Annotated[TranscriptStatus | str, one_of(TranscriptStatus)]


class TranscriptSummary(RestModel):
    """A transcript in a list.

    Attributes:
        id: Its id.
        transcript_sample: Its beginning.
        transcript: Its content, where the full list was asked for.
    """

    id: str
    transcript_sample: str | None = None
    transcript: TranscriptContent | None = None

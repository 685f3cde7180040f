"""Transcripts (REST-05, REST-06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from agentkit.client.answers import read_json, read_nothing
from agentkit.client.operation import Operation, path, query
from agentkit.errors import SpecError
from agentkit.models import Json
from agentkit.models.transcript import Participant, Transcript, TranscriptState, TranscriptStatus, TranscriptSummary
from agentkit.wire.reader import put
from agentkit.wire.rest import decode, decode_all, encode

_MOST_TERMS: Final = 1000
_LONGEST_TERM: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRequest:
    """What a transcript is to be made of, and how; options left out are the server's.

    Attributes:
        recording_id: The recording.
        language: The language spoken most, for example `en`.
        diarize: Tell the speakers of one channel apart.
        is_multichannel: Transcribe each channel for itself.
        is_dictation: The older name of spoken punctuation.
        spoken_punctuation: Turn words such as "comma" into signs.
        automatic_punctuation: Add punctuation.
        participants: Who speaks on which channel.
        in_background: Answer at once, and work on (`async` on the wire).
        replacements: What to write in place of what; at most 1000.
        keyterms: Words to listen for; at most 1000 of 50 characters.
    """

    recording_id: str
    language: str
    diarize: bool | None = None
    is_multichannel: bool | None = None
    is_dictation: bool | None = None
    spoken_punctuation: bool | None = None
    automatic_punctuation: bool | None = None
    participants: Sequence[Participant] = ()
    in_background: bool | None = None
    replacements: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    keyterms: Sequence[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Check the limits.

        Raises:
            SpecError: A limit is passed, or a word is not what it must be.
        """
        for name, given in (("replacements", self.replacements), ("keyterms", self.keyterms)):
            if isinstance(given, str):
                raise SpecError(name, "must be a sequence of words", remedy="Put the word in a tuple.")
            if name == "replacements" and not isinstance(given, Mapping):
                raise SpecError(name, "must be a mapping", remedy='Write {"what to replace": "by what"}.')
            if len(given) > _MOST_TERMS:
                raise SpecError(name, f"has {len(given)} entries", remedy=f"At most {_MOST_TERMS} are taken.")
        for index, term in enumerate(cast("Sequence[object]", self.keyterms)):
            if not isinstance(term, str) or not term.strip():
                raise SpecError(f"keyterms[{index}]", "must be a word")
            if len(term) > _LONGEST_TERM:
                remedy = f"At most {_LONGEST_TERM} are taken."
                raise SpecError(f"keyterms[{index}]", f"has {len(term)} characters", remedy=remedy)


def create_transcript(interaction_id: str, request: TranscriptRequest) -> Operation[Transcript]:
    """Transcribe a recording; what takes longer than 25 s comes back `processing` (REST-06)."""
    participants: list[Json] = [
        encode(participant, f"participants[{index}]") for index, participant in enumerate(request.participants)
    ]
    replacements: list[Json] = [{"find": find, "replace": word} for find, word in request.replacements.items()]
    terms: list[Json] = [{"term": term} for term in request.keyterms]
    body = put(
        {"recordingId": request.recording_id, "primaryLanguage": request.language},
        {
            "diarize": request.diarize,
            "isMultichannel": request.is_multichannel,
            "isDictation": request.is_dictation,
            "spokenPunctuation": request.spoken_punctuation,
            "automaticPunctuation": request.automatic_punctuation,
            "participants": participants or None,
            "async": request.in_background,
            "replacements": replacements or None,
            "keyterms": {"terms": terms} if terms else None,
        },
    )
    return Operation(
        name="client.transcripts.create",
        method="POST",
        root="base",
        path=path("/interactions/{interaction_id}/transcripts/", interaction_id=interaction_id),
        body=body,
        parse=read_json(lambda value: decode(Transcript, value)),
    )


def list_transcripts(interaction_id: str, *, full: bool | None = None) -> Operation[tuple[TranscriptSummary, ...]]:
    """All transcripts, with their content where `full`."""
    return Operation(
        name="client.transcripts.list",
        method="GET",
        root="base",
        path=path("/interactions/{interaction_id}/transcripts/", interaction_id=interaction_id),
        query=query(full=full),
        parse=read_json(lambda value: decode_all(TranscriptSummary, value, "transcripts")),
    )


def get_transcript(interaction_id: str, transcript_id: str) -> Operation[Transcript]:
    """A transcript."""
    return Operation(
        name="client.transcripts.get",
        method="GET",
        root="base",
        path=_path(interaction_id, transcript_id),
        parse=read_json(lambda value: decode(Transcript, value)),
    )


def get_transcript_status(interaction_id: str, transcript_id: str) -> Operation[TranscriptStatus | str]:
    """How far a transcript is."""
    return Operation(
        name="client.transcripts.status",
        method="GET",
        root="base",
        path=f"{_path(interaction_id, transcript_id)}/status",
        parse=read_json(lambda value: decode(TranscriptState, value).status),
    )


def delete_transcript(interaction_id: str, transcript_id: str) -> Operation[None]:
    """Delete a transcript."""
    return Operation(
        name="client.transcripts.delete",
        method="DELETE",
        root="base",
        path=_path(interaction_id, transcript_id),
        parse=read_nothing,
    )


def _path(interaction_id: str, transcript_id: str) -> str:
    template = "/interactions/{interaction_id}/transcripts/{transcript_id}"
    return path(template, interaction_id=interaction_id, transcript_id=transcript_id)

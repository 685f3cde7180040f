from __future__ import annotations

import math
from io import BytesIO
from uuid import uuid4

import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import NotFoundError, SpecError, TranscriptFailed, TranscriptNotReady, UnauthorizedError
from agentkit.models import recording
from agentkit.models.transcript import Participant, ParticipantRole, TranscriptSegment, TranscriptStatus
from tests.client.conftest import Clock
from tests.contract.corti_double import Answer, CortiDouble, too_many

pytestmark = pytest.mark.anyio

AUDIO = b"RIFF\x00\xff\x00audio"


async def test_a_recording_goes_up_and_comes_down_unchanged(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-04."""
    made = await corti.recordings.upload(interaction_id, AUDIO)
    assert double.calls[-1].headers["content-type"] == "application/octet-stream"
    assert await corti.recordings.list(interaction_id) == (made,)
    assert await corti.recordings.download(interaction_id, made) == AUDIO
    await corti.recordings.delete(interaction_id, made)
    assert await corti.recordings.list(interaction_id) == ()
    with pytest.raises(NotFoundError):
        await corti.recordings.download(interaction_id, made)
    assert [target.replace(made, "R").replace(interaction_id, "I") for target in double.targets[1:4]] == [
        "POST /v2/interactions/I/recordings/",
        "GET /v2/interactions/I/recordings/",
        "GET /v2/interactions/I/recordings/R",
    ]


async def test_a_recording_that_is_empty_or_too_large_is_not_sent(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-04: at most 150 MB."""
    with pytest.raises(SpecError, match="is empty"):
        await corti.recordings.upload(interaction_id, b"")
    with pytest.raises(SpecError, match=r"has 157286401 bytes.*at most 150 MB"):
        await corti.recordings.upload(interaction_id, bytes(recording.LARGEST_RECORDING + 1))
    assert len(double.calls) == 1


async def test_a_download_may_be_larger_than_any_json(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    large = bytes(33 * 1024 * 1024)
    double.inject(Answer(200, large, {"content-type": "application/octet-stream"}), on="GET */recordings/*")
    assert len(await corti.recordings.download(interaction_id, "r-1")) == len(large)


async def test_a_short_recording_is_transcribed_at_once(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-05."""
    made = await corti.recordings.upload(interaction_id, AUDIO)
    transcript = await corti.transcripts.create(
        interaction_id,
        made,
        "en",
        diarize=True,
        is_multichannel=False,
        spoken_punctuation=False,
        automatic_punctuation=True,
        participants=[Participant(channel=0, role=ParticipantRole.MULTIPLE)],
        replacements={"BID": "twice daily"},
        keyterms=["Berg"],
    )
    assert double.calls[-1].json == {
        "recordingId": made,
        "primaryLanguage": "en",
        "diarize": True,
        "isMultichannel": False,
        "spokenPunctuation": False,
        "automaticPunctuation": True,
        "participants": [{"channel": 0, "role": "multiple"}],
        "replacements": [{"find": "BID", "replace": "twice daily"}],
        "keyterms": {"terms": [{"term": "Berg"}]},
    }
    assert transcript.status is TranscriptStatus.COMPLETED
    assert transcript.text == "Any allergies?\nPenicillin."
    assert transcript.segments[1] == TranscriptSegment(
        text="Penicillin.", channel=0, participant=-1, speaker_id=1, start=900, end=1700
    )
    assert transcript.usage_info is not None
    assert transcript.usage_info.credits_consumed == 0.25
    assert transcript.metadata is not None
    assert transcript.metadata.participants_roles[0].role is ParticipantRole.MULTIPLE
    assert "Penicillin" not in repr(transcript)

    (listed,) = await corti.transcripts.list(interaction_id)
    assert (listed.id, listed.transcript_sample, listed.transcript) == (transcript.id, "Any allergies?", None)
    (full,) = await corti.transcripts.list(interaction_id, full=True)
    assert full.transcript is not None
    assert full.transcript.text == transcript.text
    assert double.calls[-1].query == {"full": ["true"]}

    await corti.transcripts.delete(interaction_id, transcript.id)
    assert await corti.transcripts.list(interaction_id) == ()
    with pytest.raises(NotFoundError):
        await corti.transcripts.status(interaction_id, transcript.id)


async def test_a_long_recording_is_waited_for(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str, clock: Clock
) -> None:
    """REST-06: `processing`, then polling the status."""
    double.rest.slow_looks = 6
    made = await corti.recordings.upload(interaction_id, AUDIO)
    begun = await corti.transcripts.create(interaction_id, made, "en")
    assert (begun.status, begun.segments) == (TranscriptStatus.PROCESSING, ())
    transcript = await corti.transcripts.wait(interaction_id, begun.id)
    assert transcript.text == "Any allergies?\nPenicillin."
    assert clock.pauses == [1, 2, 4, 8, 15, 15]


async def test_waiting_is_not_needed_for_a_transcript_that_is_complete(
    corti: AsyncCorti, interaction_id: str, clock: Clock
) -> None:
    made = await corti.recordings.upload(interaction_id, AUDIO)
    begun = await corti.transcripts.create(interaction_id, made, "en")
    assert await corti.transcripts.wait(interaction_id, begun.id) == begun
    assert clock.pauses == []


async def test_a_failed_transcript_is_a_typed_error(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-06."""
    double.rest.transcription_fails = True
    made = await corti.recordings.upload(interaction_id, AUDIO)
    begun = await corti.transcripts.create(interaction_id, made, "en", in_background=True)
    assert double.calls[-1].json["async"] is True
    assert begun.status == "processing"
    with pytest.raises(TranscriptFailed) as caught:
        await corti.transcripts.wait(interaction_id, begun.id)
    assert (caught.value.interaction_id, caught.value.transcript_id) == (interaction_id, begun.id)


async def test_patience_ends(corti: AsyncCorti, double: CortiDouble, interaction_id: str, clock: Clock) -> None:
    double.rest.slow_looks = 1000
    made = await corti.recordings.upload(interaction_id, AUDIO)
    begun = await corti.transcripts.create(interaction_id, made, "en")
    with pytest.raises(TranscriptNotReady, match="not complete after 10 s"):
        await corti.transcripts.wait(interaction_id, begun.id, patience=10)
    assert clock.pauses == [1, 2, 4, 3]


async def test_a_status_this_version_does_not_know_is_kept(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    double.inject(Answer(200, {"status": "queued"}))
    assert await corti.transcripts.status(interaction_id, "t-1") == "queued"


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"keyterms": ["x" * 51]}, r"keyterms\[0\]: has 51"),
        ({"keyterms": ["x"] * 1001}, "keyterms: has 1001"),
        ({"keyterms": "Berg"}, "keyterms: must be"),
        ({"keyterms": [3]}, r"keyterms\[0\]: must be a word"),
        ({"keyterms": [""]}, r"keyterms\[0\]: must be a word"),
        ({"replacements": [("a", "b")]}, "replacements: must be a mapping"),
        ({"participants": [{"channel": 0, "role": "doctor"}]}, r"participants\[0\]: is a dict"),
        ({"replacements": {str(number): "" for number in range(1001)}}, "replacements: has 1001"),
    ],
)
async def test_limits_of_words_are_checked_before_sending(
    corti: AsyncCorti, double: CortiDouble, options: dict[str, object], place: str
) -> None:
    with pytest.raises(SpecError, match=place):
        await corti.transcripts.create("i-1", "r-1", "en", **options)  # pyright: ignore[reportArgumentType]
    assert double.calls == []


@pytest.mark.parametrize("content", ["visit.wav", BytesIO(AUDIO), None])
async def test_what_is_no_bytes_is_refused_with_the_way_to_read_a_file(
    corti: AsyncCorti, double: CortiDouble, content: object
) -> None:
    with pytest.raises(SpecError, match=rf"content: is a {type(content).__name__}\. Pass the bytes.*read_bytes"):
        await corti.recordings.upload("i-1", content)  # pyright: ignore[reportArgumentType]
    assert double.calls == []


async def test_a_refused_token_is_not_fetched_again(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """CLI-04: same token, same rules as for agents; the body is empty (AUTH-10)."""
    double.inject(Answer(401, b"", {"www-authenticate": 'Bearer error="invalid_token"'}))
    with pytest.raises(UnauthorizedError):
        await corti.recordings.list(interaction_id)
    assert len(double.token_calls) == 1


async def test_an_upload_is_sent_again_as_it_was(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str, clock: Clock
) -> None:
    """CLI-05: every method, on 429 and from 500 on; CLI-07."""
    double.inject(too_many(retry_after=3), Answer(503, {"requestid": "r", "status": 503, "type": "t", "detail": "d"}))
    made = await corti.recordings.upload(interaction_id, AUDIO)
    assert [call.body for call in double.calls[1:]] == [AUDIO] * 3
    assert await corti.recordings.list(interaction_id) == (made,)
    assert (len(clock.pauses), clock.pauses[0]) == (2, 3)


@pytest.mark.parametrize("patience", [math.nan, math.inf, -1.0])
async def test_patience_must_end(corti: AsyncCorti, double: CortiDouble, patience: float) -> None:
    with pytest.raises(SpecError, match="patience"):
        await corti.transcripts.wait(str(uuid4()), str(uuid4()), patience=patience)
    assert double.calls == []

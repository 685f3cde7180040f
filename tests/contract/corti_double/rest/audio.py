"""Recordings and transcripts of an interaction (REST-04 to REST-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double.ids import bare_id
from tests.contract.corti_double.rest.refusals import Refusal, read, unknown
from tests.contract.corti_double.rest.state import part
from tests.contract.corti_double.schema import JsonObject, array, count, flag, shape, text, word

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_NEW = shape(
    {"recordingId": text(1), "primaryLanguage": text(2)},
    {
        "diarize": flag,
        "isMultichannel": flag,
        "isDictation": flag,
        "spokenPunctuation": flag,
        "automaticPunctuation": flag,
        "participants": array(shape({"channel": count, "role": word("doctor", "patient", "multiple")})),
        "async": flag,
        "replacements": array(shape({"find": text(1), "replace": text()}), 1000),
        "keyterms": shape({"terms": array(shape({"term": text(1, 50)}), 1000)}),
    },
)


class Recordings:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._state = double.rest

    async def upload(self, request: Request) -> Response:
        """Keep the bytes."""
        record = self._state.find(request)
        content = await request.body()
        if request.headers.get("content-type") != "application/octet-stream" or not content:
            raise Refusal(400, "bad_recording", "The body must be audio as application/octet-stream.")
        made = bare_id()
        record.recordings[made] = content
        return JSONResponse({"recordingId": made}, 201)

    async def list(self, request: Request) -> Response:
        """Their ids."""
        return JSONResponse({"recordings": list(self._state.find(request).recordings)})

    async def download(self, request: Request) -> Response:
        """The bytes."""
        content = part(self._state.find(request).recordings, request, "recording")
        return Response(content, media_type="application/octet-stream")

    async def delete(self, request: Request) -> Response:
        """Forget the bytes."""
        recordings = self._state.find(request).recordings
        part(recordings, request, "recording")
        del recordings[request.path_params["part"]]
        return Response(status_code=204)


class Transcripts:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._state = double.rest

    async def create(self, request: Request) -> Response:
        """201 with all of it, or 202 while it is processed."""
        record = self._state.find(request)
        body = await read(request, _NEW)
        if body["recordingId"] not in record.recordings:
            raise unknown("recording")
        made = bare_id()
        looks = self._state.slow_looks or int(body.get("async", False))
        record.looks[made] = looks
        record.transcripts[made] = {
            "id": made,
            "metadata": {"participantsRoles": body.get("participants")},
            "transcripts": [
                {"channel": 0, "participant": -1, "speakerId": n, "text": words, "start": n * 900, "end": n * 900 + 800}
                for n, words in enumerate(self._state.said)
            ],
            "usageInfo": {"creditsConsumed": 0.25},
            "recordingId": body["recordingId"],
            "status": "failed" if self._state.transcription_fails else "completed",
        }
        location = f"{request.url.path}{made}/status"
        shown = _shown(record.transcripts[made], looks)
        return JSONResponse(shown, 202 if looks else 201, {"Location": location} if looks else {})

    async def list(self, request: Request) -> Response:
        """Null where there is none."""
        is_full = request.query_params.get("full") == "true"
        items = [
            {
                "id": each["id"],
                "transcriptSample": each["transcripts"][0]["text"],
                **({"transcript": {key: each[key] for key in ("metadata", "transcripts")}} if is_full else {}),
            }
            for each in self._state.find(request).transcripts.values()
        ]
        return JSONResponse({"transcripts": items or None})

    async def get(self, request: Request) -> Response:
        """One; without content while it is processed."""
        record = self._state.find(request)
        transcript = part(record.transcripts, request, "transcript")
        return JSONResponse(_shown(transcript, record.looks[transcript["id"]]))

    async def status(self, request: Request) -> Response:
        """How far it is; each look brings it forward."""
        record = self._state.find(request)
        transcript = part(record.transcripts, request, "transcript")
        looks = record.looks[transcript["id"]]
        record.looks[transcript["id"]] = max(0, looks - 1)
        return JSONResponse({"status": "processing" if looks else transcript["status"]})

    async def delete(self, request: Request) -> Response:
        """Forget it."""
        transcripts = self._state.find(request).transcripts
        part(transcripts, request, "transcript")
        del transcripts[request.path_params["part"]]
        return Response(status_code=204)


def _shown(transcript: JsonObject, looks: int) -> JsonObject:
    return {**transcript, "transcripts": None, "status": "processing"} if looks else transcript

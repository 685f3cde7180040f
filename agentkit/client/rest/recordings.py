"""Recordings (REST-04)."""

from __future__ import annotations

from typing import cast

from agentkit.client.answers import read_bytes, read_json, read_nothing
from agentkit.client.operation import Operation, path
from agentkit.errors import SpecError
from agentkit.models.recording import LARGEST_RECORDING, CreatedRecording
from agentkit.wire.reader import Reader
from agentkit.wire.rest import decode


def upload_recording(interaction_id: str, content: object) -> Operation[CreatedRecording]:
    """Store audio.

    Raises:
        SpecError: It is no bytes, empty or too large.
    """
    if not isinstance(content, bytes | bytearray | memoryview):
        remedy = "Pass the bytes of an audio file, for example Path(...).read_bytes()."
        raise SpecError("content", f"is a {type(content).__name__}", remedy=remedy)
    content = bytes(cast("bytes", content))
    if not content:
        raise SpecError("content", "is empty", remedy="Pass the bytes of an audio file.")
    if len(content) > LARGEST_RECORDING:
        most = LARGEST_RECORDING // (1024 * 1024)
        remedy = f"Corti takes at most {most} MB and 60 minutes; split the recording or compress it."
        raise SpecError("content", f"has {len(content)} bytes", remedy=remedy)
    return Operation(
        name="client.recordings.upload",
        method="POST",
        root="base",
        path=path("/interactions/{interaction_id}/recordings/", interaction_id=interaction_id),
        content=content,
        content_type="application/octet-stream",
        parse=read_json(lambda value: decode(CreatedRecording, value)),
    )


def list_recordings(interaction_id: str) -> Operation[tuple[str, ...]]:
    """The ids of all recordings."""
    return Operation(
        name="client.recordings.list",
        method="GET",
        root="base",
        path=path("/interactions/{interaction_id}/recordings/", interaction_id=interaction_id),
        parse=read_json(lambda value: Reader(value, "").texts("recordings")),
    )


def download_recording(interaction_id: str, recording_id: str) -> Operation[bytes]:
    """The audio of a recording."""
    return Operation(
        name="client.recordings.download",
        method="GET",
        root="base",
        path=_path(interaction_id, recording_id),
        accept="*/*",
        max_answer=LARGEST_RECORDING,
        parse=read_bytes,
    )


def delete_recording(interaction_id: str, recording_id: str) -> Operation[None]:
    """Delete a recording."""
    return Operation(
        name="client.recordings.delete",
        method="DELETE",
        root="base",
        path=_path(interaction_id, recording_id),
        parse=read_nothing,
    )


def _path(interaction_id: str, recording_id: str) -> str:
    template = "/interactions/{interaction_id}/recordings/{recording_id}"
    return path(template, interaction_id=interaction_id, recording_id=recording_id)

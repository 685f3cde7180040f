"""Recordings: the audio of an interaction (REST-04)."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from agentkit.models.rest import RestModel

LARGEST_RECORDING: Final = 150 * 1024 * 1024
"""Bytes of the largest recording; it may last 60 minutes (REST-04)."""


class CreatedRecording(RestModel):
    """What uploading a recording brings back.

    Attributes:
        id: The recording's id.
    """

    id: str = Field(validation_alias="recordingId", serialization_alias="recordingId")

"""Languages that Corti understands (REST-13)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from agentkit.models.base import Json
from agentkit.models.rest import RestModel


class SpeechEndpoint(StrEnum):
    """The endpoints that understand speech, each of which has languages of its own."""

    STREAMS = "streams"
    TRANSCRIBE = "transcribe"
    TRANSCRIPTS = "transcripts"


class Language(RestModel):
    """A language.

    Attributes:
        code: For example `en-GB` or `gsw-CH`.
        details: What Corti tells about it, for example its endpoints; the shape is not documented.
    """

    code: str
    details: Json = Field(default=None)

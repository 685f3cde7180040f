"""Languages (REST-13)."""

from __future__ import annotations

from agentkit.client.answers import read_json
from agentkit.client.operation import Operation, query
from agentkit.models.language import Language, SpeechEndpoint
from agentkit.models.rest import word
from agentkit.wire.reader import Reader
from agentkit.wire.rest import decode


def list_languages(endpoint: SpeechEndpoint | str | None = None) -> Operation[tuple[Language, ...]]:
    """The languages of an endpoint; of all where none is given.

    Raises:
        SpecError: There is no such endpoint.
    """
    return Operation(
        name="client.languages.list",
        method="GET",
        root="base",
        path="/languages/",
        query=query(endpoint=word(SpeechEndpoint, endpoint, "endpoint") if endpoint is not None else None),
        parse=read_json(_read),
    )


def _read(value: object) -> tuple[Language, ...]:
    languages = Reader(value, "").optional_object("languages") or {}
    return tuple(decode(Language, {"code": code, "details": details}) for code, details in languages.items())

"""What the core API keeps, and what a test sets about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from tests.contract.corti_double.rest.refusals import unknown
from tests.contract.corti_double.schema import JsonObject


@dataclass
class Record:
    """An interaction with its parts, by their ids."""

    shown: JsonObject
    recordings: dict[str, bytes] = field(default_factory=dict[str, bytes])
    transcripts: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    looks: dict[str, int] = field(default_factory=dict[str, int])
    facts: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    documents: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])


@dataclass
class RestState:
    """The state of the core API.

    Attributes:
        records: The interactions, by id, oldest first.
        slow_looks: So many looks at a new transcript see it `processing` (REST-06).
        transcription_fails: Whether new transcripts end `failed`.
        said: The utterances of every recording.
        most_items: The largest page a list gives, whatever is asked for.
    """

    records: dict[str, Record] = field(default_factory=dict[str, Record])
    slow_looks: int = 0
    transcription_fails: bool = False
    said: tuple[str, ...] = ("Any allergies?", "Penicillin.")
    most_items: int = 100

    def find(self, request: Request) -> Record:
        """The interaction of the path."""
        record = self.records.get(request.path_params["id"])
        if record is None:
            raise unknown("interaction")
        return record


def part(parts: dict[str, Any], request: Request, what: str) -> Any:
    """The part of an interaction that the path names."""
    try:
        return parts[request.path_params["part"]]
    except KeyError:
        raise unknown(what) from None


def now() -> str:
    """The moment, as the core API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"

"""What goes wrong on the way: queued by the test, used up call by call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

When: TypeAlias = Literal["before", "after"]
"""Whether the call is answered so before, or after, the work was done (CLI-10)."""


@dataclass(frozen=True)
class Answer:
    """Answer the call with exactly this."""

    status: int = 200
    body: bytes | str | Mapping[str, Any] | list[Any] = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    when: When = "before"

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        match self.body:
            case bytes():
                return self.body
            case str():
                return self.body.encode()
            case body:
                return json.dumps(body).encode()

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers, with the media type that fits the body unless one was given."""
        media_type = "application/json"
        if isinstance(self.body, bytes | str):
            media_type = "text/plain; charset=utf-8" if isinstance(self.body, str) else ""
        given = {name.lower(): value for name, value in self.headers.items()}
        return {**({"content-type": media_type} if media_type else {}), **given}


@dataclass(frozen=True)
class Drop:
    """Close the connection without an answer."""

    when: When = "before"


@dataclass(frozen=True)
class Shape:
    """How a stream is written, and where it ends too early. Events are counted from 1."""

    cut_after: int | None = None
    """Close the connection after so many events, without the end of the body."""
    cut_inside: bool = False
    """Send the beginning of another frame before the cut."""
    end_after: int | None = None
    """End the body properly after so many events, as if the stream were over."""
    comments: bool = False
    """A comment line in front of each event."""
    keep_alives: int = 0
    """So many comment frames of their own behind each event, while the agent is silent."""
    crlf: bool = False
    chunk_size: int | None = None
    """Split the bytes so that frames, lines and characters are torn."""
    many_lines: bool = False
    """Pretty-printed JSON over several `data:` lines."""
    event_names: bool = False
    """An `event: message` line in each frame."""
    bare: bool = False
    """No space after the colons."""
    without_final: bool = False
    """v1: no `final` in the status updates."""
    ids: bool | None = None
    """Write `id:` lines or not; None: as Corti does."""
    garbage_after: int | None = None
    """After so many events a frame whose data is no JSON."""


Fault: TypeAlias = Answer | Drop | Shape


@dataclass
class QueuedFault:
    """A fault and the calls it is meant for."""

    fault: Fault
    on: str
    left: int | None

    def takes(self, call: str) -> bool:
        """Whether it is meant for this call, given as method and path."""
        return (self.left is None or self.left > 0) and fnmatchcase(call, self.on)


def html(status: int = 502, text: str = "Bad Gateway", when: When = "before") -> Answer:
    """The page of a proxy."""
    page = f"<html><head><title>{status} {text}</title></head><body><h1>{text}</h1></body></html>"
    return Answer(status, page, {"content-type": "text/html"}, when)


def too_many(retry_after: str | int | None = None, **headers: str) -> Answer:
    """A rate limit; `Retry-After` as seconds or as a date (CLI-07)."""
    given = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Answer(429, {"code": "rate_limited", "description": "Too many requests."}, given | _with_dashes(headers))


def redirect(location: str, status: int = 307) -> Answer:
    """Somewhere else."""
    return Answer(status, b"", {"location": location})


def _with_dashes(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}

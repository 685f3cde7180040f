"""What is remembered, and of whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from agentkit.models import Json

TEXT_LIMIT: Final = 32_768
"""So many characters of a text are kept; what is longer ends with an ellipsis."""

DATA_LIMIT: Final = 262_144
"""Structured data with more characters than this as JSON is not kept; its text is."""


class Kind(StrEnum):
    """What an item is: a turn of talk, a data or file part of one, an artifact, or a tool result."""

    USER = "user"
    AGENT = "agent"
    PART = "part"
    ARTIFACT = "artifact"
    OBSERVATION = "observation"


TURNS: Final = (Kind.USER, Kind.AGENT)
"""The kinds that make up a conversation."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One context of one owner of one tenant; nothing is ever read across scopes (CTX-03)."""

    tenant: str
    owner: str
    context_id: str


@dataclass(frozen=True, slots=True, repr=False)
class Note:
    """Something to remember.

    Attributes:
        kind: Who said it, or that it was found.
        text: What is searched; at most `TEXT_LIMIT` characters are kept.
        data: The structured form, where there is one; left out beyond `DATA_LIMIT`.
        source: The expert it came from, where one did.
        task_id: The task it belongs to.
    """

    kind: Kind
    text: str
    data: Json = None
    source: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """Something remembered; `number` grows in the order of remembering within its context."""

    number: int
    note: Note
    remembered: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """What of a context is wanted for a message.

    Attributes:
        text: What the message is about.
        turns: At most so many of the newest turns.
        observations: At most so many of the newest tool results.
        relevant: At most so many others, by how much they bear on the text (CTX-06).
        tasks: Past tasks that the message names: what is kept of them is relevant, whatever the text (CTX-07).
    """

    text: str
    turns: int
    observations: int
    relevant: int
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Retrieved:
    """What was wanted, as far as it is there.

    Attributes:
        turns: The newest turns, oldest first.
        observations: The newest tool results, oldest first.
        relevant: What else bears on the text: first what named tasks left, then the best first.
    """

    turns: tuple[Item, ...] = ()
    observations: tuple[Item, ...] = ()
    relevant: tuple[Item, ...] = ()

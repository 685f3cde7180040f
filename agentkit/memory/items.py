"""What is remembered, and of whom."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agentkit.models import Json


class Kind(StrEnum):
    """What an item is: a turn of talk, a data or file part of one, an artifact, or a tool result."""

    USER = "user"
    AGENT = "agent"
    PART = "part"
    ARTIFACT = "artifact"
    OBSERVATION = "observation"


@dataclass(frozen=True, slots=True)
class Scope:
    """One context of one owner of one tenant; nothing is ever read across scopes (CTX-03)."""

    tenant: str
    owner: str
    context_id: str

    @property
    def token(self) -> str:
        """One word for the scope, to narrow a full-text search; rows are compared by the three fields as well."""
        joined = f"{self.tenant}\x00{self.owner}\x00{self.context_id}"
        return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Note:
    """Something to remember.

    Attributes:
        kind: Who said it, or that it was found.
        text: What is searched.
        data: The structured form, where there is one.
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
    """Something remembered; `number` grows in the order of remembering."""

    number: int
    note: Note
    remembered: datetime

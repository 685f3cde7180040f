"""The prefixed ids of v2 as types (V2-ID-01, V2-MIG-02).

Each is a `str` in the form the API writes, `agt.<uuid>`; `.bare` is the UUID alone, as v1 writes it. A `messageId` has
no type: it may be any string (V2-ID-02).
"""

from __future__ import annotations

import re
from typing import ClassVar, Final, Self, cast
from uuid import UUID

from agentkit.errors import SpecError

BARE_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A bare UUID, as the API writes it."""


class PrefixedId(str):
    """A UUID under the prefix of its kind; equal to the prefixed string.

    Attributes:
        PREFIX: The prefix with its dot.

    Raises:
        SpecError: The value is neither a bare UUID in lower case nor one under this prefix.
    """

    __slots__ = ()

    PREFIX: ClassVar[str] = ""

    def __new__(cls, value: str, *, field: str | None = None) -> Self:
        """Accept the prefixed and the bare form.

        Args:
            value: The id.
            field: What an error calls it; the type's name by default.
        """
        text = cast(object, value)  # a caller may hand over anything
        if not isinstance(text, str) or not BARE_ID.fullmatch(text.removeprefix(cls.PREFIX)):
            raise SpecError(
                field or cls.__name__,
                f"must be a UUID in lower case, bare or as {cls.PREFIX}<uuid>",
                remedy="Pass the id the server gave.",
            )
        return super().__new__(cls, cls.PREFIX + text.removeprefix(cls.PREFIX))

    @property
    def bare(self) -> str:
        """The UUID without the prefix, as v1 writes it (V2-MIG-02)."""
        return self.removeprefix(self.PREFIX)


class AgentId(PrefixedId):
    """`agt.<uuid>`."""

    __slots__ = ()
    PREFIX = "agt."


def is_agent_id(text: str) -> bool:
    """Whether a text is meant as the id of an agent of either generation, in whatever way the UUID is written."""
    try:
        UUID(text.lower().removeprefix(AgentId.PREFIX))
    except ValueError:
        return False
    return True


class ConnectorId(PrefixedId):
    """`con.<uuid>`."""

    __slots__ = ()
    PREFIX = "con."


class ContextId(PrefixedId):
    """`ctx.<uuid>`."""

    __slots__ = ()
    PREFIX = "ctx."


class TaskId(PrefixedId):
    """`task.<uuid>`."""

    __slots__ = ()
    PREFIX = "task."


class ArtifactId(PrefixedId):
    """`art.<uuid>`."""

    __slots__ = ()
    PREFIX = "art."


class FeedbackId(PrefixedId):
    """`fb.<uuid>`."""

    __slots__ = ()
    PREFIX = "fb."


class UserId(PrefixedId):
    """`usr.<uuid>`."""

    __slots__ = ()
    PREFIX = "usr."

"""Ids as Corti writes them: bare UUIDs in v1, prefixed UUIDv7 in v2 (V1-ID-01, V2-ID-01)."""

from __future__ import annotations

import re
import secrets
import time
import uuid

_BARE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_V1 = re.compile(_BARE.pattern, re.IGNORECASE)


def bare_id() -> str:
    """A new id of v1."""
    return str(uuid.uuid4())


def prefixed_id(prefix: str) -> str:
    """A new id of v2, for example `agt.0192f4c8-...`."""
    bits = (time.time_ns() // 1_000_000) << 80 | 7 << 76 | secrets.randbits(12) << 64
    return f"{prefix}.{uuid.UUID(int=bits | 0b10 << 62 | secrets.randbits(62))}"


def is_bare_id(text: str) -> bool:
    """Whether v1 takes it for an id."""
    return _V1.fullmatch(text) is not None


def read_prefixed_id(prefix: str, text: str) -> str | None:
    """The id with its prefix, also for a bare one; None when it is no id of this kind."""
    given, dot, rest = text.rpartition(".")
    if _BARE.fullmatch(rest) is None or (dot and given != prefix):
        return None
    return f"{prefix}.{rest}"

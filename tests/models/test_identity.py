"""Ids: bare UUIDs of version 7, each its own, in the order of their milliseconds (V2-ID-01)."""

from __future__ import annotations

import re
import time
from uuid import RFC_4122, UUID

from agentkit.models import new_id


def test_ids_are_uuids_of_version_7() -> None:
    made = [new_id() for _ in range(1000)]
    for text in made:
        assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text)
        assert (UUID(text).version, UUID(text).variant) == (7, RFC_4122)
    assert len(set(made)) == 1000


def test_an_id_tells_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    moment = UUID(new_id()).int >> 80
    assert before <= moment <= time.time_ns() // 1_000_000


def test_all_of_the_rest_is_random() -> None:
    """74 bits: whoever knows one id cannot guess the next one."""
    seen = 0
    for _ in range(200):
        seen |= UUID(new_id()).int
    assert seen & (0xFFF << 64) == 0xFFF << 64
    assert seen & ((1 << 62) - 1) == (1 << 62) - 1

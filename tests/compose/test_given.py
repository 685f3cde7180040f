"""Digests of what agents are given: the same after it was stored, another one for anything else."""

from __future__ import annotations

import json

import pytest

from agentkit.compose.given import digest_of, digest_of_parts
from agentkit.models import File, Json, Part

PARTS = [
    Part(text="Jane \U0001f600"),
    Part(text="x", metadata={"n": 1.0, "none": None}, media_type=None),
    Part(data={"dose": 2.0, "rows": [None, 1e300]}),
    Part(file=File(content="AP8=", name="a.bin", media_type="image/png")),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.kind)
def test_what_was_stored_has_the_digest_of_what_it_was(part: Part) -> None:
    stored = json.loads(json.dumps(part.model_dump(mode="json", exclude_unset=True)))

    assert digest_of_parts([Part.model_validate(stored)]) == digest_of_parts([part])


def test_different_parts_have_different_digests() -> None:
    assert len({digest_of_parts([part]) for part in PARTS} | {digest_of_parts(PARTS), digest_of_parts([])}) == 6


@pytest.mark.parametrize(("one", "same"), [(100, 1e2), ({"a": 1, "b": 2.0}, {"b": 2, "a": 1.0})])
def test_equal_json_has_one_digest(one: Json, same: Json) -> None:
    assert digest_of(one) == digest_of(same)

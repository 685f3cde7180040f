"""Observations as JSON: what is recorded of a call is read again, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest

from agentkit.models import Json
from agentkit.reasoning import Observation, dump_observation, load_observation


@pytest.mark.parametrize(
    "observation",
    [
        Observation("echo", {"text": "x"}, "said", {"said": ["x"]}),
        Observation("echo", {}, "It failed.", failed=True, code="made-to-fail"),
    ],
)
def test_an_observation_is_read_as_it_was_written_but_for_whose_it_is(observation: Observation) -> None:
    record: Json = json.loads(json.dumps(dump_observation(observation)))
    assert load_observation(record, current=True) == observation
    seen = load_observation(record, current=False, expert="reader")
    assert seen is not None
    assert (seen.current, seen.expert, seen.text) == (False, "reader", observation.text)


@pytest.mark.parametrize(
    "record", [None, [], {}, {"tool": "echo"}, {"tool": 1, "arguments": {}, "text": "", "failed": 0}]
)
def test_what_is_no_observation_is_none(record: Json) -> None:
    assert load_observation(record, current=True) is None

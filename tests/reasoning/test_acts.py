"""A decision that is written down reads back as the same decision."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.errors import EngineError
from agentkit.models import Json
from agentkit.reasoning import (
    Act,
    Answer,
    Ask,
    CallTool,
    Decline,
    Delegate,
    DelegateTogether,
    dump_act,
    load_act,
)

_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_DELEGATES = st.builds(Delegate, st.text(), st.text(), st.text())
_ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(CallTool, st.text(), st.dictionaries(st.text(), _VALUES), st.text()),
    _DELEGATES,
    st.builds(DelegateTogether, st.lists(_DELEGATES).map(tuple)),
    st.builds(Answer, st.text(), st.lists(_VALUES).map(tuple)),
    st.builds(Ask, st.text(), st.lists(st.text()).map(tuple)),
    st.builds(Decline, st.text()),
)


@given(_ACTS)
def test_every_act_survives_being_written_as_json(act: Act) -> None:
    assert load_act(json.loads(json.dumps(dump_act(act)))) == act


@pytest.mark.parametrize(
    "record",
    [None, [], {}, {"act": "dance"}, {"act": "answer"}, {"act": "delegate-together", "delegations": [{"act": "ask"}]}],
)
def test_what_is_no_act_is_refused(record: Json) -> None:
    with pytest.raises(EngineError):
        load_act(record)

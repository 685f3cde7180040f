"""Feedback before it is sent (V2-OBJ-20)."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.errors import SpecError
from agentkit.models import Feedback, FeedbackLabel, FeedbackSpec


def test_labels_may_be_given_as_words() -> None:
    spec = FeedbackSpec(is_positive=True, labels=["wellPresented", FeedbackLabel.CORRECT])
    assert spec.labels == (FeedbackLabel.WELL_PRESENTED, FeedbackLabel.CORRECT)


@pytest.mark.parametrize(
    ("fields", "culprit"),
    [
        ({"labels": ["nice"]}, "FeedbackSpec.labels[0]"),
        ({"labels": "correct"}, "FeedbackSpec.labels"),
        ({"labels": ["correct", "correct"]}, "FeedbackSpec.labels[1]"),
        ({"labels": list(FeedbackLabel)[:6]}, "FeedbackSpec.labels"),
        ({"labels": ["other"]}, "FeedbackSpec.reason"),
        ({"labels": ["other"], "reason": "  "}, "FeedbackSpec.reason"),
        ({"reason": "x" * 1001}, "FeedbackSpec.reason"),
        ({"collection_method": "x" * 101}, "FeedbackSpec.collection_method"),
        ({"client_reference": "x" * 256}, "FeedbackSpec.client_reference"),
        ({"actor_id": "x" * 256}, "FeedbackSpec.actor_id"),
        ({"message_id": ""}, "FeedbackSpec.message_id"),
    ],
)
def test_what_the_api_would_refuse_is_refused_before(fields: dict[str, Any], culprit: str) -> None:
    with pytest.raises(SpecError) as refused:
        FeedbackSpec(is_positive=False, **fields)
    assert refused.value.field == culprit
    assert refused.value.remedy


def test_the_longest_texts_are_taken() -> None:
    spec = FeedbackSpec(
        is_positive=True,
        labels=list(FeedbackLabel)[:5],
        reason="x" * 1000,
        collection_method="x" * 100,
        client_reference="x" * 255,
        actor_id="x" * 255,
    )
    assert len(spec.labels) == 5


def test_what_was_said_is_not_in_the_repr() -> None:
    assert "secret words" not in repr(FeedbackSpec(is_positive=True, reason="secret words", actor_id="secret words"))
    assert "secret words" not in repr(Feedback(id="fb.1", task_id="task.1", value=1, actor_id="secret words"))

"""Contexts, tasks, traces, feedback and usage reports of v2 (V2-OBJ-19 to V2-OBJ-22)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.errors import WireError
from agentkit.models import FeedbackLabel, FeedbackSpec, Json
from agentkit.wire import v2
from tests.wire import strategies

TASK: dict[str, Any] = {"id": "task.1", "contextId": "ctx.1", "status": {"state": "TASK_STATE_COMPLETED"}}
CONTEXT: dict[str, Any] = {
    "id": "ctx.1",
    "agentId": "agt.1",
    "taskCount": 2,
    "createdAt": "2026-01-01T10:00:00Z",
    "updatedAt": "2026-01-01T11:00:00.123456Z",
    "expiresAt": None,
}
TRACE: dict[str, Any] = {
    "trace": {
        "id": "0af7651916cd43dd8448eb211c80319c",
        "name": "turn",
        "start_time": "2026-01-01T10:00:00Z",
        "end_time": None,
        "input": {"text": "secret words"},
        "tags": ["a"],
        "thread_id": "ctx.1",
        "project": "kept",
    },
    "spans": [
        {
            "name": "llm",
            "span_id": "span.2",
            "parent_span_id": "span.1",
            "start_time": "2026-01-01T10:00:01Z",
            "attributes": {"openinference.span.kind": "LLM", "llm.token_count.total": 12},
        },
        {"name": "chain", "span_id": "span.1", "start_time": "2026-01-01T10:00:00Z"},
    ],
}
FEEDBACK: dict[str, Any] = {
    "id": "fb.1",
    "taskId": "task.1",
    "rating": {"scale": "binary", "value": 0},
    "normalizedScore": 0,
    "labels": ["incorrect", "sarcastic"],
    "reason": "secret words",
    "target": {"messageId": "m-1"},
    "metadata": {"collectionMethod": "thumbs", "clientReference": "c-1", "actor": {"externalId": "u-1"}},
    "createdAt": "2026-01-01T10:00:00Z",
}
REPORT: dict[str, Any] = {
    "granularity": "day",
    "from": "2026-01-01T00:00:00Z",
    "to": "2026-01-31T00:00:00Z",
    "totals": {"invocations": 3, "uniqueContexts": 2},
    "buckets": [
        {
            "periodStart": "2026-01-02T00:00:00Z",
            "periodEnd": "2026-01-03T00:00:00Z",
            "invocations": 3,
            "uniqueContexts": 2,
        }
    ],
}


def test_a_context_alone_brings_its_tasks() -> None:
    """V2-EP-19, V2-OBJ-22."""
    context = v2.decode_context({**CONTEXT, "tasks": [TASK]})
    assert (context.id, context.agent_id, context.task_count) == ("ctx.1", "agt.1", 2)
    assert context.created_at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert context.expires_at is None
    assert [task.id for task in context.tasks] == ["task.1"]


def test_a_list_of_contexts_comes_in_pages() -> None:
    """V2-EP-18, V2-PAGE-01: nothing but the id is certain."""
    contexts, token = v2.decode_contexts({"contexts": [CONTEXT, {"id": "ctx.2"}], "nextPageToken": "t"})
    assert [context.id for context in contexts] == ["ctx.1", "ctx.2"]
    assert token == "t"
    assert v2.decode_contexts({"contexts": [], "nextPageToken": None}) == ((), None)


def test_a_list_of_tasks_comes_in_pages() -> None:
    """V2-EP-10, V2-EP-22; A2A `ListTasksResponse` ends with an empty token."""
    page = {"tasks": [TASK], "pageSize": 50, "totalSize": 1, "nextPageToken": ""}
    tasks, token = v2.decode_tasks(page)
    assert [task.id for task in tasks] == ["task.1"]
    assert token is None


def test_a_trace_is_read_with_its_spans() -> None:
    """V2-OBJ-19, in snake_case."""
    (trace,), token = v2.decode_traces({"traces": [TRACE], "nextPageToken": "n"})
    assert (trace.id, trace.thread_id, token) == ("0af7651916cd43dd8448eb211c80319c", "ctx.1", "n")
    assert trace.end_time is None
    assert trace.unknown_fields == {"project": "kept"}
    assert [span.kind for span in trace.spans] == ["LLM", None]
    (top,) = trace.tree()
    assert (top.span.name, [child.span.name for child in top.children]) == ("chain", ["llm"])
    assert "secret words" not in repr(trace)


def test_feedback_is_read_with_labels_nobody_documented() -> None:
    """V2-OBJ-20, CLI-12."""
    (feedback,) = v2.decode_feedbacks({"feedbacks": [FEEDBACK]})
    assert feedback.labels == (FeedbackLabel.INCORRECT, "sarcastic")
    assert isinstance(feedback.labels[0], FeedbackLabel)
    assert (feedback.is_positive, feedback.message_id, feedback.actor_id) == (False, "m-1", "u-1")
    assert (feedback.collection_method, feedback.client_reference) == ("thumbs", "c-1")
    assert "secret words" not in repr(feedback)


def test_feedback_is_written_as_documented() -> None:
    """V2-OBJ-20: a closed object, so nothing else may stand in it."""
    spec = FeedbackSpec(
        is_positive=False,
        labels=("other", FeedbackLabel.IRRELEVANT),
        reason="why",
        message_id="m-1",
        collection_method="thumbs",
        client_reference="c-1",
        actor_id="u-1",
    )
    assert v2.encode_create_feedback(spec) == {
        "rating": {"scale": "binary", "value": 0},
        "labels": ["other", "irrelevant"],
        "reason": "why",
        "target": {"messageId": "m-1"},
        "metadata": {"collectionMethod": "thumbs", "clientReference": "c-1", "actor": {"externalId": "u-1"}},
    }
    assert v2.encode_create_feedback(FeedbackSpec(is_positive=True)) == {"rating": {"scale": "binary", "value": 1}}


feedback_specs = st.builds(
    FeedbackSpec,
    is_positive=st.booleans(),
    labels=st.lists(st.sampled_from([label for label in FeedbackLabel if label != "other"]), max_size=5, unique=True),
    reason=st.none() | strategies.text,
    message_id=st.none() | strategies.words,
    collection_method=st.none() | strategies.text,
    client_reference=st.none() | strategies.text,
    actor_id=st.none() | strategies.text,
)


@settings(max_examples=60, deadline=None)
@given(feedback_specs)
def test_what_was_written_comes_back_in_the_answer(spec: FeedbackSpec) -> None:
    read = v2.decode_feedback({"id": "fb.1", "taskId": "task.1", **v2.encode_create_feedback(spec)})
    assert (read.is_positive, list(read.labels), read.reason) == (spec.is_positive, list(spec.labels), spec.reason)
    assert (read.message_id, read.collection_method) == (spec.message_id, spec.collection_method)
    assert (read.client_reference, read.actor_id) == (spec.client_reference, spec.actor_id)


def test_a_usage_report_is_read() -> None:
    """V2-OBJ-21."""
    report = v2.decode_usage_report(REPORT)
    assert (report.granularity, report.totals.invocations, report.totals.unique_contexts) == ("day", 3, 2)
    assert report.start == datetime(2026, 1, 1, tzinfo=UTC)
    (bucket,) = report.buckets
    assert (bucket.start, bucket.end) == (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    assert bucket.invocations == 3


REFUSED: list[tuple[Callable[[object], object], Any, str, str]] = [
    (v2.decode_context, {}, "context.id", "missing"),
    (v2.decode_context, {**CONTEXT, "taskCount": "2"}, "context.taskCount", "type"),
    (v2.decode_context, {**CONTEXT, "tasks": [{}]}, "context.tasks[0].id", "missing"),
    (v2.decode_contexts, [], "", "type"),
    (v2.decode_contexts, {"contexts": {}}, "contexts", "type"),
    (v2.decode_contexts, {"contexts": [7]}, "contexts[0]", "type"),
    (v2.decode_tasks, {"tasks": [TASK, {}]}, "tasks[1].id", "missing"),
    (v2.decode_tasks, {"tasks": [], "nextPageToken": 7}, "nextPageToken", "type"),
    (v2.decode_traces, {"traces": [{}]}, "traces[0].trace", "missing"),
    (v2.decode_traces, {"traces": [{"trace": {}}]}, "traces[0].trace.id", "missing"),
    (v2.decode_traces, {"traces": [{**TRACE, "spans": [{}]}]}, "traces[0].spans[0].span_id", "missing"),
    (v2.decode_feedback, {**FEEDBACK, "rating": {}}, "feedback.rating.value", "missing"),
    (v2.decode_feedback, {**FEEDBACK, "rating": {"value": "1"}}, "feedback.rating.value", "type"),
    (v2.decode_feedback, {**FEEDBACK, "rating": {"value": 10**400}}, "feedback.rating.value", "value"),
    (v2.decode_feedback, {**FEEDBACK, "target": "m"}, "feedback.target", "type"),
    (v2.decode_feedback, {**FEEDBACK, "metadata": {"actor": 7}}, "feedback.metadata.actor", "type"),
    (v2.decode_feedbacks, {"feedbacks": [{}]}, "feedbacks[0].rating", "missing"),
    (v2.decode_usage_report, {**REPORT, "totals": None}, "usage.totals", "type"),
    (v2.decode_usage_report, {"totals": {"invocations": -1}}, "usage.totals.invocations", "value"),
    (v2.decode_usage_report, {**REPORT, "buckets": [7]}, "usage.buckets[0]", "type"),
]


@pytest.mark.parametrize(("decode", "value", "path", "reason"), REFUSED)
def test_a_refusal_names_the_place_and_no_value(
    decode: Callable[[object], object], value: object, path: str, reason: str
) -> None:
    with pytest.raises(WireError) as refused:
        decode(value)
    assert (refused.value.path, refused.value.reason) == (path, reason)
    assert "secret words" not in str(refused.value)


@pytest.mark.parametrize(
    ("decode", "sample"),
    [
        (v2.decode_context, CONTEXT),
        (v2.decode_contexts, {"contexts": []}),
        (v2.decode_tasks, {"tasks": []}),
        (v2.decode_trace, TRACE),
        (v2.decode_traces, {"traces": []}),
        (v2.decode_feedback, FEEDBACK),
        (v2.decode_feedbacks, {"feedbacks": []}),
        (v2.decode_usage_report, REPORT),
    ],
)
@settings(max_examples=60, deadline=None)
@given(strategies.json, st.data())
def test_arbitrary_json_is_read_or_refused(
    decode: Callable[[object], object], sample: dict[str, Any], value: Json, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(sample)))
    for wire in (value, {**sample, key: value}, {**sample, key: [value]}):
        with contextlib.suppress(WireError):
            decode(wire)


def test_a_context_is_written_without_an_end() -> None:
    """V2-OBJ-22, CON-09."""
    assert v2.encode_context(v2.decode_context(CONTEXT)) == {
        "id": "ctx.1",
        "agentId": "agt.1",
        "taskCount": 2,
        "createdAt": "2026-01-01T10:00:00.000Z",
        "updatedAt": "2026-01-01T11:00:00.123456Z",
        "expiresAt": None,
    }


def test_a_trace_is_written_as_it_is_read() -> None:
    """V2-OBJ-19: snake_case; what is not known is left out, and an end that is not there yet is null."""
    assert v2.encode_trace(v2.decode_trace(TRACE)) == {
        "trace": {
            "id": "0af7651916cd43dd8448eb211c80319c",
            "name": "turn",
            "start_time": "2026-01-01T10:00:00.000Z",
            "end_time": None,
            "tags": ["a"],
            "thread_id": "ctx.1",
            "input": {"text": "secret words"},
        },
        "spans": [
            {
                "name": "llm",
                "span_id": "span.2",
                "start_time": "2026-01-01T10:00:01.000Z",
                "end_time": None,
                "parent_span_id": "span.1",
                "attributes": {"openinference.span.kind": "LLM", "llm.token_count.total": 12},
            },
            {"name": "chain", "span_id": "span.1", "start_time": "2026-01-01T10:00:00.000Z", "end_time": None},
        ],
    }


def test_a_usage_report_is_written_as_it_is_read() -> None:
    """V2-OBJ-21."""
    assert v2.encode_usage_report(v2.decode_usage_report(REPORT)) == {
        "granularity": "day",
        "from": "2026-01-01T00:00:00.000Z",
        "to": "2026-01-31T00:00:00.000Z",
        "totals": {"invocations": 3, "uniqueContexts": 2},
        "buckets": [
            {
                "periodStart": "2026-01-02T00:00:00.000Z",
                "periodEnd": "2026-01-03T00:00:00.000Z",
                "invocations": 3,
                "uniqueContexts": 2,
            }
        ],
    }


@settings(max_examples=60, deadline=None)
@given(feedback_specs)
def test_feedback_that_a_client_writes_is_taken_as_it_was_meant(spec: FeedbackSpec) -> None:
    """V2-OBJ-20."""
    assert v2.decode_create_feedback(v2.encode_create_feedback(spec)) == spec


def test_feedback_is_shown_with_what_the_server_knows() -> None:
    """V2-OBJ-20."""
    shown = v2.encode_feedback(
        FeedbackSpec(is_positive=False, labels=[FeedbackLabel.INCORRECT], reason="why"),
        feedback_id="fb.1",
        task_id="task.1",
        created=datetime(2026, 1, 1, 10, tzinfo=UTC),
    )
    assert shown == {
        "id": "fb.1",
        "taskId": "task.1",
        "rating": {"scale": "binary", "value": 0},
        "labels": ["incorrect"],
        "reason": "why",
        "normalizedScore": 0.0,
        "createdAt": "2026-01-01T10:00:00.000Z",
    }

"""Hypothesis strategies for neutral models."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    File,
    Json,
    JsonObject,
    Message,
    Part,
    Role,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = text.filter(lambda value: bool(value.strip()))
json: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
json_object: st.SearchStrategy[JsonObject] = st.dictionaries(text, json, max_size=3)
metadata: st.SearchStrategy[JsonObject | None] = st.none() | json_object


def _text_part(value: str, meta: JsonObject | None) -> Part:
    return Part(text=value, metadata=meta)


def _data_part(value: Json, meta: JsonObject | None) -> Part:
    return Part(data=value, metadata=meta)


def _file_part(value: File, meta: JsonObject | None) -> Part:
    return Part(file=value, metadata=meta)


files = st.builds(File, uri=st.none() | text, content=st.none() | text, name=st.none() | text, media_type=st.none())
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(_text_part, text, metadata),
    st.builds(_data_part, json, metadata),
    st.builds(_file_part, files, metadata),
)
ids = st.none() | text
messages = st.builds(
    Message,
    role=st.sampled_from(Role),
    parts=st.lists(parts, max_size=3).map(tuple),
    message_id=words,
    context_id=ids,
    task_id=ids,
    reference_task_ids=st.lists(text, max_size=2).map(tuple),
    extensions=st.lists(text, max_size=2).map(tuple),
    metadata=metadata,
)
times = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
statuses = st.builds(
    TaskStatus,
    state=st.sampled_from(TaskState),
    message=st.none() | messages,
    timestamp=st.none() | times,
)
artifacts = st.builds(
    Artifact,
    artifact_id=text,
    parts=st.lists(parts, max_size=2).map(tuple),
    name=ids,
    description=ids,
    extensions=st.lists(text, max_size=2).map(tuple),
    metadata=metadata,
)
tasks = st.builds(
    Task,
    id=text,
    context_id=text,
    status=statuses,
    history=st.lists(messages, max_size=2).map(tuple),
    artifacts=st.lists(artifacts, max_size=2).map(tuple),
    metadata=metadata,
)
events: st.SearchStrategy[Event] = st.one_of(
    tasks,
    messages,
    st.builds(StatusUpdate, task_id=text, context_id=text, status=statuses, metadata=metadata),
    st.builds(
        ArtifactUpdate,
        task_id=text,
        context_id=text,
        artifact=artifacts,
        append=st.booleans(),
        last_chunk=st.booleans(),
        metadata=metadata,
    ),
)

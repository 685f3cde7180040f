"""Properties of the A2A codec: nothing is lost on the way, nothing crashes it, and the SDK reads the same."""

from __future__ import annotations

import base64
import contextlib
import json as stdlib_json
from collections.abc import Callable
from datetime import datetime

import pytest
from a2a import types as sdk
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.errors import WireError
from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    File,
    Json,
    Message,
    Part,
    SendRequest,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.wire import a2a
from tests.wire import strategies as common

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

some = st.none() | common.words
base64_text = st.binary(max_size=9).map(lambda raw: base64.b64encode(raw).decode())


def _text(text: str, media_type: str | None) -> Part:
    return Part(text=text, media_type=media_type)


def _data(data: Json, media_type: str | None) -> Part:
    return Part(data=data, media_type=media_type)


def _file(file: File) -> Part:
    return Part(file=file)


parts = st.one_of(
    st.builds(_text, common.text, some),
    st.builds(_data, common.json, some),
    st.builds(_file, st.builds(File, uri=common.words, content=st.none(), name=some, media_type=some)),
    st.builds(_file, st.builds(File, uri=st.none(), content=base64_text, name=some, media_type=some)),
)
messages = st.builds(
    Message,
    role=st.sampled_from(["user", "agent"]),
    parts=st.lists(parts, min_size=1, max_size=3).map(tuple),
    message_id=common.words,
    context_id=some,
    task_id=some,
    reference_task_ids=st.lists(common.words, max_size=2).map(tuple),
    extensions=st.lists(common.words, max_size=2).map(tuple),
    metadata=common.metadata,
)


def _whole_milliseconds(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


statuses = st.builds(
    TaskStatus,
    # Protobuf leaves out a state that is unspecified, though the contract requires one.
    state=st.sampled_from([state for state in TaskState if state is not TaskState.UNKNOWN]),
    message=st.none() | messages,
    timestamp=st.none() | common.times.map(_whole_milliseconds),
)
artifacts = st.builds(
    Artifact,
    artifact_id=common.words,
    parts=st.lists(parts, max_size=2).map(tuple),
    name=some,
    description=some,
    extensions=st.lists(common.words, max_size=2).map(tuple),
    metadata=common.metadata,
)
tasks = st.builds(
    Task,
    id=common.words,
    context_id=common.words,
    status=statuses,
    history=st.lists(messages, max_size=2).map(tuple),
    artifacts=st.lists(artifacts, max_size=2).map(tuple),
    metadata=common.metadata,
)
events: st.SearchStrategy[Event] = st.one_of(
    tasks,
    messages,
    st.builds(StatusUpdate, task_id=common.words, context_id=common.words, status=statuses, metadata=common.metadata),
    st.builds(
        ArtifactUpdate,
        task_id=common.words,
        context_id=common.words,
        artifact=artifacts,
        append=st.booleans(),
        last_chunk=st.booleans(),
        metadata=common.metadata,
    ),
)


@quick
@given(events)
def test_an_event_survives_the_wire(event: Event) -> None:
    assert a2a.decode_event(stdlib_json.loads(stdlib_json.dumps(a2a.encode_event(event)))) == event


@quick
@given(messages, st.booleans(), st.none() | st.integers(0, 100))
def test_a_send_survives_the_wire(message: Message, blocking: bool, history_length: int | None) -> None:
    request = SendRequest(message=message, blocking=blocking, history_length=history_length)
    wire = stdlib_json.loads(stdlib_json.dumps(a2a.encode_send_request(request)))
    assert a2a.decode_send_request(wire) == request


@quick
@given(events)
def test_the_sdk_reads_what_we_write_and_we_read_what_it_writes(event: Event) -> None:
    parsed = ParseDict(a2a.encode_event(event), sdk.StreamResponse())
    back = a2a.decode_event(stdlib_json.loads(stdlib_json.dumps(MessageToDict(parsed))))
    assert back == event


@quick
@given(messages)
def test_the_sdk_reads_our_send_request(message: Message) -> None:
    request = SendRequest(message=message, blocking=False, history_length=2, accepted_output_modes=("text/plain",))
    parsed = ParseDict(a2a.encode_send_request(request), sdk.SendMessageRequest())
    assert parsed.configuration.return_immediately
    assert parsed.configuration.history_length == 2
    assert a2a.decode_send_request(MessageToDict(parsed)) == request


@pytest.mark.parametrize(
    "decode", [a2a.decode_event, a2a.decode_task, a2a.decode_message, a2a.decode_artifact, a2a.decode_send_request]
)
@quick
@given(common.json)
def test_arbitrary_json_is_read_or_refused(decode: Callable[[object], object], value: Json) -> None:
    with contextlib.suppress(WireError):
        decode(value)

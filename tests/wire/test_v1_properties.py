"""Properties of the v1 codec: nothing is lost on the way, nothing crashes it."""

from __future__ import annotations

import contextlib
import json as stdlib_json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from agentkit.errors import WireError
from agentkit.models import Event, Json, Message
from agentkit.wire import v1
from tests.wire import strategies

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(strategies.events)
def test_an_event_survives_the_wire(event: Event) -> None:
    wire = stdlib_json.loads(stdlib_json.dumps(v1.encode_event(event)))
    assert v1.decode_event(wire) == event


@quick
@given(strategies.messages)
def test_a_send_survives_the_wire(message: Message) -> None:
    from agentkit.models import SendRequest

    request = SendRequest(message=message, blocking=False, history_length=3)
    assert v1.decode_send(stdlib_json.loads(stdlib_json.dumps(v1.encode_send(request)))) == request


@pytest.mark.parametrize(
    "decode",
    [
        v1.decode_event,
        v1.decode_send,
        v1.decode_send_answer,
        v1.decode_agent,
        v1.decode_agents,
        v1.decode_create_agent,
        v1.decode_update_agent,
        v1.decode_card,
        v1.decode_context,
        v1.decode_registry,
    ],
)
@quick
@given(strategies.json)
def test_arbitrary_json_is_read_or_refused(decode: Callable[[object], object], value: Json) -> None:
    with contextlib.suppress(WireError):
        decode(value)

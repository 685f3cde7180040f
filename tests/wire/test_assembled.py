"""What a reader assembles unvalidated is what validation would have made."""

from __future__ import annotations

import copy
import json as stdlib_json
import pickle
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

import agentkit.wire
from agentkit import models
from agentkit.models import Event, JsonObject, Message, Part, Role, SendRequest, TaskState
from agentkit.models.base import Model, assembled
from agentkit.wire import a2a, v1
from tests.wire import strategies, test_a2a_properties

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

KINDS: Collection[type[Model]] = (
    models.Artifact,
    models.ArtifactUpdate,
    models.Context,
    models.File,
    models.Message,
    models.Part,
    models.SendRequest,
    models.StatusUpdate,
    models.Task,
    models.TaskStatus,
)
FACETS: tuple[Callable[[Model], object], ...] = (
    type,
    repr,
    lambda model: list(model.__dict__),
    lambda model: model.model_fields_set,
    lambda model: model.model_extra,
    lambda model: dict(model.unknown_fields),
    lambda model: model.model_dump(),
    lambda model: model.model_dump(exclude_unset=True),
    lambda model: model.model_dump(exclude_defaults=True),
    lambda model: model.model_dump_json(),
)


def whole(model: Model) -> Iterator[Model]:
    """A model and those in it."""
    yield model
    values: list[object] = list(model.__dict__.values())
    for value in values:
        for item in cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,):
            if isinstance(item, Model):
                yield from whole(item)


def must_be_as_validated(made: Model) -> None:
    """Compare a model with the one that pydantic makes of its fields."""
    validated = type(made).model_validate(made.model_dump(exclude_unset=True))
    assert made == validated
    assert len(list(whole(made))) == len(list(whole(validated)))
    for one, other in zip(whole(made), whole(validated), strict=True):
        for facet in FACETS:
            assert facet(one) == facet(other)
        for value, expected in zip(one.__dict__.values(), other.__dict__.values(), strict=True):
            assert type(value) is type(expected)
    for duplicate in (pickle.loads(pickle.dumps(made)), made.model_copy(), copy.deepcopy(made)):  # noqa: S301
        assert duplicate == validated
        assert duplicate.model_fields_set == validated.model_fields_set
        assert duplicate.model_extra == validated.model_extra


def over_the_wire(wire: JsonObject) -> JsonObject:
    """As a server sends it, with a field that nobody knows."""
    return stdlib_json.loads(stdlib_json.dumps({**wire, "fromTheFuture": {"a": [1]}}))


@quick
@given(strategies.events)
def test_what_v1_decodes_is_as_validated(event: Event) -> None:
    decoded = v1.decode_event(over_the_wire(v1.encode_event(event)))
    assert decoded.unknown_fields == {"fromTheFuture": {"a": [1]}}
    must_be_as_validated(decoded)


@quick
@given(test_a2a_properties.events)
def test_what_a2a_decodes_is_as_validated(event: Event) -> None:
    ((kind, wire),) = a2a.encode_event(event).items()
    assert isinstance(wire, dict)
    decoded = a2a.decode_event({kind: over_the_wire(wire)})
    assert decoded.unknown_fields == {"fromTheFuture": {"a": [1]}}
    must_be_as_validated(decoded)


@quick
@given(strategies.messages)
def test_a_context_of_v1_is_as_validated(message: Message) -> None:
    must_be_as_validated(v1.decode_context(over_the_wire({"id": "c", "items": [v1.encode_message(message)]})))


@quick
@given(test_a2a_properties.messages)
def test_a_send_of_a2a_is_as_validated(message: Message) -> None:
    request = SendRequest(message=message, blocking=False, history_length=2, accepted_output_modes=("text/plain",))
    must_be_as_validated(a2a.decode_send_request(over_the_wire(a2a.encode_send_request(request))))


EDGES: tuple[JsonObject, ...] = (
    {"kind": "data", "data": None},
    {"kind": "data", "data": [1, 1.5, None, {"deep": [[]]}]},
    {"kind": "file", "file": {}},
    {"kind": "text", "text": ""},
)


@pytest.mark.parametrize("wire", EDGES)
def test_parts_at_the_edge_are_as_validated(wire: JsonObject) -> None:
    must_be_as_validated(v1.decode_part(wire))


def test_only_models_compared_here_are_assembled() -> None:
    found: set[str] = set()
    for file in Path(agentkit.wire.__path__[0]).rglob("*.py"):
        found |= set(re.findall(r"\.assemble\(\s*(\w+)", file.read_text("utf-8")))
    assert found == {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_assembled_model_shares_nothing_that_can_change(kind: type[Model]) -> None:
    for field in kind.model_fields.values():
        if not field.is_required() and field.default_factory is None:
            hash(field.default)
        # What `assembled` does not look at.
        assert field.alias is None
        assert field.validation_alias is None
    assert not kind.__private_attributes__
    assert "model_post_init" not in vars(kind)


def test_an_assembled_model_is_frozen_and_changed_by_copies_only() -> None:
    made = assembled(Part, {"text": "a"}, {})
    with pytest.raises(ValidationError, match="frozen"):
        made.text = "b"  # pyright: ignore[reportAttributeAccessIssue]
    assert made.model_copy(update={"text": "b"}) == Part(text="b")
    assert made == Part(text="a")


def test_a_field_without_default_is_made_or_missed_as_ever() -> None:
    status = assembled(models.TaskStatus, {"state": TaskState.WORKING}, {})
    assert status == models.TaskStatus(state=TaskState.WORKING)
    parts = (Part(text="a"),)
    first, second = (assembled(Message, {"role": Role.USER, "parts": parts}, {}) for _ in range(2))
    assert first.message_id != second.message_id
    with pytest.raises(ValidationError, match="parts"):
        assembled(Message, {"role": Role.USER}, {})


def test_what_a_caller_makes_is_still_validated() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Part()
    with pytest.raises(ValidationError):
        Message(role=Role.USER, parts="text")  # pyright: ignore[reportArgumentType]

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agentkit.models import Artifact, File, Message, Part, Role, Task, TaskState, TaskStatus


def test_a_message_gives_its_text_and_data_apart() -> None:
    message = Message.user("first", data=[{"a": 1}, {"b": 2}])
    assert (message.role, message.text, message.data) == (Role.USER, "first", ({"a": 1}, {"b": 2}))
    assert Message.user(data=[{}]).text == ""


def test_every_new_message_has_its_own_id() -> None:
    assert Message.user("x").message_id != Message.user("x").message_id


def test_a_reply_stays_in_context_and_task() -> None:
    question = Message.user("?", context_id="c", task_id="t")
    reply = question.reply("!", data=[{"n": 1}])
    assert (reply.role, reply.text, reply.context_id, reply.task_id) == (Role.AGENT, "!", "c", "t")
    assert reply.data == ({"n": 1},)


@pytest.mark.parametrize("fields", [{}, {"text": "a", "data": 1}, {"text": "a", "file": File(uri="x")}])
def test_a_part_has_exactly_one_content(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Part.model_validate(fields)


def test_null_is_data_too() -> None:
    part = Part(data=None)
    assert part.kind == "data"


def test_a_repr_shows_ids_and_sizes_but_no_content() -> None:
    """Design D11."""
    message = Message.user("Anna Berg", data=[{"mrn": "4711"}], context_id="ctx-1")
    message = message.model_copy(update={"metadata": {"note": "confidential"}})
    artifact = Artifact(artifact_id="a1", parts=message.parts, name="Anna", description="Berg")
    task = Task(
        id="task-1",
        context_id="ctx-1",
        status=TaskStatus(state=TaskState.WORKING, message=message),
        history=(message,),
        artifacts=(artifact,),
    )
    shown = f"{task!r} {task}"
    for secret in ("Anna", "Berg", "4711", "confidential"):
        assert secret not in shown
    for fact in ("task-1", "ctx-1", "working", "9 chars", "1 fields"):
        assert fact in shown


def test_a_validation_error_quotes_no_input() -> None:
    with pytest.raises(ValidationError) as refused:
        Part.model_validate({"text": {"Anna": "Berg"}})
    assert "Anna" not in str(refused.value)


def test_fields_of_a_later_protocol_are_kept() -> None:
    part = Part.model_validate({"text": "x", "future": [1]})
    assert part.unknown_fields == {"future": [1]}


def test_models_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Message.user("x").message_id = "y"  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("state", TaskState)
def test_a_settled_state_is_terminal_or_interrupted(state: TaskState) -> None:
    assert state.is_settled == (state.is_terminal or state.is_interrupted)
    assert not (state.is_terminal and state.is_interrupted)


def test_the_documented_states_are_sorted_right() -> None:
    """V1-OBJ-19; A2A section 2."""
    assert {state.value for state in TaskState if state.is_terminal} == {"completed", "canceled", "failed", "rejected"}
    assert {state.value for state in TaskState if state.is_interrupted} == {"input-required", "auth-required"}

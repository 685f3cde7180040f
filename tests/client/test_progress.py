"""What a task told again adds to what was told before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.client.progress import Progress
from agentkit.models import Artifact, ArtifactUpdate, Event, Message, Part, StatusUpdate, Task, TaskState, TaskStatus


def test_a_replaced_artifact_is_told_whole() -> None:
    """What was told of it is not what it begins with any more, so there is no rest to tell."""
    progress = Progress()
    old, new = Artifact(artifact_id="a", parts=(part("one"),)), Artifact(artifact_id="a", parts=(part("two"),))
    task = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.WORKING), artifacts=(old,))
    assert list(progress.take(task)) == [task]
    progress.resume()
    (event,) = progress.take(task.model_copy(update={"artifacts": (new,)}))
    assert isinstance(event, ArtifactUpdate)
    assert (event.append, event.artifact) == (False, new)


texts = st.text("ab", max_size=2)


@given(st.lists(texts), st.lists(texts), st.booleans(), st.booleans())
def test_joined_chunks_of_text_are_recognised(known: list[str], more: list[str], joins: bool, has_data: bool) -> None:
    """A server may keep chunks as it sent them, or make one text of them."""
    middle = (Part(data={"a": 1}),) if has_data else ()
    told = (*middle, *map(part, known))
    kept = (*middle, part("".join([*known, *more]))) if joins else (*middle, *map(part, [*known, *more]))
    progress = Progress()
    task = Task(
        id="t",
        context_id="c",
        status=TaskStatus(state=TaskState.WORKING),
        artifacts=(Artifact(artifact_id="a", parts=told),),
    )
    list(progress.take(task))
    progress.resume()
    seen = task.model_copy(update={"artifacts": (Artifact(artifact_id="a", parts=kept),)})
    added = [event for event in progress.take(seen) if isinstance(event, ArtifactUpdate)]
    assert all(event.append for event in added) or not told
    assert "".join(one.text or "" for event in added for one in event.artifact.parts) == "".join(more)
    assert not list(progress.take(seen))


def part(text: str) -> Part:
    return Part(text=text)


def said(text: str, message_id: str, state: TaskState = TaskState.WORKING) -> StatusUpdate:
    message = Message.agent(text).model_copy(update={"message_id": message_id})
    return StatusUpdate(task_id="t", context_id="c", status=TaskStatus(state=state, message=message))


def made(text: str) -> ArtifactUpdate:
    artifact = Artifact(artifact_id="a", parts=(part(text),))
    return ArtifactUpdate(task_id="t", context_id="c", artifact=artifact)


EVENTS: tuple[Event, ...] = (said("Reading.", "m-1"), made("one"), Message.agent("Beside the task."))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_the_server_says_twice_around_a_new_subscription_is_told_once(event: Event) -> None:
    """It may take its look at the task when it has begun to listen already."""
    progress = Progress()
    begun = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.SUBMITTED))
    assert list(progress.take(begun)) == [begun]
    assert list(progress.take(event)) == [event]
    progress.resume()
    assert list(progress.take(event)) == []


@pytest.mark.parametrize("event", [said("Reading.", "m-1"), made("one")], ids=lambda event: type(event).__name__)
def test_what_the_server_says_twice_on_one_connection_is_told_twice(event: Event) -> None:
    progress = Progress()
    assert [list(progress.take(event)) for _ in range(2)] == [[event], [event]]


def test_the_same_words_said_again_are_news() -> None:
    progress = Progress()
    list(progress.take(said("Checking.", "m-1")))
    progress.resume()
    again = said("Checking.", "m-2")
    assert list(progress.take(again)) == [again]


def test_words_of_an_earlier_turn_of_the_task_are_not_told_as_missed() -> None:
    """A first look may come without the history that a later one has."""
    progress = Progress()
    now = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.WORKING))
    list(progress.take(now))
    progress.resume()
    history = (Message.user("Ear ache"), Message.agent("Which ear?"), Message.user("The left"), Message.agent("Hm."))
    events = list(progress.take(now.model_copy(update={"history": history})))
    assert [event.status.message for event in events if isinstance(event, StatusUpdate)] == [history[-1]]

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


def made(text: str, artifact_id: str = "a", *, append: bool = False) -> ArtifactUpdate:
    artifact = Artifact(artifact_id=artifact_id, parts=(part(text),))
    return ArtifactUpdate(task_id="t", context_id="c", artifact=artifact, append=append)


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


TOLD: tuple[Event, ...] = (
    Task(id="t", context_id="c", status=TaskStatus(state=TaskState.SUBMITTED)),
    StatusUpdate(task_id="t", context_id="c", status=TaskStatus(state=TaskState.WORKING)),
    said("Reading.", "m-1"),
    made("Peni"),
    made("cil", append=True),
    said("Checking.", "m-2"),
    made("lin", append=True),
    made("1 g", "b"),
    said("Penicillin.", "m-3", TaskState.COMPLETED),
)


@pytest.mark.parametrize("cut", range(1, len(TOLD)))
def test_a_server_that_tells_a_task_from_its_beginning_again_is_heard_from_where_it_was_cut(cut: int) -> None:
    progress, whole = Progress(), Progress()
    assert [one for event in TOLD[:cut] for one in progress.take(event)] == list(TOLD[:cut])
    progress.resume()
    assert [one for event in TOLD for one in progress.take(event)] == list(TOLD[cut:])
    assert [one for event in TOLD for one in whole.take(event)] == list(TOLD)
    assert progress.answer == whole.answer


def snapshots() -> list[Task]:
    """The task as a look at it shows it, after each event."""
    progress = Progress()
    found: list[Task] = []
    for event in TOLD:
        list(progress.take(event))
        assert isinstance(progress.answer, Task)
        found.append(progress.answer)
    return found


@pytest.mark.parametrize("cut", range(1, len(TOLD)))
@pytest.mark.parametrize("lag", range(1, len(TOLD)))
def test_a_look_that_lags_behind_what_was_told_tells_nothing_again(cut: int, lag: int) -> None:
    """As a server of several machines shows it; `reply` does not go back either."""
    progress = Progress()
    events = [one for event in TOLD[:cut] for one in progress.take(event)]
    before = progress.answer
    progress.resume()
    for look in snapshots()[max(cut - 1 - lag, 0) : cut]:
        assert list(progress.take(look)) == []
    assert progress.answer == before
    events += progress.take(snapshots()[-1])
    assert progress.answer == snapshots()[-1]
    words = [one.status.message.text for one in events if isinstance(one, StatusUpdate) and one.status.message]
    assert words == ["Reading.", "Checking.", "Penicillin."]
    pieces = [one.artifact for one in events if isinstance(one, ArtifactUpdate) and one.artifact.artifact_id == "a"]
    assert "".join(part.text or "" for piece in pieces for part in piece.parts) == "Penicillin"


@pytest.mark.parametrize("ends_with", ["look", "event"])
def test_an_artifact_made_anew_as_the_beginning_of_the_old_one_counts_in_the_end(ends_with: str) -> None:
    progress = Progress()
    for event in (TOLD[0], made("Penicillin")):
        list(progress.take(event))
    progress.resume()
    end = Task(
        id="t",
        context_id="c",
        status=TaskStatus(state=TaskState.COMPLETED),
        artifacts=(Artifact(artifact_id="a", parts=(part("Peni"),)),),
    )
    assert list(progress.take(made("Peni"))) == []
    last = end if ends_with == "look" else StatusUpdate(task_id="t", context_id="c", status=end.status)
    replaced, done = progress.take(last)
    assert isinstance(replaced, ArtifactUpdate)
    assert (replaced.append, replaced.artifact.text) == (False, "Peni")
    assert isinstance(done, StatusUpdate)
    assert isinstance(progress.answer, Task)
    assert progress.answer.artifacts == end.artifacts


def test_an_artifact_made_anew_that_only_begins_like_the_old_one_is_told_whole() -> None:
    progress = Progress()
    for event in (TOLD[0], made("Penicillin")):
        list(progress.take(event))
    progress.resume()
    assert list(progress.take(made("Peni"))) == []
    (replaced,) = progress.take(made("!", append=True))
    assert isinstance(replaced, ArtifactUpdate)
    assert (replaced.append, [one.text for one in replaced.artifact.parts]) == (False, ["Peni", "!"])


@pytest.mark.parametrize("known", ["t", "task.t"])
def test_an_event_of_another_task_is_recognised(known: str) -> None:
    """V2-ID-01: the same id may come with its prefix and without."""
    progress = Progress()
    event = said("Reading.", "m-1")
    assert not progress.is_of_another_task(event)
    list(progress.take(Task(id=known, context_id="c", status=TaskStatus(state=TaskState.WORKING))))
    assert not progress.is_of_another_task(event)
    assert not progress.is_of_another_task(Message.agent("Beside the task."))
    assert progress.is_of_another_task(event.model_copy(update={"task_id": "u"}))
    assert progress.is_of_another_task(Task(id="u", context_id="c", status=event.status))


def test_what_was_said_is_not_read_again_with_every_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing each message with all before it took half a minute for some thousand of them."""
    compared: list[object] = []

    def same(one: Message, other: object) -> bool:
        compared.append(other)
        return one is other

    monkeypatch.setattr(Message, "__eq__", same)
    progress = Progress()
    for number in range(300):
        list(progress.take(said("Reading.", f"m-{number}")))
    assert isinstance(progress.answer, Task)
    assert len(progress.answer.history) == 299
    assert len(compared) <= 300


def test_chunks_told_again_are_compared_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing each with all before it took most of a minute for two thousand of them."""
    progress = Progress()
    chunks = [made("x", append=number > 0) for number in range(300)]
    for event in (TOLD[0], *chunks):
        list(progress.take(event))
    compared: list[object] = []
    equal = Part.__eq__

    def counted(one: Part, other: object) -> bool:
        compared.append(other)
        return equal(one, other)

    monkeypatch.setattr(Part, "__eq__", counted)
    progress.resume()
    assert [one for event in (TOLD[0], *chunks) for one in progress.take(event)] == []
    assert len(compared) <= 3 * len(chunks)


def test_a_chunk_told_again_must_follow_what_it_followed_before() -> None:
    progress = Progress()
    for event in (TOLD[0], made("Peni"), made("cil", append=True), made("lin", append=True)):
        list(progress.take(event))
    progress.resume()
    assert list(progress.take(made("Pe"))) == []
    (replaced,) = progress.take(made("cil", append=True))
    assert isinstance(replaced, ArtifactUpdate)
    assert [one.text for one in replaced.artifact.parts] == ["Pe", "cil"]

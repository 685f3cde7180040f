"""A run that is carried out again tells nothing twice, and leaves artifacts as it made them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.models import Artifact, ArtifactUpdate, Message, Part, StatusUpdate, TaskState, TaskStatus
from agentkit.models.artifacts import ArtifactStore
from agentkit.tasks.replay import Replay

Update = StatusUpdate | ArtifactUpdate


def told(text: str) -> StatusUpdate:
    status = TaskStatus(state=TaskState.WORKING, message=Message.agent(text))
    return StatusUpdate(task_id="t", context_id="c", status=status)


def made(name: str, text: str, *, append: bool) -> ArtifactUpdate:
    artifact = Artifact(artifact_id=name, parts=(Part(text=text),))
    return ArtifactUpdate(task_id="t", context_id="c", artifact=artifact, append=append)


UPDATES = st.lists(
    st.one_of(
        st.builds(told, st.sampled_from("xy")),
        st.builds(made, st.sampled_from("ab"), st.sampled_from("12"), append=st.booleans()),
    ),
    max_size=8,
)


def replayed(stored: list[Update], again: list[Update]) -> tuple[list[Update], ArtifactStore]:
    """What is told of the second run, and the artifacts that the task then holds."""
    replay = Replay(stored)
    fresh = [one for update in again if (one := replay.fresh(update)) is not None]
    fresh += replay.unfinished()
    store = ArtifactStore()
    for update in (*stored, *fresh):
        if isinstance(update, ArtifactUpdate):
            store.add(update)
    return fresh, store


def parts(store: ArtifactStore) -> dict[str, list[str | None]]:
    return {one.artifact_id: [part.text for part in one.parts] for one in store.all()}


@settings(max_examples=300, deadline=None)
@given(UPDATES, st.integers(0, 8), UPDATES)
def test_the_task_holds_what_the_last_run_made(said: list[Update], crash: int, other: list[Update]) -> None:
    for again in (said, said[: crash // 2] + other):
        _, store = replayed(said[:crash], again)
        alone = ArtifactStore()
        for update in again:
            if isinstance(update, ArtifactUpdate):
                alone.add(update)
        held = parts(store)
        # Artifacts whose step is recorded are not made again; they stay.
        assert {name: held[name] for name in parts(alone)} == parts(alone)


@settings(max_examples=200, deadline=None)
@given(UPDATES, st.integers(0, 8))
def test_a_run_that_repeats_itself_only_tells_the_rest(said: list[Update], crash: int) -> None:
    fresh, _ = replayed(said[:crash], said)
    texts = [one.status.message.text for one in fresh if isinstance(one, StatusUpdate) and one.status.message]
    rest = [one.status.message.text for one in said[crash:] if isinstance(one, StatusUpdate) and one.status.message]
    assert sorted(texts) == sorted(rest)
    assert len(fresh) <= len(said[crash:])


def test_an_artifact_read_from_a_record_is_not_told_again() -> None:
    stored: list[Update] = [made("a", "1", append=False), made("a", "2", append=True)]
    whole = Artifact(artifact_id="a", parts=(Part(text="1"), Part(text="2")))
    fresh, store = replayed(stored, [ArtifactUpdate(task_id="t", context_id="c", artifact=whole)])
    assert fresh == []
    assert parts(store) == {"a": ["1", "2"]}


def test_an_artifact_that_takes_another_way_is_replaced() -> None:
    stored: list[Update] = [made("a", "1", append=False), made("a", "2", append=True)]
    fresh, store = replayed(stored, [made("a", "1", append=False), made("a", "3", append=True)])
    assert [one.append for one in fresh if isinstance(one, ArtifactUpdate)] == [False]
    assert parts(store) == {"a": ["1", "3"]}

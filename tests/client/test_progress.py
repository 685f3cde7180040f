"""What a task told again adds to what was told before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentkit.client.progress import Progress
from agentkit.models import Artifact, ArtifactUpdate, Task, TaskState, TaskStatus
from agentkit.models import Part as ModelPart


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
    middle = (ModelPart(data={"a": 1}),) if has_data else ()
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


def part(text: str) -> ModelPart:
    return ModelPart(text=text)

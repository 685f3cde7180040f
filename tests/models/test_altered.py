"""A cheap copy is the copy that pydantic makes."""

from __future__ import annotations

import pytest

from agentkit.models import Artifact, Message, Part, StatusUpdate, Task, TaskState, TaskStatus
from agentkit.models.base import Model, altered

STATUS = TaskStatus.model_validate({"state": "working", "unknown": {"kept": [1]}})
TASK = Task(id="t", context_id="c", status=STATUS)


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (TASK, {"status": TaskStatus(state=TaskState.COMPLETED)}),
        (TASK, {"metadata": {"k": 1}, "artifacts": (Artifact(artifact_id="a", parts=(Part(text="x"),)),)}),
        (TASK, {}),
        (STATUS, {"message": Message.agent("hello")}),
        (StatusUpdate(task_id="t", context_id="c", status=STATUS), {"metadata": None}),
    ],
)
def test_an_altered_model_is_the_copy_that_pydantic_makes(model: Model, changes: dict[str, object]) -> None:
    made, copied = altered(model, changes), model.model_copy(update=changes)
    assert type(made) is type(copied)
    assert made == copied
    assert made.model_fields_set == copied.model_fields_set
    assert made.unknown_fields == copied.unknown_fields
    assert made.model_dump_json(exclude_unset=True) == copied.model_dump_json(exclude_unset=True)
    if made.__pydantic_extra__:
        assert made.__pydantic_extra__ is not model.__pydantic_extra__

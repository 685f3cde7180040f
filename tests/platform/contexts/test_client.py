"""Our own client against the platform's contexts, traces, feedback and usage (V2-EP-14, V2-EP-18 to V2-EP-25)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentkit.errors import NotFoundError
from agentkit.models import FeedbackLabel, FeedbackSpec
from tests.platform.contexts.parts import START, ward

pytestmark = pytest.mark.anyio


async def test_our_own_client_reads_contexts_tasks_artifacts_and_traces() -> None:
    async with ward() as home:
        corti, agent = home.platform.corti, await home.agent()
        first = await home.send(agent, "tool please")
        for _ in range(3):
            await home.send(agent, contextId=first["contextId"])
        other = await home.send(agent)

        listed = [one async for one in corti.contexts.list(agent=agent, since=START)]
        assert [(one.id, one.task_count) for one in listed] == [(other["contextId"], 1), (first["contextId"], 4)]
        context = await corti.contexts.get(first["contextId"], history_length=1)
        assert [len(task.history) for task in context.tasks] == [1, 1, 1, 1]
        assert len([task async for task in corti.contexts.tasks(first["contextId"])]) == 4
        task = await corti.contexts.task(first["contextId"], first["id"])
        (artifact,) = task.artifacts
        assert await corti.contexts.artifact(first["contextId"], first["id"], artifact.artifact_id) == artifact
        traces = [one async for one in corti.contexts.traces(first["contextId"])]
        assert len(traces) == 4
        (top,) = traces[-1].tree()
        assert (top.span.kind, {child.span.kind for child in top.children} >= {"LLM", "AGENT"}) == ("CHAIN", True)
        await corti.contexts.delete(first["contextId"])
        with pytest.raises(NotFoundError):
            await corti.contexts.get(first["contextId"])


async def test_our_own_client_gives_lists_and_takes_back_feedback_and_reads_usage() -> None:
    async with ward() as home:
        corti, agent = home.platform.corti, await home.agent()
        task = await home.send(agent)
        ids = (task["contextId"], task["id"])
        spec = FeedbackSpec(is_positive=False, labels=[FeedbackLabel.OTHER], reason="late", actor_id="u-1")
        made = await corti.contexts.give_feedback(*ids, spec)
        assert (made.is_positive, made.labels, made.reason, made.actor_id) == (False, spec.labels, "late", "u-1")
        assert await corti.contexts.feedback(*ids) == (made,)
        for _ in range(2):
            await corti.contexts.delete_feedback(*ids, made.id)
        assert await corti.contexts.feedback(*ids) == ()

        home.clock.advance(timedelta(minutes=1))
        report = await (await corti.agents.get(agent)).usage(since=START, granularity="hour")
        assert (report.totals.invocations, report.totals.unique_contexts) == (1, 1)
        assert [(bucket.start, bucket.end) for bucket in report.buckets] == [(START, START + timedelta(hours=1))]

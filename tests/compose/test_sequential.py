"""Chains: handing on, stopping, and finding back to whoever asked (A2A-CMP-01 to -03)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from agentkit.compose import Caller, Parallel, RunContext, Sequential, collect
from agentkit.engine import InlineEngine
from agentkit.errors import SpecError
from agentkit.models import ArtifactUpdate, Event, Message, StatusUpdate, TaskState
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from tests.compose.agents import Leaf, context
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


async def test_each_answer_becomes_the_message_of_the_next() -> None:
    chain = Sequential("chain", [Leaf("a"), Leaf("b"), Leaf("c")])

    outcome = await collect(chain, Message.user("x"), context("chain"))

    assert outcome.state is TaskState.COMPLETED
    assert outcome.text == "c(b(a(x)))"


async def test_artifact_data_is_handed_on_and_artifacts_come_up_under_their_agents_name() -> None:
    chain = Sequential("chain", [Leaf("a", "produce"), Leaf("b")])
    first, second = chain.agents
    assert isinstance(first, Leaf)
    assert isinstance(second, Leaf)

    events: list[Event] = [event async for event in chain.run(Message.user("x"), context("chain"))]

    assert second.heard[0].data == ({"by": "a"},)
    assert second.heard[0].role == "user"
    working = [one for one in events if isinstance(one, StatusUpdate)]
    assert [one.metadata for one in working] == [{"agentkit.agent": "chain/a"}]
    assert [one.artifact.artifact_id for one in events if isinstance(one, ArtifactUpdate)] == ["a/r"]


async def test_the_message_of_a_step_has_the_same_id_whenever_it_is_sent() -> None:
    message, heard = Message.user("x"), list[str]()
    for _ in range(2):
        second = Leaf("b")
        await collect(Sequential("chain", [Leaf("a"), second]), message, context("chain"))
        heard.append(second.heard[0].message_id)

    assert heard[0] == heard[1] != message.message_id


@pytest.mark.parametrize(
    ("kind", "state", "text"), [("fail", "failed", "b: The agent failed"), ("reject", "rejected", "b: Not mine.")]
)
async def test_a_failure_stops_the_chain_and_names_the_agent(kind: str, state: str, text: str) -> None:
    last = Leaf("c")
    chain = Sequential("chain", [Leaf("a", "produce"), Leaf("b", kind), last])

    outcome = await collect(chain, Message.user("x"), context("chain"))

    assert outcome.state == state
    assert outcome.text.startswith(text)
    assert "Jane" not in outcome.text
    assert (outcome.metadata or {})["agentkit.agent"] == "chain/b"
    assert [artifact.artifact_id for artifact in outcome.artifacts] == ["a/r", "a/answer"]
    assert last.heard == []


async def test_the_answer_goes_to_the_agent_that_asked_and_nobody_is_run_again() -> None:
    """A2A-CMP-02."""
    leaves = [Leaf("a"), Leaf("b", "ask"), Leaf("c")]
    chain = Sequential("chain", leaves)
    asked = await collect(chain, Message.user("x"), context("chain"))
    assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "b?")
    assert (asked.metadata or {})["agentkit.agent"] == "chain/b"

    resumed = context("chain").child("x", resumed=True, continuation=asked.continuation)
    outcome = await collect(chain, Message.user("yes"), resumed)

    assert outcome.text == "c(b(yes))"
    assert [len(leaf.heard) for leaf in leaves] == [1, 2, 1]
    assert [leaf.resumed for leaf in leaves] == [[False], [False, True], [False]]


async def test_nested_compositions_find_back_after_a_restart(tmp_path: Path) -> None:
    def build() -> tuple[Sequential, list[Leaf]]:
        leaves = [Leaf("a"), Leaf("b"), Leaf("c", "ask"), Leaf("d")]
        return Sequential("outer", [leaves[0], Parallel("both", [leaves[1], Sequential("in", leaves[2:])])]), leaves

    caller = Caller("ann")
    database = await Database.open(tmp_path / "t.db", MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    task = await service.send(build()[0], Message.user("x"), caller, agent_id="o")
    assert task.text == "c?"
    assert task.metadata == {"agentkit.agent": "outer/both/in/c"}
    await service.close()
    await database.close()

    database = await Database.open(tmp_path / "t.db", MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    chain, leaves = build()
    leaves[2].kind = "answer"
    task = await service.send(chain, Message.user("yes", task_id=task.id), caller, agent_id="o")

    assert task.text == "b: b(a(x))\nin: d(c(yes))"
    assert [len(leaf.heard) for leaf in leaves] == [0, 0, 1, 1]
    await service.close()
    await database.close()


async def test_a_chain_that_was_changed_meanwhile_says_so() -> None:
    asked = await collect(Sequential("chain", [Leaf("a"), Leaf("b", "ask")]), Message.user("x"), context("chain"))
    resumed = context("chain").child("x", resumed=True, continuation=asked.continuation)

    outcome = await collect(Sequential("chain", [Leaf("a"), Leaf("z")]), Message.user("yes"), resumed)

    assert outcome.state is TaskState.FAILED
    assert "was changed while this task waited" in outcome.text


async def test_cancellation_reaches_the_running_leaf_and_every_agent_is_told() -> None:
    """A2A-CMP-01."""
    leaves = [Leaf("a"), Leaf("b", "wait"), Leaf("c")]
    chain = Sequential("chain", leaves)
    with anyio.fail_after(HANG):
        run = asyncio.create_task(collect(chain, Message.user("x"), context("chain")))
        await leaves[1].began.wait()
        run.cancel()
        await asyncio.wait([run])
        await chain.cancel(context("chain"))

    assert run.cancelled()
    assert leaves[1].stopped
    assert [leaf.cancelled for leaf in leaves] == [1, 1, 1]


async def test_a_composition_that_contains_itself_is_refused() -> None:
    class Mirror(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            async for event in Sequential("again", [self]).run(message, context):
                yield event

    outcome = await collect(Mirror("m"), Message.user("x"), context("m"))

    assert outcome.state is TaskState.FAILED
    assert "nested deeper" in outcome.text


def test_a_chain_needs_agents_with_different_names() -> None:
    with pytest.raises(SpecError, match="at least one"):
        Sequential("chain", [])
    with pytest.raises(SpecError, match=r"agents\[1\].name: another agent is called 'a'"):
        Sequential("chain", [Leaf("a"), Leaf("a")])
    with pytest.raises(SpecError, match="name"):
        Sequential(" ", [Leaf("a")])


def test_the_chain_is_one_skill_with_the_tags_of_its_agents() -> None:
    chain = Sequential("chain", [Leaf("a"), Leaf("b")], description="Does both")

    assert [(skill.id, skill.description, skill.tags) for skill in chain.skills] == [("chain", "Does both", ("a", "b"))]
    assert Sequential("chain", [Leaf("a"), Leaf("b")]).description == "Sequential of a, b"

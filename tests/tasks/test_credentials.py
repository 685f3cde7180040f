"""Credentials of a context are kept for its later turns, in process memory and for a named caller only (D4, D13)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from agentkit.compose import Caller, RunContext
from agentkit.credentials import Credentials, Token, Vault, attach
from agentkit.engine import InlineEngine
from agentkit.models import Event, Message, Task
from agentkit.storage import Database
from agentkit.tasks import SqlRepository, TaskService
from tests.tasks.agents import ALICE, ALICE_ELSEWHERE, BOB, ScriptedAgent, ask_then_answer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def keeping(database: Database) -> AsyncIterator[TaskService]:
    """A service with a vault."""
    made = TaskService(SqlRepository(database), InlineEngine(), vault=Vault[Credentials]())
    yield made
    await made.close()


async def which(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    tokens = [one.token for one in context.credentials.values() if isinstance(one, Token)]
    yield message.reply(" ".join(sorted(tokens)) or "none")


async def say(
    service: TaskService,
    *tokens: Token,
    caller: Caller = ALICE,
    context_id: str | None = None,
    agent_id: str = "a",
    agent: ScriptedAgent | None = None,
    task_id: str | None = None,
) -> Task:
    message = attach(Message.user("which?", context_id=context_id, task_id=task_id), tokens)
    asked = agent or ScriptedAgent(which)
    return await service.send(asked, message, caller, agent_id=agent_id, context_policy="adopt")


async def test_credentials_count_for_later_turns_of_their_context_and_for_nobody_else(keeping: TaskService) -> None:
    first = await say(keeping, Token("ehr", "e1"), Token("lab", "l1"))
    again = await say(keeping, context_id=first.context_id)
    renewed = await say(keeping, Token("ehr", "e2"), context_id=first.context_id)
    assert [first.text, again.text, renewed.text] == ["e1 l1", "e1 l1", "e2 l1"]
    assert (await say(keeping, context_id=first.context_id)).text == "e2 l1"
    assert (await say(keeping)).text == "none"
    for caller, agent_id in ((BOB, "a"), (ALICE_ELSEWHERE, "a"), (ALICE, "b")):
        assert (await say(keeping, caller=caller, agent_id=agent_id, context_id=first.context_id)).text == "none"


async def test_an_answer_finds_the_credential_that_the_question_brought(keeping: TaskService) -> None:
    agent = ScriptedAgent(ask_then_answer)
    asked = await say(keeping, Token("ehr", "e1"), agent=agent)
    await say(keeping, agent=agent, task_id=asked.id, context_id=asked.context_id)
    assert [dict(context.credentials) for _, context in agent.runs] == [{"ehr": Token("ehr", "e1")}] * 2


async def test_credentials_go_with_their_context(keeping: TaskService) -> None:
    first = await say(keeping, Token("ehr", "e1"))
    await keeping.delete_context(first.context_id, ALICE, agent_id="a")
    vault = keeping._station.vault  # pyright: ignore[reportPrivateUsage]
    assert repr(vault) == "Vault(0 contexts)"


async def test_callers_without_a_name_and_services_without_a_vault_keep_none(
    keeping: TaskService, service: TaskService
) -> None:
    for one, caller in ((keeping, Caller()), (service, ALICE)):
        first = await say(one, Token("ehr", "e1"), caller=caller)
        later = await say(one, caller=caller, context_id=first.context_id)
        assert (first.text, later.text) == ("e1", "none")


async def test_what_is_kept_is_bounded(keeping: TaskService) -> None:
    first = await say(keeping, Token("ehr", "e1"))
    huge = await say(keeping, Token("lab", "l" * 20_000), context_id=first.context_id)
    assert len(huge.text) > 20_000
    assert (await say(keeping, context_id=first.context_id)).text == "e1"

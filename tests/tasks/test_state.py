"""What agents keep of a conversation outlives turns and processes, and goes with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import cast

import pytest

from agentkit.compose import Caller, RunContext
from agentkit.errors import EngineError
from agentkit.models import Event, Json, Message
from agentkit.storage import Database
from agentkit.tasks import Scope, SqlRepository, TaskService
from agentkit.tasks.state import REMEMBERED, StoredState
from tests.tasks.agents import ALICE, ALICE_ELSEWHERE, BOB, ScriptedAgent

pytestmark = pytest.mark.anyio


async def counting(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    count = cast(int, await context.state.read("counting/count") or 0) + 1
    await context.state.write("counting/count", count)
    yield message.reply(f"{count}: {await context.state.read('counting/count')}")


async def say(service: TaskService, caller: Caller, context_id: str | None, agent_id: str = "a") -> tuple[str, str]:
    message = Message.user("x", context_id=context_id)
    task = await service.send(ScriptedAgent(counting), message, caller, agent_id=agent_id, context_policy="adopt")
    return task.text, task.context_id


async def test_state_belongs_to_a_conversation_of_a_caller_at_an_agent(service: TaskService) -> None:
    _, context_id = await say(service, ALICE, None)
    assert (await say(service, ALICE, context_id))[0] == "2: 2"
    assert (await say(service, ALICE, None))[0] == "1: 1"
    for caller, agent_id in ((BOB, "a"), (ALICE_ELSEWHERE, "a"), (ALICE, "b")):
        assert (await say(service, caller, context_id, agent_id))[0] == "1: 1"
    await service.delete_context(context_id, ALICE, agent_id="a")


async def test_values_come_back_as_they_were_and_none_forgets(service: TaskService, database: Database) -> None:
    _, context_id = await say(service, ALICE, None)
    repository = SqlRepository(database)

    def state() -> StoredState:
        return StoredState(repository, Scope.of(ALICE, "a"), context_id, service._clock)  # pyright: ignore[reportPrivateUsage]

    value: Json = {"list": [1, "two", None, 3.5, True], "æ": {}}
    writing = state()
    await writing.write("k", value)
    cast(dict[str, Json], value)["list"] = "changed later"
    for reading in (writing, state()):
        assert await reading.read("k") == {"list": [1, "two", None, 3.5, True], "æ": {}}
    await writing.write("k", None)
    for reading in (writing, state()):
        assert await reading.read("k") is None
    for number in range(REMEMBERED * 2):
        await writing.write(f"k{number}", number)
    assert [await writing.read(f"k{number}") for number in (0, REMEMBERED * 2 - 1)] == [0, REMEMBERED * 2 - 1]


@pytest.mark.parametrize(
    ("key", "value"),
    [("", 1), ("k" * 2000, 1), ("k", "v" * 100_000), ("k", object()), ("k", float("nan"))],
)
async def test_what_cannot_be_kept_is_refused(
    key: str, value: object, service: TaskService, database: Database
) -> None:
    _, context_id = await say(service, ALICE, None)
    state = StoredState(SqlRepository(database), Scope.of(ALICE, "a"), context_id, service._clock)  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(EngineError):
        await state.write(key, cast(Json, value))

"""Whatever callers do in whatever order, nobody sees anything of anybody else (A2A-SEC-02, A2A-SEC-04, CTX-03)."""

from __future__ import annotations

import asyncio
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.compose import Caller
from agentkit.engine import InlineEngine
from agentkit.errors import ContextNotFound, TaskError, TaskNotFound
from agentkit.models import Message, Task
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, ContextPolicy, SqlRepository, TaskService
from tests.tasks.agents import ScriptedAgent, ask_then_answer, echo

CALLERS = tuple(Caller(owner, tenant) for owner, tenant in product(("", "ann", "bob"), ("", "north")))
AGENTS = ("a", "b")

steps = st.lists(
    st.tuples(
        st.sampled_from(("open", "continue", "adopt", "answer", "delete")),
        st.sampled_from(CALLERS),
        st.sampled_from(AGENTS),
        st.integers(0, 9),
        st.sampled_from(("m1", "m2", "m3")),
    ),
    min_size=3,
    max_size=12,
)

Owner = tuple[str, str, str]


class House:
    """A service, and beside it a plain model of who owns what."""

    def __init__(self, service: TaskService) -> None:
        self.service = service
        self.tasks: dict[str, Owner] = {}
        self.contexts: dict[str, set[Owner]] = {}
        self._of_context: dict[tuple[str, Owner], set[str]] = {}
        self.deleted: set[tuple[str, Owner]] = set()

    async def take(self, step: tuple[str, Caller, str, int, str]) -> None:
        action, caller, agent_id, choice, message_id = step
        owner = (caller.tenant, caller.owner, agent_id)
        context_id = self._pick(sorted(self.contexts), choice)
        task_id = self._pick(list(self.tasks), choice)
        message = Message.user(f"{owner} says {message_id}").model_copy(update={"message_id": message_id})
        policy: ContextPolicy = "refuse"
        if action in ("continue", "delete") and context_id is None:
            return
        if action == "delete" and context_id is not None:
            await self._delete(context_id, caller, owner)
            return
        if action == "continue":
            message = message.model_copy(update={"context_id": context_id})
        elif action == "adopt":
            message = message.model_copy(update={"context_id": f"given-{choice % 2}"})
            policy = "adopt"
        elif action == "answer" and task_id is not None:
            message = message.model_copy(update={"task_id": task_id})
        agent = ScriptedAgent(ask_then_answer if choice % 2 else echo)
        try:
            task = await self.service.send(agent, message, caller, agent_id=agent_id, context_policy=policy)
        except TaskError:
            return
        assert message.context_id in (None, task.context_id)
        self._note(task, owner)

    async def check(self) -> None:
        for caller, agent_id in product(CALLERS, AGENTS):
            owner = (caller.tenant, caller.owner, agent_id)
            mine = {task_id for task_id, one in self.tasks.items() if one == owner}
            page = await self.service.list_tasks(caller, agent_id=agent_id, limit=100)
            assert {task.id for task in page.tasks} == mine
            for task in page.tasks:
                assert all(f"{owner}" in one.text for one in task.history if one.role == "user")
            for task_id in self.tasks.keys() - mine:
                assert await self._misses(task_id, caller, agent_id)
            for context_id, owners in self.contexts.items():
                found = await self._context(context_id, caller, agent_id)
                assert (found is not None) == (owner in owners)
                assert {task.id for task in found or ()} <= mine

    async def _delete(self, context_id: str, caller: Caller, owner: Owner) -> None:
        try:
            await self.service.delete_context(context_id, caller, agent_id=owner[2])
        except ContextNotFound:
            assert owner not in self.contexts[context_id]
            return
        assert owner in self.contexts[context_id]
        self.contexts[context_id].discard(owner)
        self.deleted.add((context_id, owner))
        for task_id in self._of_context.pop((context_id, owner)):
            del self.tasks[task_id]

    def _note(self, task: Task, owner: Owner) -> None:
        assert self.tasks.setdefault(task.id, owner) == owner
        assert (task.context_id, owner) not in self.deleted
        self.contexts.setdefault(task.context_id, set()).add(owner)
        self._of_context.setdefault((task.context_id, owner), set()).add(task.id)

    async def _misses(self, task_id: str, caller: Caller, agent_id: str) -> bool:
        try:
            await self.service.get(task_id, caller, agent_id=agent_id)
        except TaskNotFound:
            return True
        return False

    async def _context(self, context_id: str, caller: Caller, agent_id: str) -> list[Task] | None:
        try:
            context = await self.service.context(context_id, caller, agent_id=agent_id)
        except ContextNotFound:
            return None
        return [item for item in context.items if isinstance(item, Task)]

    @staticmethod
    def _pick(choices: list[str], choice: int) -> str | None:
        return choices[choice % len(choices)] if choices else None


async def live_through(actions: list[tuple[str, Caller, str, int, str]]) -> None:
    database = await Database.open(None, MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    house = House(service)
    for step in actions:
        await house.take(step)
    await house.check()
    await service.close()
    await database.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_nobody_ever_sees_what_belongs_to_another_owner_tenant_or_agent(
    actions: list[tuple[str, Caller, str, int, str]],
) -> None:
    asyncio.run(live_through(actions))

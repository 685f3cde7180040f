"""Several agents at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Final, Literal

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import Combinator, cancel_all, passed_on, stopped
from agentkit.compose.outcome import Outcome, status_update
from agentkit.compose.pending import Pending, Result
from agentkit.compose.turn import Turn
from agentkit.errors import SpecError
from agentkit.models import ArtifactUpdate, Event, Message, Part, Role, StatusUpdate, TaskState

DEFAULT_LIMIT: Final = 8
"""So many agents of one `Parallel` run at the same time unless it is told otherwise."""

_WINDOW: Final = 64

_Update = StatusUpdate | ArtifactUpdate


class Parallel(Combinator):
    """Gives all agents the same message at the same time and joins their answers into one message.

    The joined message has one text part per agent that starts with the agent's name, and behind them the data parts,
    each with the agent's name in its metadata. Questions of several agents are asked one after the other; each answer
    goes to the agent that asked, and what the others found is kept meanwhile.
    """

    def __init__(
        self,
        name: str,
        agents: Sequence[Agent],
        *,
        description: str | None = None,
        limit: int = DEFAULT_LIMIT,
        on_failure: Literal["fail", "keep"] = "fail",
    ) -> None:
        """Combine agents.

        Args:
            name: The name of the combination.
            agents: Whom to ask.
            description: What the combination is for.
            limit: How many run at the same time.
            on_failure: `fail` stops the others when one fails; `keep` joins what the others found and says who failed.

        Raises:
            SpecError: There is no agent, two share a name, or the limit is below 1.
        """
        super().__init__(name, agents, description=description)
        if limit < 1:
            raise SpecError("Parallel.limit", "must be at least 1")
        self._limit = limit
        self._keep = on_failure == "keep"

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Ask all agents, or give the answer to the one that asked."""
        pending = Pending.read(context, [agent.name for agent in self.agents])
        asked = pending.first
        due = [agent for agent in self.agents if asked in (None, agent.name)]
        children = {
            agent.name: context.child(agent.name, resumed=asked is not None, continuation=pending.inner(agent.name))
            for agent in due
        }
        pending.answered()
        async with aclosing(self._together(due, message, children, context)) as happenings:
            async for name, happening in happenings:
                if not isinstance(happening, Outcome):
                    yield passed_on(happening, children[name])
                elif happening.state.is_interrupted:
                    pending.ask(name, happening)
                elif happening.state is TaskState.COMPLETED or self._keep:
                    pending.finish(name, happening)
                else:
                    yield stopped(happening, children[name], None)
                    return
        yield self._joined(pending, context)

    def _joined(self, pending: Pending, context: RunContext) -> Event:
        name = pending.first
        if name is not None:
            return stopped(pending.question(name), context.child(name), pending.write())
        results = {agent.name: pending.results[agent.name] for agent in self.agents}
        answer = _join(results, context)
        if all(result.state is not TaskState.COMPLETED for result in results.values()):
            return status_update(context, TaskState.FAILED, answer)
        return answer

    async def _together(
        self, agents: Sequence[Agent], message: Message, children: Mapping[str, RunContext], context: RunContext
    ) -> AsyncGenerator[tuple[str, _Update | Outcome]]:
        happenings: asyncio.Queue[tuple[str, _Update | Outcome]] = asyncio.Queue(_WINDOW)
        slots = asyncio.Semaphore(self._limit)

        async def one(agent: Agent) -> None:
            async with slots:
                turn = Turn(agent, message, children[agent.name])
                async with aclosing(turn.events()) as events:
                    async for update in events:
                        await happenings.put((agent.name, update))
            await happenings.put((agent.name, turn.outcome))

        tasks = {agent.name: asyncio.create_task(one(agent)) for agent in agents}
        left = dict.fromkeys(children)
        try:
            while left:
                name, happening = await happenings.get()
                if isinstance(happening, Outcome):
                    del left[name]
                yield name, happening
        except GeneratorExit:
            await _stop(tasks.values())
            await cancel_all([agent for agent in agents if agent.name in left], context)
            raise
        finally:
            await _stop(tasks.values())


async def _stop(tasks: Iterable[asyncio.Task[None]]) -> None:
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)


def _join(results: Mapping[str, Result], context: RunContext) -> Message:
    texts: list[Part] = []
    data: list[Part] = []
    for name, result in results.items():
        said = "\n".join(part.text for part in result.parts if part.text is not None)
        text = said if result.state is TaskState.COMPLETED else f"failed: {said or result.state.value}"
        mark = {"agentkit.agent": "/".join((*context.path, name))}
        texts.append(Part(text=f"{name}: {text}" if text else f"{name}: done", metadata=dict(mark)))
        data += [
            part.model_copy(update={"metadata": {**(part.metadata or {}), **mark}})
            for part in result.parts
            if part.kind != "text"
        ]
    return Message(role=Role.AGENT, parts=(*texts, *data), context_id=context.context_id, task_id=context.task_id)

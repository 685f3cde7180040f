"""The expert at work: a prompt, tools of several servers and a reasoner, in a bounded loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from typing import Final

from agentkit.errors import AgentKitError, McpAuthRequired, McpError
from agentkit.experts.events import CallStarted, Step, WorkerEvent, WorkerResult, WorkerState
from agentkit.experts.offer import Offer
from agentkit.experts.toolbox import Toolbox
from agentkit.reasoning import Act, Answer, Ask, CallTool, Decline, Observation, Reasoner, Situation, Tool
from agentkit.tracing import span

DEFAULT_MAX_STEPS: Final = 8


class Worker:
    """An expert that can be asked.

    The reasoner decides, the worker carries out: it calls the tool, adds what came of it and asks again, until there
    is an answer or a question, or the limit of steps is reached.
    """

    def __init__(
        self,
        name: str,
        reasoner: Reasoner,
        toolboxes: Mapping[str, Toolbox],
        prompt: str = "",
        max_steps: int = DEFAULT_MAX_STEPS,
    ) -> None:
        """Put an expert together.

        Args:
            name: The expert's name, on its steps and spans.
            reasoner: Decides.
            toolboxes: Tools by the name of their server; a tool name that two servers offer gets the server's name in
                front.
            prompt: How the expert shall work.
            max_steps: The most tool calls of one run.
        """
        self.name = name
        self._reasoner = reasoner
        self._toolboxes = dict(toolboxes)
        self._prompt = prompt
        self._max_steps = max_steps
        self._offer: Offer | None = None

    async def tools(self) -> tuple[Tool, ...]:
        """What the expert can call, asked of the servers once in the life of the worker.

        Raises:
            McpError: A server cannot be used; `McpAuthRequired` when it wants a credential.
        """
        return (await self._offered()).tools

    async def run(self, situation: Situation) -> AsyncGenerator[WorkerEvent, None]:
        """Work on one message.

        Args:
            situation: The message with the history and observations of its context. Prompt and tools are filled in
                here; all observations given count as earlier ones.

        Yields:
            `CallStarted` and `Step` for every tool call, at the end one `WorkerResult`.

        Raises:
            McpAuthRequired: A server wants a credential.
            AgentKitError: The reasoner cannot go on.
        """
        # A task of its own keeps the span out of the context of whoever reads the events between two of them.
        events: asyncio.Queue[WorkerEvent | None] = asyncio.Queue()

        async def work() -> None:
            try:
                with span("expert.work", {"agentkit.expert.name": self.name}) as hop:
                    result = await self._work(situation, events.put_nowait)
                    hop.content(asked=situation.text, answered=result.text)
                    events.put_nowait(result)
            finally:
                events.put_nowait(None)

        task = asyncio.create_task(work())
        try:
            while (event := await events.get()) is not None:
                yield event
            await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def _work(self, situation: Situation, emit: Callable[[WorkerEvent], None]) -> WorkerResult:
        steps: list[Step] = []
        new: list[Observation] = []
        try:
            offer = await self._offered()
            # What others, or this expert in an earlier piece of the message, have found is not the work of this run.
            known = tuple(replace(observation, current=False) for observation in situation.observations)
            situation = replace(situation, instructions=self._prompt, tools=offer.tools, observations=known)
            act = await self._reasoner.decide(situation)
            while isinstance(act, CallTool):
                if len(steps) >= self._max_steps:
                    return self._gave_up(steps, new)
                emit(CallStarted(self.name, offer.server(act.tool), offer.name(act.tool), act.arguments))
                step, observation = await offer.call(self.name, act)
                steps.append(step)
                new.append(observation)
                emit(step)
                situation = replace(situation, observations=(*situation.observations, observation))
                act = await self._reasoner.decide(situation)
        except McpAuthRequired:
            raise
        except McpError as error:
            return WorkerResult(
                str(error), state=WorkerState.FAILED, steps=tuple(steps), observations=tuple(new), error=error
            )
        return _result(act, steps, new)

    def _gave_up(self, steps: list[Step], new: list[Observation]) -> WorkerResult:
        error = AgentKitError(
            f"The expert {self.name} did not come to an answer within {self._max_steps} tool calls.",
            remedy="Ask a narrower question, or raise max_steps.",
        )
        return WorkerResult(
            str(error), state=WorkerState.FAILED, steps=tuple(steps), observations=tuple(new), error=error
        )

    async def _offered(self) -> Offer:
        if self._offer is None:
            self._offer = await Offer.of(self._toolboxes)
        return self._offer


def _result(act: Act, steps: list[Step], new: list[Observation]) -> WorkerResult:
    done, seen = tuple(steps), tuple(new)
    match act:
        case Answer(text, data):
            return WorkerResult(text, data=data, steps=done, observations=seen)
        case Ask(text, missing):
            return WorkerResult(text, state=WorkerState.INPUT_REQUIRED, steps=done, observations=seen, missing=missing)
        case Decline(text):
            return WorkerResult(text, steps=done, observations=seen, declined=True)
        case _:  # to delegate is for orchestrators; a reasoner of somebody else may say anything
            decided = type(act).__name__
            error = AgentKitError(f"The reasoner decided {decided}; it may answer, ask, decline or call a tool.")
            return WorkerResult(str(error), state=WorkerState.FAILED, steps=done, observations=seen, error=error)

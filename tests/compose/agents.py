"""Leaves and contexts for the tests of compositions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from agentkit.compose import Caller, Outcome, RunContext, Usage, charged, status_update
from agentkit.engine import InlineEngine
from agentkit.models import AgentSkill, Artifact, ArtifactUpdate, Event, Message, Part, TaskState


def context(name: str = "root") -> RunContext:
    return RunContext("c-1", "t-1", Caller("ann"), InlineEngine(), path=(name,))


class Leaf:
    """Answers `name(text)` and counts; the kind says what else it does."""

    description = "A leaf of the tests"

    def __init__(self, name: str, kind: str = "answer") -> None:
        self.name = name
        self.kind = kind
        self.heard: list[Message] = []
        self.resumed: list[bool] = []
        self.cancelled = 0
        self.stopped = False
        self.began = asyncio.Event()

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        return (AgentSkill(id=self.name, name=self.name, description="", tags=(self.name,)),)

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self.heard.append(message)
        self.resumed.append(context.resumed)
        self.began.set()
        if self.kind == "fail":
            raise RuntimeError("Jane Example")
        if self.kind == "wait":
            try:
                await asyncio.Event().wait()
            finally:
                self.stopped = True
        if self.kind == "reject":
            yield status_update(context, TaskState.REJECTED, message.reply("Not mine."))
            return
        if self.kind.startswith("ask") and len(self.heard) <= int(self.kind[3:] or 1):
            yield status_update(context, TaskState.INPUT_REQUIRED, message.reply(f"{self.name}?"))
            return
        if self.kind == "produce":
            artifact = Artifact(artifact_id="r", parts=(Part(data={"by": self.name}),))
            yield status_update(context, TaskState.WORKING, message.reply("looking"))
            yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)
        yield message.reply(f"{self.name}({message.text})")

    async def cancel(self, context: RunContext) -> None:
        self.cancelled += 1


class Spender(Leaf):
    """A leaf that tells what it used, also when it fails."""

    def __init__(self, name: str, kind: str = "answer", **used: float) -> None:
        super().__init__(name, kind)
        self.used = Usage(used.get("credits", 0.0), int(used.get("tokens", 0)), 0, used.get("seconds", 0.0))

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        if self.kind == "wait":
            async for event in super().run(message, context):
                yield event
        self.heard.append(message)
        state = TaskState.FAILED if self.kind == "reject" else TaskState.COMPLETED
        yield charged(status_update(context, state, message.reply(f"{self.name}({message.text})")), self.used)


def resumed(outcome: Outcome, name: str = "root") -> RunContext:
    """The context in which an agent goes on that ended a turn paused."""
    return replace(context(name), resumed=True, continuation=outcome.continuation)

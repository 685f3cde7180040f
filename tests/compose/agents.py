"""Leaves and contexts for the tests of compositions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from agentkit.compose import Caller, RunContext, status_update
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

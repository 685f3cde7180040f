"""Agents and callers for the tests of the task service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from agentkit.compose import Caller, RunContext, status_update
from agentkit.models import (
    AgentSkill,
    Artifact,
    ArtifactUpdate,
    Event,
    JsonObject,
    Message,
    Part,
    StatusUpdate,
    TaskState,
)

ALICE = Caller("alice", "north")
BOB = Caller("bob", "north")
ALICE_ELSEWHERE = Caller("alice", "south")

Script = Callable[[Message, RunContext], AsyncIterator[Event]]


class ScriptedAgent:
    """Does what its script says and counts."""

    name = "scripted"
    description = "An agent of the tests"
    skills: tuple[AgentSkill, ...] = ()
    mcp_names = None

    def __init__(self, script: Script) -> None:
        self._script = script
        self.runs: list[tuple[Message, RunContext]] = []
        self.cancelled: list[RunContext] = []

    def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        self.runs.append((message, context))
        return self._script(message, context)

    async def cancel(self, context: RunContext) -> None:
        self.cancelled.append(context)


async def echo(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    yield message.reply(f"You said: {message.text}")


async def ask_then_answer(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    if not context.resumed:
        yield asked(context, "Which one?")
    else:
        yield message.reply(f"{message.text} it is.")


def working(context: RunContext, text: str) -> StatusUpdate:
    return status_update(context, TaskState.WORKING, Message.agent(text))


def asked(context: RunContext, text: str, metadata: JsonObject | None = None) -> StatusUpdate:
    return status_update(context, TaskState.INPUT_REQUIRED, Message.agent(text), metadata)


def chunk(context: RunContext, text: str, *, artifact: str = "a", append: bool = True) -> ArtifactUpdate:
    return ArtifactUpdate(
        task_id=context.task_id,
        context_id=context.context_id,
        artifact=Artifact(artifact_id=artifact, parts=(Part(text=text),)),
        append=append,
    )


class Gate:
    """An agent's script that says it began, then waits until it may go on."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self.began.set()
        await self.open.wait()
        yield message.reply("done")

"""What the tests of streams and conversations share: agents of the double, and what their events come to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from anyio.lowlevel import checkpoint

from agentkit.client import AgentHandle, EventStream
from agentkit.models import Artifact, ArtifactUpdate, Event, Message, StatusUpdate, Task
from agentkit.models.artifacts import ArtifactStore
from tests.client.connecting import connected
from tests.contract.corti_double import CortiDouble
from tests.deadline import HANG


@dataclass(frozen=True)
class Side:
    """A generation of the API and how messages travel in it."""

    generation: Literal["v1", "v2"]
    binding: Literal["HTTP+JSON", "JSONRPC"]

    def __str__(self) -> str:
        return f"{self.generation} {self.binding}"


V1 = Side("v1", "HTTP+JSON")
V2_RPC = Side("v2", "JSONRPC")
V2_REST = Side("v2", "HTTP+JSON")
SIDES = (V1, V2_RPC, V2_REST)
BOTH = (V1, V2_RPC)

STREAMS = {V1: "POST */v1", V2_RPC: "POST */a2a", V2_REST: "POST */message:stream"}
"""What opens a stream."""
RESUMPTIONS = {V1: "GET */tasks/*", V2_RPC: "POST */a2a", V2_REST: "POST */tasks/*:subscribe"}
"""What resumes one."""


class Pauses:
    """Time that a client spends waiting: it passes at once, and is counted."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await checkpoint()


@asynccontextmanager
async def talking_to(
    double: CortiDouble, side: Side, pauses: Pauses | None = None, *, agent: str | None = None, **settings: Any
) -> AsyncGenerator[AgentHandle]:
    """An agent of the double, made for this test unless one is given."""
    agent = agent or added(double, side)
    settings = {"generation": side.generation, "binding": side.binding, "sleep": pauses or Pauses(), **settings}
    async with connected(double, **settings) as corti:
        yield await corti.agents.get(agent)


def added(double: CortiDouble, side: Side, **fields: Any) -> str:
    """An agent of the side's generation."""
    return double.add_agent(**fields) if side.generation == "v1" else double.add_v2_agent(**fields)


@dataclass(frozen=True)
class Story:
    """What events come to, however they were cut into connections.

    Where chunks of an artifact begin and end is not part of it, nor a state that was passed without a word.
    """

    words: tuple[str, ...]
    ids: tuple[str, ...]
    artifacts: tuple[tuple[str, str], ...]
    end: str

    @property
    def without_ids(self) -> tuple[object, ...]:
        return self.words, self.artifacts, self.end


def story(events: Iterable[Event]) -> Story:
    """Read events one after the other."""
    said: list[Message] = []
    artifacts = ArtifactStore()
    end = ""
    for event in events:
        match event:
            case Task():
                artifacts = ArtifactStore(event.artifacts)
                said += [event.status.message] if event.status.message else []
                end = event.status.state.value
            case StatusUpdate():
                said += [event.status.message] if event.status.message else []
                end = event.status.state.value
            case ArtifactUpdate():
                artifacts.add(event)
            case Message():
                said.append(event)
                end = "message"
    return Story(
        tuple(message.text for message in said), tuple(message.message_id for message in said), content(artifacts), end
    )


def content(artifacts: ArtifactStore | Iterable[Artifact]) -> tuple[tuple[str, str], ...]:
    """Ids and contents, chunks of text joined."""
    listed = artifacts.all() if isinstance(artifacts, ArtifactStore) else artifacts
    return tuple(
        (one.artifact_id, "".join(part.text if part.text is not None else repr(part.data) for part in one.parts))
        for one in listed
    )


async def heard(stream: EventStream) -> list[Event]:
    async with asyncio.timeout(HANG):
        return [event async for event in stream]


async def as_the_server_has_it(agent: AgentHandle, stream: EventStream, events: Sequence[Event]) -> None:
    """Nothing lost, nothing repeated: the events and the reply are what the task is in the end."""
    assert stream.reply is not None
    told = stream.reply.task
    assert told is not None
    kept = await agent.task(told.id)
    heard_of = story(events)
    said = [*kept.history[1:], *([kept.status.message] if kept.status.message else [])]
    assert heard_of.ids == tuple(message.message_id for message in said)
    assert heard_of.artifacts == content(kept.artifacts)
    assert heard_of.end == kept.status.state.value
    assert content(told.artifacts) == content(kept.artifacts)
    assert (told.status, told.history, told.metadata) == (kept.status, kept.history, kept.metadata)
    tasks = [event for event in events if isinstance(event, Task)]
    assert events[:1] == tasks

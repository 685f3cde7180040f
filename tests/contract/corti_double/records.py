"""What the double remembers: agents, contexts, tasks, and who executed what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tests.contract.corti_double.gates import Signal
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.turns import FINAL, State


@dataclass
class AgentRecord:
    """An agent; `wire` is the JSON that its generation answers with."""

    id: str
    wire: JsonObject
    created: datetime
    ephemeral: bool = False
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    """The static bearers of its MCP servers by server name (V1-OBJ-05)."""


@dataclass(frozen=True)
class ServerFacts:
    """What decides how an MCP server is authenticated at."""

    name: str
    authorization: str
    """`none`, `bearer`, `inherit` or `oauth2.0`."""
    static_token: str | None = None


@dataclass(frozen=True)
class Credential:
    """An auth part that came with a message (section 10)."""

    kind: Literal["token", "credentials"]
    server: str
    token: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


@dataclass(frozen=True)
class Execution:
    """A turn that was really executed."""

    agent_id: str
    context_id: str
    task_id: str
    message_id: str
    at: datetime


@dataclass
class ContextRecord:
    """A context: what was said in it, oldest first."""

    id: str
    agent_id: str
    created: datetime
    updated: datetime
    items: list[TaskRecord | JsonObject] = field(default_factory=list["TaskRecord | JsonObject"])
    credentials: dict[str, Credential] = field(default_factory=dict[str, Credential])
    """What was registered when the context began (MCPAUTH-14)."""
    unauthorized: list[str] = field(default_factory=list[str])
    """The MCP servers that refused it."""
    turns: int = 0
    questionnaire: JsonObject | None = None
    questionnaire_turn: int = 0
    trace_reads: int = 0

    @property
    def tasks(self) -> list[TaskRecord]:
        """Its tasks, oldest first."""
        return [item for item in self.items if isinstance(item, TaskRecord)]


@dataclass
class TaskRecord:
    """A task with everything it has streamed so far; messages and artifacts are JSON of its generation."""

    id: str
    agent_id: str
    context_id: str
    updated: datetime
    state: State | str = "submitted"
    busy: bool = True
    """Whether a turn is at work; a state that nobody knows ends a turn as well."""
    message: JsonObject | None = None
    timestamp: str = ""
    history: list[JsonObject] = field(default_factory=list[JsonObject])
    artifacts: list[JsonObject] = field(default_factory=list[JsonObject])
    metadata: JsonObject = field(default_factory=dict[str, Any])
    events: list[JsonObject] = field(default_factory=list[JsonObject])
    ends: set[int] = field(default_factory=set[int])
    """The places of the events that ended a turn."""
    answer: JsonObject | None = None
    """The message that was given instead of a task."""
    signal: Signal = field(default_factory=Signal)
    worker: asyncio.Task[None] | None = None
    feedback: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state in FINAL

    @property
    def is_settled(self) -> bool:
        """Whether a caller who waits gets an answer now (V1-SEND-08, V2-SEND-01)."""
        return not self.busy

    def publish(self, event: JsonObject) -> None:
        """Tell it to all who follow; an event that settles the task is the last one of its turn."""
        if self.is_settled:
            self.ends.add(len(self.events))
        self.events.append(event)
        self.signal.notify()

    async def settled(self) -> None:
        """Wait until the turn is over."""
        await self.signal.until(lambda: self.is_settled)

    async def follow(self, start: int) -> AsyncGenerator[tuple[int, JsonObject]]:
        """The events from there on, until the turn is over; each with its number, counted from 1."""
        index = start
        while True:
            await self.signal.until(lambda place=index: place < len(self.events) or self.is_settled)
            if index >= len(self.events):
                return
            yield index + 1, self.events[index]
            if index in self.ends:
                return
            index += 1

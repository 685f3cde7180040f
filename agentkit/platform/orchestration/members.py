"""Whoever can be given work."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from agentkit.errors import AgentKitError, McpError
from agentkit.experts import Worker, WorkerResult, WorkerState
from agentkit.reasoning import Candidate, Situation


class Member(Protocol):
    """Somebody to whom an orchestrator can delegate."""

    @property
    def name(self) -> str:
        """Unique in the team."""
        ...

    async def introduce(self) -> Candidate:
        """What the member is good for and which tools it has.

        Raises:
            McpError: One of its servers cannot be used.
        """
        ...

    async def work(self, situation: Situation) -> WorkerResult:
        """Do a piece of work.

        Raises:
            McpAuthRequired: A server refused the credential.
        """
        ...


class ExpertMember:
    """A custom or registry expert."""

    def __init__(self, description: str, worker: Worker) -> None:
        """Let a worker do the work."""
        self._description = description
        self._worker = worker

    @property
    def name(self) -> str:
        """The expert's name."""
        return self._worker.name

    async def introduce(self) -> Candidate:
        """The expert with its tools."""
        return Candidate(self.name, self._description, await self._worker.tools())

    async def work(self, situation: Situation) -> WorkerResult:
        """Run the worker to its end."""
        async for event in self._worker.run(situation):
            if isinstance(event, WorkerResult):
                return event
        error = AgentKitError(f"The expert {self.name} ended without a result.")
        return WorkerResult(str(error), state=WorkerState.FAILED, error=error)


async def introduce(members: Sequence[Member]) -> tuple[tuple[Candidate, ...], tuple[tuple[str, McpError], ...]]:
    """Ask all members at once who they are.

    Returns:
        Those who answered, and the names of those who could not with the reason.
    """

    async def ask(member: Member) -> Candidate | McpError:
        try:
            return await member.introduce()
        except McpError as error:
            return error

    async with asyncio.TaskGroup() as group:
        asked = [(member.name, group.create_task(ask(member))) for member in members]
    answers = [(name, task.result()) for name, task in asked]
    present = tuple(answer for _, answer in answers if isinstance(answer, Candidate))
    absent = tuple((name, answer) for name, answer in answers if isinstance(answer, McpError))
    return present, absent

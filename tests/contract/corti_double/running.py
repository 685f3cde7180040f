"""Runs a turn on a task, step by step, and tells it to all who follow."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.contract.corti_double.dialects import Dialect
from tests.contract.corti_double.records import ContextRecord, TaskRecord
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.turns import Hold, Part, Produce, Report, State, Turn


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Runner:
    """One turn on one task."""

    def __init__(self, dialect: Dialect, context: ContextRecord, task: TaskRecord, now: Callable[[], datetime]) -> None:
        """Work on this task."""
        self._dialect = dialect
        self._context = context
        self._task = task
        self._now = now

    async def run(self, turn: Turn) -> None:
        """Work through the turn."""
        if turn.as_message:
            await self._run_as_message(turn)
            return
        self.change("working")
        if turn.gate is not None:
            await turn.gate.pass_through()
        for step in (*turn.steps, *turn.artifacts):
            match step:
                case Hold(gate):
                    await gate.pass_through()
                case Report(text, state, metadata):
                    self.change(state, [Part(text=text)] if text is not None else [], metadata)
                case Produce():
                    self._produce(step)
        cost = self._dialect.usage(turn.usage) if turn.usage else {}
        metadata = {**cost, **(turn.metadata or {})}
        self._task.metadata |= metadata
        self._task.busy = False
        self.change(turn.state, turn.answer, metadata or None)

    async def _run_as_message(self, turn: Turn) -> None:
        if turn.gate is not None:
            await turn.gate.pass_through()
        message = self._dialect.message(turn.answer, None, self._context.id, timestamp(self._now()))
        self._context.items.append(message)
        self._task.answer = message
        self._task.busy = False
        self._task.publish(self._dialect.message_event(message))

    def change(
        self, state: State | str, parts: list[Part] | None = None, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Give the task another status; the message of the last one becomes history."""
        task = self._task
        if task.message is not None:
            task.history.append(task.message)
        task.updated = self._context.updated = self._now()
        task.timestamp = timestamp(task.updated)
        task.message = self._dialect.message(parts, task.id, task.context_id, task.timestamp) if parts else None
        task.state = state
        task.publish(self._dialect.status_event(task, metadata))

    def _produce(self, step: Produce) -> None:
        artifact: JsonObject = {
            "artifactId": step.id or self._dialect.new_id("art"),
            "parts": self._dialect.parts(step.parts),
        }
        more = {"name": step.name, "description": step.description, "metadata": step.metadata}
        artifact |= {name: value for name, value in more.items() if value is not None}
        known = next((a for a in self._task.artifacts if a["artifactId"] == artifact["artifactId"]), None)
        stored = copy.deepcopy(artifact)
        if known is None:
            self._task.artifacts.append(stored)
        elif step.append:
            known["parts"].extend(stored["parts"])
        else:
            known.clear()
            known.update(stored)
        self._task.publish(self._dialect.artifact_event(self._task, artifact, step))

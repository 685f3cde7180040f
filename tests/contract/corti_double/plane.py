"""One generation's agents, contexts and tasks, and how a message becomes a turn in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.contract.corti_double import mcp_auth, questionnaire
from tests.contract.corti_double.dialects import Dialect
from tests.contract.corti_double.mcp_auth import McpRules
from tests.contract.corti_double.records import (
    AgentRecord,
    ContextRecord,
    Credential,
    Execution,
    ServerFacts,
    TaskRecord,
)
from tests.contract.corti_double.running import Runner, timestamp
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.troubles import Trouble
from tests.contract.corti_double.turns import Received, Turn


@dataclass(frozen=True)
class Sent:
    """A message that is already checked and whose ids are in their full form."""

    agent: AgentRecord
    servers: Sequence[ServerFacts]
    message: JsonObject
    message_id: str
    context_id: str | None
    task_id: str | None


class Plane:
    """The state of `/agents` or of `/v2/agentic`; the two know nothing of each other."""

    def __init__(
        self,
        dialect: Dialect,
        rules: McpRules,
        now: Callable[[], datetime],
        choose: Callable[[Received], Turn],
    ) -> None:
        """Start empty."""
        self.dialect = dialect
        self.agents: dict[str, AgentRecord] = {}
        self.deleted: set[str] = set()
        self.contexts: dict[str, ContextRecord] = {}
        self.tasks: dict[str, TaskRecord] = {}
        self.executions: list[Execution] = []
        self.deduplicates = True
        self._runs: dict[tuple[str, str | None, str], tuple[TaskRecord, int]] = {}
        self._rules = rules
        self._now = now
        self._choose = choose

    def accept(self, sent: Sent) -> tuple[TaskRecord, int]:
        """Start a turn, or find the one that the same message has started (CLI-10).

        Returns:
            The task, and the place in its events where this turn begins.

        Raises:
            Trouble: The message cannot be taken.
        """
        kept, credentials = mcp_auth.take_credentials(sent.message["parts"])
        mcp_auth.require_inherited(self._rules, sent.servers, credentials)
        key = (sent.agent.id, sent.context_id, sent.message_id)
        if self.deduplicates and key in self._runs:
            return self._runs[key]
        task, context = self._place(sent, credentials)
        message = {**sent.message, "parts": kept, "contextId": context.id}
        received = Received(
            text="\n".join(part["text"] for part in kept if isinstance(part.get("text"), str)),
            data=[part["data"] for part in kept if isinstance(part.get("data"), dict)],
            message=message,
            agent_id=sent.agent.id,
            context_id=context.id,
            task_id=task.id,
            earlier=context.turns,
        )
        turn = self._turn(context, received)
        if turn.as_message and sent.task_id is None:
            context.items.append(message)
        else:
            self._enter(task, context, {**message, "taskId": task.id})
        start = len(task.events)
        if not turn.as_message:
            task.publish(self.dialect.task_event(task))
        self._runs[key] = (task, start)
        context.turns += 1
        self.executions.append(Execution(sent.agent.id, context.id, task.id, sent.message_id, self._now()))
        runner = Runner(self.dialect, context, task, self._now)
        task.worker = asyncio.get_running_loop().create_task(runner.run(turn))
        return task, start

    def cancel(self, task: TaskRecord) -> None:
        """Stop a task.

        Raises:
            Trouble: It is in a final state.
        """
        if task.is_final:
            raise Trouble("not_cancelable", "The task is in a final state.")
        if task.worker is not None:
            task.worker.cancel()
        task.busy = False
        Runner(self.dialect, self.contexts[task.context_id], task, self._now).change("canceled")

    def forget(self, context: ContextRecord) -> None:
        """Delete a context with everything in it (V1-CTXEP-02, V2-EP-20)."""
        for task in context.tasks:
            if not task.is_final:
                self.cancel(task)
            del self.tasks[task.id]
        del self.contexts[context.id]

    def _place(self, sent: Sent, credentials: Sequence[Credential]) -> tuple[TaskRecord, ContextRecord]:
        if sent.task_id is not None:
            task = self._continued(sent, credentials)
            context = self.contexts[task.context_id]
            task.state, task.busy = "submitted", True
            return task, context
        context = self._context(sent)
        if context is None:
            moment = self._now()
            context = ContextRecord(self.dialect.new_id("ctx"), sent.agent.id, moment, moment)
            mcp_auth.admit(self._rules, context, sent.servers, credentials)
            self.contexts[context.id] = context
        moment = self._now()
        task = TaskRecord(self.dialect.new_id("task"), sent.agent.id, context.id, moment, timestamp=timestamp(moment))
        return task, context

    def _context(self, sent: Sent) -> ContextRecord | None:
        if sent.context_id is None:
            return None
        context = self.contexts.get(sent.context_id)
        if context is None or context.agent_id != sent.agent.id:
            raise Trouble("context_unknown", "The context does not exist.")
        return context

    def _continued(self, sent: Sent, credentials: Sequence[Credential]) -> TaskRecord:
        task = self.tasks.get(sent.task_id or "")
        if task is None or task.agent_id != sent.agent.id:
            raise Trouble("task_unknown", "The task does not exist.")
        if sent.context_id is not None and sent.context_id != task.context_id:
            self._context(sent)
            raise Trouble("context_mismatch", "The task belongs to another context.")
        late = task.state == "auth-required" and self._rules.accepts_late
        if task.state != "input-required" and not late:
            raise Trouble("task_not_continuable", "The task does not wait for input.")
        if late:
            mcp_auth.admit(self._rules, self.contexts[task.context_id], sent.servers, credentials)
        return task

    def _turn(self, context: ContextRecord, received: Received) -> Turn:
        if context.unauthorized:
            names = ", ".join(context.unauthorized)
            return Turn(f"The MCP server {names} needs a valid credential.", "auth-required")
        return questionnaire.next_turn(context, received.data) or self._choose(received)

    def _enter(self, task: TaskRecord, context: ContextRecord, message: JsonObject) -> None:
        if task.message is not None:
            task.history.append(task.message)
            task.message = None
        task.history.append(message)
        if task.id not in self.tasks:
            self.tasks[task.id] = task
            context.items.append(task)

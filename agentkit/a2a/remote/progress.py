"""What has come up of one turn at a remote agent: its events checked, bounded and made ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from agentkit.a2a.remote.http import RemoteLimits
from agentkit.compose import AGENT_KEY, CONTINUATION_KEY, ArtifactStore, RunContext, Usage, charged, status_update
from agentkit.errors import RemoteProtocolError
from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    Json,
    JsonObject,
    Message,
    Role,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)

_OURS: Final = "agentkit."
"""Metadata whose names begin so steers our own task service: of it, the usage and the path are taken from elsewhere."""

_LONGEST_ID: Final = 512
_LONGEST_PATH: Final = 1_000
_LONGEST_NAME: Final = 200
_MOST_NAMES: Final = 50

Update = StatusUpdate | ArtifactUpdate


class Progress:
    """One turn at a remote agent, from its first event to the one that settles it.

    Attributes:
        task_id: The task there, once it is known.
        context_id: The context there, once it is known.
        events: How many events there were.
        end: The update that ends our turn, once the remote one has settled.
        news: Counts what brought something new.
    """

    def __init__(
        self,
        agent: str,
        context: RunContext,
        limits: RemoteLimits,
        *,
        context_id: str | None,
        task_id: str | None = None,
    ) -> None:
        """Begin with what the message says.

        Args:
            agent: The agent's name, for errors.
            context: Of our own agent.
            limits: How much there may be.
            context_id: The remote context that was named, if one was.
            task_id: The remote task that was named, if one was.
        """
        self._agent = agent
        self._context = context
        self._limits = limits
        self._artifacts = ArtifactStore()
        self._said: str | None = None
        self.task_id = task_id
        self.context_id = context_id
        self.events = 0
        self.news = 0
        self.end: StatusUpdate | None = None

    def take(self, event: Event) -> Iterator[Update]:
        """Take an event in; yields what of it comes up. A task that ends the turn leaves `end`.

        Raises:
            RemoteProtocolError: It is about another task or context, or there is no end of events.
        """
        self.events += 1
        if self.events > self._limits.events:
            raise RemoteProtocolError(self._agent, f"it sent more than {self._limits.events} events for one turn.")
        match event:
            case Message():
                self._check_ids(event.task_id or self.task_id, event.context_id)
                self.end = self._completed(event, None)
            case Task():
                self._check_ids(event.id, event.context_id)
                yield from self._snapshot(event)
            case ArtifactUpdate():
                self._check_ids(event.task_id, event.context_id)
                self.news += 1
                yield self._grown(event)
            case StatusUpdate():
                self._check_ids(event.task_id, event.context_id)
                self.news += 1
                yield from self._status(event.status, event.metadata)

    def _check_ids(self, task_id: str | None, context_id: str | None) -> None:
        """A2A-CTX-02: a context is kept or refused, never replaced; and one turn is about one task."""
        for known, told, what in ((self.task_id, task_id, "task"), (self.context_id, context_id, "context")):
            if told and (len(told) > _LONGEST_ID or (known and told != known)):
                raise RemoteProtocolError(self._agent, f"it answered about another {what} than it was asked about.")
        self.task_id = self.task_id or task_id or None
        self.context_id = self.context_id or context_id or None

    def _snapshot(self, task: Task) -> Iterator[Update]:
        """The whole task: only what has not come up yet comes up (A2A-CLI-02)."""
        known = {artifact.artifact_id: artifact for artifact in self._artifacts.all()}
        for artifact in task.artifacts:
            if known.get(artifact.artifact_id) != artifact:
                self.news += 1
                yield self._whole(artifact)
        yield from self._status(task.status, task.metadata, is_snapshot=True)

    def _whole(self, artifact: Artifact) -> ArtifactUpdate:
        return self._grown(ArtifactUpdate(task_id="", context_id="", artifact=artifact, last_chunk=True))

    def _grown(self, update: ArtifactUpdate) -> ArtifactUpdate:
        ours = update.model_copy(
            update={
                "task_id": self._context.task_id,
                "context_id": self._context.context_id,
                "metadata": self._told(update.metadata),
            }
        )
        self._artifacts.add(ours)
        return ours

    def _status(
        self, status: TaskStatus, metadata: JsonObject | None, *, is_snapshot: bool = False
    ) -> Iterator[Update]:
        state, message = status.state, status.message
        if state is TaskState.COMPLETED:
            self.end = self._completed(message, metadata)
        elif state.is_terminal:
            # What somebody else canceled there has failed for us.
            ours = TaskState.FAILED if state is TaskState.CANCELED else state
            self.end = self._ended(ours, message or self._own_words(f"ended its task {state.value}"), metadata)
        elif state.is_interrupted:
            self.end = self._waiting(state, message, metadata)
        elif message is not None and not (is_snapshot and message.message_id == self._said):
            self._said = message.message_id
            self.news += 1
            yield status_update(self._context, TaskState.WORKING, self._ours(message), self._told(metadata))

    def _completed(self, message: Message | None, metadata: JsonObject | None) -> StatusUpdate:
        return self._ended(TaskState.COMPLETED, message or self._told_by_artifacts(), metadata)

    def _waiting(self, state: TaskState, message: Message | None, metadata: JsonObject | None) -> StatusUpdate:
        """The question comes up; the answer goes back to that very task (A2A-CMP-02)."""
        if self.task_id is None:
            raise RemoteProtocolError(self._agent, f"it asks ({state.value}) without a task that could be answered.")
        continuation: JsonObject = {"contextId": self.context_id, "taskId": self.task_id, "state": state.value}
        if named := _missing(metadata):
            continuation["missing"] = named
        end = self._ended(state, message or self._own_words("waits for an answer"), metadata)
        return end.model_copy(update={"metadata": {**(end.metadata or {}), CONTINUATION_KEY: continuation}})

    def _told(self, metadata: JsonObject | None) -> JsonObject | None:
        """What somebody else's metadata may say here; a path of agents there goes on from ours."""
        told = _foreign(metadata)
        theirs = (metadata or {}).get(AGENT_KEY)
        if not isinstance(theirs, str) or not theirs.isprintable() or not 0 < len(theirs) <= _LONGEST_PATH:
            return told
        return {**(told or {}), AGENT_KEY: "/".join((*self._context.path, theirs))}

    def _ended(self, state: TaskState, message: Message | None, metadata: JsonObject | None) -> StatusUpdate:
        ours = None if message is None else self._ours(message)
        end = status_update(self._context, state, ours, self._told(metadata))
        return charged(end, Usage.of(metadata))

    def _told_by_artifacts(self) -> Message | None:
        """Results are artifacts, and messages need not repeat them (A2A-SEND-10): their texts are the answer."""
        parts = tuple(part for artifact in self._artifacts.all() for part in artifact.parts if part.text is not None)
        if not parts:
            return None
        identifier = str(uuid5(NAMESPACE_URL, f"{self._context.task_id}\n{self.task_id}\nanswer"))
        return Message(role=Role.AGENT, parts=parts, message_id=identifier)

    def _own_words(self, what: str) -> Message:
        return Message.agent(f"The remote agent {self._agent} {what}.")

    def _ours(self, message: Message) -> Message:
        return message.model_copy(
            update={
                "task_id": self._context.task_id,
                "context_id": self._context.context_id,
                "role": Role.AGENT,
                "reference_task_ids": (),
                "extensions": (),
                "metadata": _foreign(message.metadata),
            }
        )


def _foreign(metadata: JsonObject | None) -> JsonObject | None:
    """What somebody else's metadata may say here."""
    if not metadata:
        return None
    return {key: value for key, value in metadata.items() if not key.startswith(_OURS)} or None


def _missing(metadata: JsonObject | None) -> JsonObject:
    """Of which MCP servers a credential is wanted, for when the question is put once more."""
    name, names = (metadata or {}).get("mcp_name"), (metadata or {}).get("mcp_names")
    found: JsonObject = {"mcp_name": name} if _is_name(name) else {}
    if isinstance(names, list) and len(names) <= _MOST_NAMES and all(map(_is_name, names)):
        found["mcp_names"] = names
    return found


def _is_name(value: Json) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_NAME

"""How messages, tasks and events are spelled: v1 is A2A 0.3 with `kind`, v2 is A2A 1.0 without it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from tests.contract.corti_double.ids import bare_id, prefixed_id
from tests.contract.corti_double.records import TaskRecord
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.turns import FINAL, INTERRUPTED, Part, Produce, Usage


class Dialect(Protocol):
    """One generation's spelling."""

    def new_id(self, kind: str) -> str:
        """An id for a `task`, `ctx`, `msg` or `art`."""
        ...

    def parts(self, parts: Sequence[Part]) -> list[JsonObject]:
        """The parts of a message or an artifact."""
        ...

    def message(self, parts: Sequence[Part], task_id: str | None, context_id: str, at: str) -> JsonObject:
        """A message of the agent."""
        ...

    def usage(self, usage: Usage) -> JsonObject:
        """What a turn cost, as metadata of the task."""
        ...

    def task(self, task: TaskRecord, history_length: int | None = None) -> JsonObject:
        """A task as it is now."""
        ...

    def task_event(self, task: TaskRecord) -> JsonObject:
        """The task as the first event of a stream."""
        ...

    def status_event(self, task: TaskRecord, metadata: Mapping[str, Any] | None) -> JsonObject:
        """The task's status as an event."""
        ...

    def artifact_event(self, task: TaskRecord, artifact: JsonObject, step: Produce) -> JsonObject:
        """An artifact, or a piece of one, as an event."""
        ...

    def message_event(self, message: JsonObject) -> JsonObject:
        """A message as the only event of a stream."""
        ...


class V1Dialect:
    """Section 7 and V1-RPC-02 to V1-RPC-05."""

    def new_id(self, kind: str) -> str:
        """A bare UUID."""
        return bare_id()

    def parts(self, parts: Sequence[Part]) -> list[JsonObject]:
        """V1-OBJ-16."""
        return [_v1_part(part) for part in parts]

    def message(self, parts: Sequence[Part], task_id: str | None, context_id: str, at: str) -> JsonObject:
        """V1-OBJ-15."""
        task = {"taskId": task_id} if task_id else {}
        return {
            "kind": "message",
            "role": "agent",
            "messageId": bare_id(),
            **task,
            "contextId": context_id,
            "parts": self.parts(parts),
        }

    def usage(self, usage: Usage) -> JsonObject:
        """V1-OBJ-21."""
        tokens: JsonObject = {"_usage": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}}
        return tokens if usage.credits is None else {"credits": usage.credits, **tokens}

    def task(self, task: TaskRecord, history_length: int | None = None) -> JsonObject:
        """V1-OBJ-17, V1-TASK-01."""
        return {
            "kind": "task",
            "id": task.id,
            "contextId": task.context_id,
            "status": _status(task, task.state),
            "history": _newest(task.history, history_length),
            "artifacts": copy.deepcopy(task.artifacts),
            "metadata": copy.deepcopy(task.metadata),
        }

    def task_event(self, task: TaskRecord) -> JsonObject:
        """The task itself."""
        return self.task(task)

    def status_event(self, task: TaskRecord, metadata: Mapping[str, Any] | None) -> JsonObject:
        """V1-RPC-04."""
        event: JsonObject = {
            "kind": "status-update",
            "taskId": task.id,
            "contextId": task.context_id,
            "status": _status(task, task.state),
            "final": task.state in FINAL | INTERRUPTED,
        }
        return {**event, "metadata": dict(metadata)} if metadata else event

    def artifact_event(self, task: TaskRecord, artifact: JsonObject, step: Produce) -> JsonObject:
        """V1-RPC-05."""
        return {
            "kind": "artifact-update",
            "taskId": task.id,
            "contextId": task.context_id,
            "artifact": artifact,
            "append": step.append,
            "lastChunk": step.last,
        }

    def message_event(self, message: JsonObject) -> JsonObject:
        """The message itself."""
        return message


class V2Dialect:
    """Section 14: V2-OBJ-11 to V2-OBJ-18."""

    as_of_today = False

    def new_id(self, kind: str) -> str:
        """A prefixed UUIDv7."""
        return prefixed_id(kind)

    def parts(self, parts: Sequence[Part]) -> list[JsonObject]:
        """V2-OBJ-12."""
        return [_v2_part(part) for part in parts]

    def message(self, parts: Sequence[Part], task_id: str | None, context_id: str, at: str) -> JsonObject:
        """V2-OBJ-11."""
        task = {"taskId": task_id} if task_id else {}
        return {
            "role": "ROLE_AGENT",
            "messageId": prefixed_id("msg"),
            "contextId": context_id,
            **task,
            "parts": self.parts(parts),
            "metadata": {"$timestamp": at},
        }

    def usage(self, usage: Usage) -> JsonObject:
        """V2-OBJ-14."""
        spelled: JsonObject = {
            "inputTokens": usage.input_tokens,
            "outputTokens": usage.output_tokens,
            "totalTokens": usage.input_tokens + usage.output_tokens,
        }
        optional = {
            "model": usage.model,
            "credits": usage.credits,
            "cachedInputTokens": usage.cached_input_tokens,
        }
        return {"$usage": {**spelled, **{name: value for name, value in optional.items() if value is not None}}}

    def task(self, task: TaskRecord, history_length: int | None = None) -> JsonObject:
        """V2-OBJ-14."""
        spelled: JsonObject = {
            "id": task.id,
            "contextId": task.context_id,
            "status": _status(task, v2_state(task.state)),
            "history": _newest(task.history, history_length),
            "artifacts": copy.deepcopy(task.artifacts),
        }
        return {**spelled, "metadata": copy.deepcopy(task.metadata)} if task.metadata else spelled

    def task_event(self, task: TaskRecord) -> JsonObject:
        """V2-OBJ-18."""
        return {"task": self.task(task)}

    def status_event(self, task: TaskRecord, metadata: Mapping[str, Any] | None) -> JsonObject:
        """V2-OBJ-18; there is no `final` (V2-SSE-01)."""
        update: JsonObject = {
            "taskId": task.id,
            "contextId": task.context_id,
            "status": _status(task, v2_state(task.state)),
        }
        return {"statusUpdate": {**update, "metadata": dict(metadata)} if metadata else update}

    def artifact_event(self, task: TaskRecord, artifact: JsonObject, step: Produce) -> JsonObject:
        """V2-OBJ-18; `contextId` is missing today (CON-28), and false booleans are never written."""
        update: JsonObject = {"taskId": task.id, "artifact": artifact}
        if not self.as_of_today:
            update["contextId"] = task.context_id
        if step.append:
            update["append"] = True
        if step.last:
            update["lastChunk"] = True
        return {"artifactUpdate": update}

    def message_event(self, message: JsonObject) -> JsonObject:
        """V2-OBJ-18."""
        return {"message": message}


def v2_state(state: str) -> str:
    """V2-OBJ-15."""
    return "TASK_STATE_" + ("UNSPECIFIED" if state == "unknown" else state.upper().replace("-", "_"))


def without_usage(document: JsonObject) -> JsonObject:
    """The same without `$usage`, which only the JSON-RPC binding fills (V2-OBJ-14, CON-14)."""

    def strip(value: object) -> object:
        if isinstance(value, dict):
            fields = cast("JsonObject", value)
            kept = {name: strip(item) for name, item in fields.items() if name != "$usage"}
            return {name: item for name, item in kept.items() if item != {} or fields[name] == {}}
        if isinstance(value, list):
            return [strip(item) for item in cast("list[object]", value)]
        return value

    return cast("JsonObject", strip(document))


def _status(task: TaskRecord, state: str) -> JsonObject:
    status: JsonObject = {"state": state, "timestamp": task.timestamp}
    return {**status, "message": copy.deepcopy(task.message)} if task.message else status


def _newest(history: Sequence[JsonObject], length: int | None) -> list[JsonObject]:
    kept = history if length is None else history[len(history) - min(length, len(history)) :]
    return copy.deepcopy(list(kept))


def _v1_part(part: Part) -> JsonObject:
    more = {"metadata": dict(part.metadata)} if part.metadata is not None else {}
    if part.text is not None:
        return {"kind": "text", "text": part.text, **more}
    if part.data is not None:
        return {"kind": "data", "data": dict(part.data), **more}
    file = {"uri": part.uri, "bytes": part.content, "name": part.name, "mimeType": part.media_type}
    return {"kind": "file", "file": {name: value for name, value in file.items() if value is not None}, **more}


def _v2_part(part: Part) -> JsonObject:
    fields = {
        "text": part.text,
        "data": None if part.data is None else dict(part.data),
        "url": part.uri,
        "raw": part.content,
        "filename": part.name,
        "mediaType": part.media_type,
        "metadata": None if part.metadata is None else dict(part.metadata),
    }
    return {name: value for name, value in fields.items() if value is not None}

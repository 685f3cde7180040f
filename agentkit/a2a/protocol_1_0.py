"""A2A 1.0: methods of JSON-RPC, which HTTP+JSON and gRPC share under other addresses (a2a.md, section 3)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from agentkit.a2a.card import card_document
from agentkit.a2a.language import Language
from agentkit.a2a.operations import NumberedEvents, Operations, TaskQuery
from agentkit.compose import Caller
from agentkit.models import Json, JsonObject, Task, TaskState
from agentkit.tasks.selection import read_token
from agentkit.wire.a2a import decode_send_request, decode_state, encode_event, encode_task
from agentkit.wire.reader import Reader, read_time

_PAGE_SIZES: Final = range(1, 101)
_DEFAULT_PAGE_SIZE: Final = 50


async def _send(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    return {"task": encode_task(await operations.send(decode_send_request(params), caller, push=_push(params)))}


async def _stream(operations: Operations, params: JsonObject, caller: Caller, after: int | None) -> NumberedEvents:
    return await operations.stream(decode_send_request(params), caller, after=after, push=_push(params))


async def _subscribe(operations: Operations, params: JsonObject, caller: Caller, after: int | None) -> NumberedEvents:
    return await operations.subscribe(Reader(params, "").words("id"), caller, after=after)


async def _get(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(params, "")
    return encode_task(await operations.get(reader.words("id"), caller, history_length=reader.count("historyLength")))


async def _list(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    query = _query(Reader(params, ""), operations)
    page = await operations.list_tasks(query, caller)
    return {
        "tasks": [_listed(task, query.with_artifacts) for task in page.tasks],
        "nextPageToken": page.token or "",
        "pageSize": query.page_size,
        "totalSize": page.total,
    }


async def _cancel(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(params, "")
    metadata = reader.optional_object("metadata")
    return encode_task(await operations.cancel(reader.words("id"), caller, metadata=metadata))


async def _extended_card(operations: Operations, _params: JsonObject, caller: Caller) -> Json:
    return card_document(await operations.extended_card(caller))


PROTOCOL_1_0: Final = Language(
    version="1.0",
    unary={
        "SendMessage": _send,
        "GetTask": _get,
        "ListTasks": _list,
        "CancelTask": _cancel,
        "CreateTaskPushNotificationConfig": Operations.create_push,
        "GetTaskPushNotificationConfig": Operations.get_push,
        "ListTaskPushNotificationConfigs": Operations.list_push,
        "DeleteTaskPushNotificationConfig": Operations.delete_push,
        "GetExtendedAgentCard": _extended_card,
    },
    streaming={"SendStreamingMessage": _stream, "SubscribeToTask": _subscribe},
    encode=encode_event,
    names={},
)
"""The current version."""


def _push(params: JsonObject) -> JsonObject | None:
    configuration = params.get("configuration")
    if not isinstance(configuration, dict) or configuration.get("taskPushNotificationConfig") is None:
        return None
    return Reader(configuration, "configuration").optional_object("taskPushNotificationConfig")


def _query(reader: Reader, operations: Operations) -> TaskQuery:
    page_size = reader.count("pageSize")
    if page_size is None:
        page_size = _DEFAULT_PAGE_SIZE
    if page_size not in _PAGE_SIZES:
        reader.fail("pageSize", "value", "must be from 1 to 100")
    context_id = reader.optional_text("contextId") or None
    return TaskQuery(
        context_id=None if context_id is None else operations.bounds.check_id("contextId", context_id),
        state=_state(reader),
        since=_time(reader),
        page_size=page_size,
        cursor=_cursor(reader),
        history_length=reader.count("historyLength"),
        with_artifacts=reader.flag("includeArtifacts", False),
    )


def _listed(task: Task, with_artifacts: bool) -> JsonObject:
    """A2A-LIST-04."""
    wire = encode_task(task)
    if with_artifacts:
        wire.setdefault("artifacts", [])
    else:
        wire.pop("artifacts", None)
    return wire


def _cursor(reader: Reader) -> tuple[int, int] | None:
    token = reader.optional_text("pageToken")
    if not token:
        return None
    cursor = read_token(token)
    if cursor is None:
        reader.fail("pageToken", "value", "is no token of an earlier page")
    return cursor


def _state(reader: Reader) -> TaskState | None:
    word = reader.optional_text("status")
    if not word:
        return None
    state = decode_state(word)
    if state is None:
        reader.fail("status", "value", "must be a task state such as TASK_STATE_WORKING")
    return None if state is TaskState.UNKNOWN else state


def _time(reader: Reader) -> datetime | None:
    text = reader.optional_text("statusTimestampAfter")
    time = read_time(text)
    if text and time is None:
        reader.fail("statusTimestampAfter", "value", "must be an ISO 8601 time")
    return time

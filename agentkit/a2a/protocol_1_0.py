"""A2A 1.0: methods of JSON-RPC, which HTTP+JSON and gRPC share under other addresses (a2a.md, section 3)."""

from __future__ import annotations

from typing import Final

from agentkit.a2a.card import card_document
from agentkit.a2a.language import Language
from agentkit.a2a.operations import NumberedEvents, Operations
from agentkit.compose import Caller
from agentkit.models import Json, JsonObject, Task
from agentkit.wire.a2a import decode_list_request, decode_send_request, encode_event, encode_task
from agentkit.wire.reader import Reader

_LARGEST_PAGE: Final = 100


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
    query = decode_list_request(params, largest=_LARGEST_PAGE)
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


def _listed(task: Task, with_artifacts: bool) -> JsonObject:
    """A2A-LIST-04."""
    wire = encode_task(task)
    if with_artifacts:
        wire.setdefault("artifacts", [])
    else:
        wire.pop("artifacts", None)
    return wire

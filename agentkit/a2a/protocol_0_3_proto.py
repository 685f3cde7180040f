"""A2A 0.3 in ProtoJSON: the paths below `/v1` and the gRPC service `a2a.v1.A2AService` (a2a.md, section 5).

Requests name resources (`tasks/{id}`, `tasks/{id}/pushNotificationConfigs/{id}`); HTTP+JSON makes the names out of its
paths.
"""

from __future__ import annotations

import re
from typing import Final

from agentkit.a2a.language import Language
from agentkit.a2a.operations import NumberedEvents, Operations
from agentkit.a2a.protocol_0_3 import current_push, legacy_card, legacy_push
from agentkit.compose import Caller
from agentkit.models import Json, JsonObject
from agentkit.wire.a2a import camel_case, decode_proto_send, encode_proto_event, encode_proto_task
from agentkit.wire.reader import Reader

_TASK: Final = re.compile(r"tasks/([^/]+)")
_CONFIG: Final = re.compile(r"tasks/([^/]+)/pushNotificationConfigs/([^/]+)")


async def _send(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    return encode_proto_event(await operations.send(decode_proto_send(params), caller, push=_push(params)))


async def _stream(operations: Operations, params: JsonObject, caller: Caller, after: int | None) -> NumberedEvents:
    return await operations.stream(decode_proto_send(params), caller, after=after, push=_push(params))


async def _subscribe(operations: Operations, params: JsonObject, caller: Caller, after: int | None) -> NumberedEvents:
    return await operations.subscribe(_task(Reader(params, "")), caller, after=after)


async def _get(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(camel_case(params), "")
    length = reader.count("historyLength") or None
    return encode_proto_task(await operations.get(_task(reader), caller, history_length=length))


async def _cancel(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    return encode_proto_task(await operations.cancel(_task(Reader(params, "")), caller))


async def _create_push(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(camel_case(params), "")
    operations.require_push()
    config = Reader(camel_case(reader.given("config")), "config")
    place = "config.pushNotificationConfig"
    current = current_push(_flat(config.given("pushNotificationConfig"), place), place)
    if not current.get("id") and (config_id := reader.optional_text("configId")):
        current["id"] = config_id
    task_id = _task(reader, "parent")
    return _shown(await operations.create_push({**current, "taskId": task_id}, caller))


async def _get_push(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    operations.require_push()
    return _shown(await operations.get_push(_config(params), caller))


async def _list_push(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(camel_case(params), "")
    operations.require_push()
    asked: JsonObject = {"taskId": _task(reader, "parent"), "pageToken": reader.optional_text("pageToken")}
    if reader.count("pageSize"):
        asked["pageSize"] = reader.count("pageSize")
    listed = await operations.list_push(asked, caller)
    configs = listed.get("configs")
    shown: list[Json] = [_shown(one) for one in configs if isinstance(one, dict)] if isinstance(configs, list) else []
    return {"configs": shown, "nextPageToken": listed.get("nextPageToken", "")}


async def _delete_push(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    operations.require_push()
    return await operations.delete_push(_config(params), caller)


PROTOCOL_0_3_PROTO: Final = Language(
    version="0.3",
    unary={
        "SendMessage": _send,
        "GetTask": _get,
        "CancelTask": _cancel,
        "CreateTaskPushNotificationConfig": _create_push,
        "GetTaskPushNotificationConfig": _get_push,
        "ListTaskPushNotificationConfig": _list_push,
        "DeleteTaskPushNotificationConfig": _delete_push,
        "GetAgentCard": legacy_card,
    },
    streaming={"SendStreamingMessage": _stream, "TaskSubscription": _subscribe},
    encode=encode_proto_event,
    names={
        "TaskSubscription": "SubscribeToTask",
        "ListTaskPushNotificationConfig": "ListTaskPushNotificationConfigs",
        "GetAgentCard": "GetExtendedAgentCard",
    },
)
"""The methods of the service in protobuf."""


def _task(reader: Reader, key: str = "name") -> str:
    match = _TASK.match(reader.words(key))
    if match is None:
        reader.fail(key, "value", "must be tasks/{id}")
    return match[1]


def _config(params: JsonObject) -> JsonObject:
    reader = Reader(params, "")
    match = _CONFIG.fullmatch(reader.words("name"))
    if match is None:
        reader.fail("name", "value", "must be tasks/{id}/pushNotificationConfigs/{id}")
    return {"taskId": match[1], "id": match[2]}


def _shown(config: JsonObject) -> JsonObject:
    nested = legacy_push(config)
    name = f"tasks/{config.get('taskId')}/pushNotificationConfigs/{config.get('id')}"
    return {"name": name, "pushNotificationConfig": nested["pushNotificationConfig"]}


def _flat(value: Json, path: str) -> JsonObject:
    """Protobuf says "not set" by an empty text."""
    reader = Reader(camel_case(value), path)
    fields: JsonObject = {key: inner for key in ("id", "url", "token") if (inner := reader.raw(key)) not in (None, "")}
    authentication = reader.optional_object("authentication")
    return fields if authentication is None else {**fields, "authentication": authentication}


def _push(params: JsonObject) -> JsonObject | None:
    configuration = Reader(params, "").optional_object("configuration")
    if configuration is None:
        return None
    reader = Reader(camel_case(configuration), "configuration")
    if not reader.has("pushNotification"):
        return None
    place = reader.at("pushNotification")
    return current_push(_flat(reader.raw("pushNotification"), place), place)

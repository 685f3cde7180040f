"""A2A 0.3 in its two spellings: JSON-RPC with `kind`, and ProtoJSON for HTTP+JSON and gRPC (a2a.md, section 5).

The official library's own bridge answers invalid parameters with -32600 and loses what protobuf cannot hold
(A2A-03-04), so the conversion is ours: 0.3 is read into the same models as 1.0 and asks the same operations.
"""

from __future__ import annotations

import json
from typing import Final, cast

from a2a.compat.v0_3.conversions import to_compat_agent_card

from agentkit.a2a.language import Language
from agentkit.a2a.operations import NumberedEvents, Operations
from agentkit.compose import Caller
from agentkit.models import Json, JsonObject
from agentkit.wire.a2a import decode_legacy_send, encode_legacy_event
from agentkit.wire.reader import Reader, put


def legacy_push(config: JsonObject) -> JsonObject:
    """A push configuration of 1.0 as 0.3 nests it."""
    nested: JsonObject = {key: config[key] for key in ("id", "url", "token") if key in config}
    authentication = config.get("authentication")
    if isinstance(authentication, dict):
        shown: JsonObject = {"schemes": [authentication.get("scheme")]}
        nested["authentication"] = put(shown, {"credentials": authentication.get("credentials")})
    return {"taskId": config.get("taskId"), "pushNotificationConfig": nested}


def current_push(nested: Json, path: str) -> JsonObject:
    """A push configuration of 0.3, without its task, as 1.0 has it; of several schemes the first is used.

    Raises:
        WireError: It does not fit.
    """
    reader = Reader(nested, path)
    config: JsonObject = {}
    for key in ("id", "url", "token"):
        if (value := reader.optional_text(key)) is not None:
            config[key] = value
    given = reader.optional_object("authentication")
    if given is not None:
        authentication = Reader(given, reader.at("authentication"))
        schemes = authentication.texts("schemes")
        credentials = authentication.optional_text("credentials")
        config["authentication"] = {"scheme": schemes[0] if schemes else None, "credentials": credentials}
    return config


async def legacy_card(operations: Operations, _params: JsonObject, caller: Caller) -> Json:
    """The card for this caller, as 0.3 spells it."""
    card = to_compat_agent_card(await operations.extended_card(caller))
    return cast(JsonObject, json.loads(card.model_dump_json(by_alias=True, exclude_none=True)))


async def _send(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    return encode_legacy_event(await operations.send(decode_legacy_send(params), caller, push=_push(params)))


async def _stream(operations: Operations, params: JsonObject, caller: Caller, after: int | None) -> NumberedEvents:
    return await operations.stream(decode_legacy_send(params), caller, after=after, push=_push(params))


async def _resubscribe(operations: Operations, params: JsonObject, caller: Caller, after: int | None) -> NumberedEvents:
    return await operations.subscribe(Reader(params, "").words("id"), caller, after=after)


async def _get(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(params, "")
    length = reader.count("historyLength") or None
    return encode_legacy_event(await operations.get(reader.words("id"), caller, history_length=length))


async def _cancel(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(params, "")
    metadata = reader.optional_object("metadata")
    return encode_legacy_event(await operations.cancel(reader.words("id"), caller, metadata=metadata))


async def _set_push(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(params, "")
    operations.require_push()
    config = current_push(reader.given("pushNotificationConfig"), "pushNotificationConfig")
    return legacy_push(await operations.create_push({**config, "taskId": reader.words("taskId")}, caller))


async def _get_push(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    """Without `pushNotificationConfigId` the first one of the task, as 0.3 allows."""
    reader = Reader(params, "")
    operations.require_push()
    task_id, config_id = reader.words("id"), reader.optional_text("pushNotificationConfigId")
    if config_id:
        return legacy_push(await operations.get_push({"taskId": task_id, "id": config_id}, caller))
    listed = await _configs(operations, task_id, caller)
    if not listed:
        reader.fail("id", "value", "names a task without push configuration")
    return legacy_push(listed[0])


async def _list_push(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    operations.require_push()
    listed = await _configs(operations, Reader(params, "").words("id"), caller)
    return [legacy_push(config) for config in listed]


async def _delete_push(operations: Operations, params: JsonObject, caller: Caller) -> Json:
    reader = Reader(params, "")
    operations.require_push()
    task_id, config_id = reader.words("id"), reader.words("pushNotificationConfigId")
    await operations.delete_push({"taskId": task_id, "id": config_id}, caller)
    return None


PROTOCOL_0_3: Final = Language(
    version="0.3",
    unary={
        "message/send": _send,
        "tasks/get": _get,
        "tasks/cancel": _cancel,
        "tasks/pushNotificationConfig/set": _set_push,
        "tasks/pushNotificationConfig/get": _get_push,
        "tasks/pushNotificationConfig/list": _list_push,
        "tasks/pushNotificationConfig/delete": _delete_push,
        "agent/getAuthenticatedExtendedCard": legacy_card,
    },
    streaming={"message/stream": _stream, "tasks/resubscribe": _resubscribe},
    encode=encode_legacy_event,
    names={
        "message/send": "SendMessage",
        "message/stream": "SendStreamingMessage",
        "tasks/get": "GetTask",
        "tasks/cancel": "CancelTask",
        "tasks/resubscribe": "SubscribeToTask",
        "tasks/pushNotificationConfig/set": "CreateTaskPushNotificationConfig",
        "tasks/pushNotificationConfig/get": "GetTaskPushNotificationConfig",
        "tasks/pushNotificationConfig/list": "ListTaskPushNotificationConfigs",
        "tasks/pushNotificationConfig/delete": "DeleteTaskPushNotificationConfig",
        "agent/getAuthenticatedExtendedCard": "GetExtendedAgentCard",
    },
)
"""The methods of JSON-RPC."""


def _push(params: JsonObject) -> JsonObject | None:
    configuration = params.get("configuration")
    if not isinstance(configuration, dict) or configuration.get("pushNotificationConfig") is None:
        return None
    return current_push(configuration["pushNotificationConfig"], "configuration.pushNotificationConfig")


async def _configs(operations: Operations, task_id: str, caller: Caller) -> list[JsonObject]:
    """All of a task; there are few, and 0.3 knows no pages."""
    listed = await operations.list_push({"taskId": task_id, "pageSize": 100}, caller)
    configs = listed.get("configs")
    return [config for config in configs if isinstance(config, dict)] if isinstance(configs, list) else []

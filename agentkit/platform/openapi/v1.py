"""v1 as a document: objects and operations (sections 6 and 7 of the API contract)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentkit.models import JsonObject
from agentkit.platform.agents.naming import MOST
from agentkit.platform.openapi.grammar import (
    ANYTHING,
    FLAG,
    TIME,
    Operation,
    listed,
    nullable,
    one_of,
    query,
    record,
    ref,
    text,
    variable,
    whole,
    words,
)

_ID: Final[JsonObject] = {"type": "string", "format": "uuid"}
_STATES: Final = (
    "submitted",
    "working",
    "input-required",
    "completed",
    "canceled",
    "failed",
    "rejected",
    "auth-required",
    "unknown",
)
_SERVER_FIELDS: Final[Mapping[str, JsonObject]] = {
    "name": words(),
    "transportType": one_of("stdio", "streamable_http", "sse"),
    "authorizationType": one_of("none", "bearer", "inherit", "oauth2.0"),
    "url": {"type": "string", "format": "uri"},
}

SCHEMAS: Final[Mapping[str, JsonObject]] = {
    "CreateMcpServer": record(
        _SERVER_FIELDS,
        {"description": text(), "authorizationScope": text(), "redirectUrl": text(), "token": text()},
    ),
    "CreateExpert": record(
        {"type": one_of("new"), "name": words(), "description": words()},
        {"systemPrompt": text(), "mcpServers": listed(ref("CreateMcpServer"), most=MOST)},
    ),
    "CreateExpertReference": {
        **record(
            {"type": one_of("reference")}, {"id": text(), "name": text(), "systemPrompt": text(), "config": ANYTHING}
        ),
        "anyOf": [{"required": ["id"]}, {"required": ["name"]}],
    },
    "CreateAgent": record(
        {"name": words(), "description": words()},
        {
            "agentType": one_of("expert", "orchestrator", "interviewing-expert"),
            "systemPrompt": text(),
            "experts": listed({"anyOf": [ref("CreateExpert"), ref("CreateExpertReference")]}, most=MOST),
            "mcpServers": listed(ref("CreateMcpServer"), most=MOST),
        },
    ),
    "UpdateAgent": record(
        {},
        {
            "name": words(),
            "description": text(),
            "systemPrompt": text(),
            "experts": listed(ANYTHING, most=MOST),
            "mcpServers": listed(ANYTHING, most=MOST),
        },
    ),
    "McpServer": record(
        {"id": text(), "name": text(), "transportType": text(), "authorizationType": text(), "url": text()},
        {"description": nullable(text()), "authorizationScope": nullable(text()), "redirectUrl": nullable(text())},
    ),
    "Expert": record(
        {"type": one_of("expert"), "id": text(), "name": text(), "description": text(), "systemPrompt": text()},
        {"mcpServers": listed(ref("McpServer"))},
    ),
    "ExpertReference": record(
        {"type": one_of("reference"), "id": text(), "name": text()},
        {"systemPrompt": text(), "resolvedConfig": ANYTHING},
    ),
    "Agent": record(
        {"id": _ID, "name": text(), "description": text(), "systemPrompt": text()},
        {
            "experts": listed({"anyOf": [ref("Expert"), ref("ExpertReference")]}),
            "mcpServers": listed(ref("McpServer")),
        },
    ),
    "RegistryExpert": record(
        {"name": text(), "description": text()},
        {
            "displayName": text(),
            "displayDescription": text(),
            "mcpServers": listed(record({"name": text(), "authorizationType": text()})),
            "configSchema": ANYTHING,
        },
    ),
    "AgentCard": record(
        {
            "protocolVersion": text(),
            "name": text(),
            "description": text(),
            "url": text(),
            "version": text(),
            "capabilities": nullable(ANYTHING),
            "defaultInputModes": listed(text()),
            "defaultOutputModes": listed(text()),
            "skills": listed(record({"id": text(), "name": text(), "description": text(), "tags": listed(text())})),
        }
    ),
    "Part": {
        "anyOf": [
            record({"kind": one_of("text"), "text": text()}, {"metadata": ANYTHING}),
            record({"kind": one_of("data"), "data": ANYTHING}, {"metadata": ANYTHING}),
            record({"kind": one_of("file")}, {"file": ref("File"), "metadata": ANYTHING}),
        ]
    },
    "File": record({}, {"uri": text(), "bytes": text(), "name": text(), "mimeType": text()}),
    "Message": record(
        {
            "kind": one_of("message"),
            "role": one_of("user", "agent"),
            "messageId": words(),
            "parts": listed(ref("Part")),
        },
        {
            "contextId": _ID,
            "taskId": _ID,
            "referenceTaskIds": listed(text()),
            "extensions": listed(text()),
            "metadata": ANYTHING,
        },
    ),
    "MessageSendParams": record(
        {"message": ref("Message")},
        {
            "configuration": record(
                {}, {"acceptedOutputModes": listed(text()), "historyLength": whole(), "blocking": FLAG}
            ),
            "metadata": ANYTHING,
        },
    ),
    "Artifact": record(
        {"artifactId": text(), "parts": listed(ref("Part"))},
        {"name": text(), "description": text(), "metadata": ANYTHING, "extensions": listed(text())},
    ),
    "Task": record(
        {
            "kind": one_of("task"),
            "id": _ID,
            "contextId": _ID,
            "status": record({"state": one_of(*_STATES)}, {"message": ref("Message"), "timestamp": TIME}),
        },
        {"history": listed(ref("Message")), "artifacts": listed(ref("Artifact")), "metadata": ANYTHING},
    ),
    "Context": record({}, {"id": _ID, "items": listed({"anyOf": [ref("Task"), ref("Message")]})}),
    "RpcRequest": record(
        {"jsonrpc": one_of("2.0"), "method": text()},
        {"id": {"type": ["string", "integer", "null"]}, "params": ANYTHING},
    ),
    "RpcAnswer": record({"jsonrpc": one_of("2.0")}, {"id": {}, "result": {}, "error": ANYTHING}),
}
"""The objects of v1 (V1-OBJ-01 to V1-OBJ-20)."""

AGENT: Final = variable("agent", _ID, "The id of the agent.")
TASK: Final = variable("task", _ID, "The id of the task.")
CONTEXT: Final = variable("context", _ID, "The id of the context.")
_PAGE: Final = (
    query("limit", whole(1, 999_999_999), "So many at most; absent is all."),
    query("offset", whole(0, 999_999_999), "So many are left out."),
)

PATHS: Final[Mapping[str, tuple[tuple[JsonObject, ...], Mapping[str, Operation]]]] = {
    "/agents": (
        (),
        {
            "get": Operation(
                "listAgents",
                "The caller's agents, oldest first (V1-EP-02).",
                {200: listed(ref("Agent"))},
                (400,),
                parameters=(*_PAGE, query("ephemeral", FLAG, "Ephemeral ones, too.")),
            ),
            "post": Operation(
                "createAgent",
                "An agent is made (V1-EP-01).",
                {201: ref("Agent")},
                body=ref("CreateAgent"),
                parameters=(query("ephemeral", FLAG, "It goes by itself after a while."),),
            ),
        },
    ),
    "/agents/registry/experts": (
        (),
        {
            "get": Operation(
                "listRegistryExperts",
                "The experts on offer (V1-EP-12).",
                {200: record({}, {"experts": listed(ref("RegistryExpert"))})},
                (400,),
                parameters=_PAGE,
            )
        },
    ),
    "/agents/{agent}": (
        (AGENT,),
        {
            "get": Operation("getAgent", "One agent (V1-EP-03).", {200: ref("Agent")}, (400, 404)),
            "patch": Operation(
                "updateAgent",
                "The given fields are changed (V1-EP-04).",
                {200: ref("Agent")},
                (404,),
                body=ref("UpdateAgent"),
            ),
            "delete": Operation("deleteAgent", "The agent is gone (V1-EP-05).", {204: None}, (400, 404)),
        },
    ),
    "/agents/{agent}/agent-card.json": (
        (AGENT,),
        {"get": Operation("getAgentCard", "The card (V1-EP-06).", {200: ref("AgentCard")}, (400, 404))},
    ),
    "/agents/{agent}/v1/message:send": (
        (AGENT,),
        {
            "post": Operation(
                "sendMessage",
                "The task that answers (V1-EP-07).",
                {200: record({"task": ref("Task")})},
                (404, 409),
                body=ref("MessageSendParams"),
            )
        },
    ),
    "/agents/{agent}/v1": (
        (AGENT,),
        {
            "post": Operation(
                "callMethod",
                "JSON-RPC: message/send, message/stream, tasks/get, tasks/cancel (V1-EP-08).",
                {200: ref("RpcAnswer")},
                body=ref("RpcRequest"),
                streams=True,
            )
        },
    ),
    "/agents/{agent}/v1/tasks/{task}": (
        (AGENT, TASK),
        {
            "get": Operation(
                "getTask",
                "One task (V1-EP-09).",
                {200: ref("Task")},
                (400, 404),
                parameters=(query("historyLength", whole(0, 999_999_999), "So many messages at most, the newest."),),
            )
        },
    ),
    "/agents/{agent}/v1/contexts/{context}": (
        (AGENT, CONTEXT),
        {
            "get": Operation(
                "getContext",
                "What was said and done in a context, oldest first (V1-EP-10).",
                {200: ref("Context")},
                (400, 404),
                parameters=_PAGE,
            ),
            "delete": Operation("deleteContext", "Its content is gone (V1-EP-11).", {204: None}, (400, 404)),
        },
    ),
}
"""The operations of v1: variables of the address, and the operation of each method."""

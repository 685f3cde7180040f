"""The objects of v2 as schemas (section 14 of the API contract)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentkit.models import FeedbackLabel, JsonObject
from agentkit.models.feedback import LONGEST_METHOD, LONGEST_REASON, LONGEST_REFERENCE, MOST_LABELS
from agentkit.platform.agents.naming import MOST
from agentkit.platform.openapi.grammar import (
    ANYTHING,
    FLAG,
    TIME,
    listed,
    nullable,
    one_of,
    record,
    ref,
    text,
    whole,
    words,
)

_STATES: Final = (
    "SUBMITTED",
    "WORKING",
    "COMPLETED",
    "FAILED",
    "CANCELED",
    "INPUT_REQUIRED",
    "REJECTED",
    "AUTH_REQUIRED",
)
_LABEL: Final = "^[a-zA-Z0-9._/-]{1,128}$"


def identifier(prefix: str) -> JsonObject:
    """An id as answers show it (V2-ID-01)."""
    return {"type": "string", "pattern": rf"^{prefix}\.[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$"}


def named(prefix: str) -> JsonObject:
    """An id as requests may give it: with or without what stands in front (V2-ID-01)."""
    return {"type": "string", "pattern": rf"^({prefix}\.)?[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$"}


def page(name: str, items: JsonObject) -> JsonObject:
    """A page by cursor (V2-PAGE-01)."""
    return record({name: listed(items)}, {"nextPageToken": nullable(text()), "totalSize": nullable(whole())})


def _labels() -> JsonObject:
    return {
        "type": "object",
        "maxProperties": 64,
        "propertyNames": {"pattern": _LABEL},
        "additionalProperties": text(most=256),
    }


_COUNTS: Final = record({"invocations": whole(), "uniqueContexts": whole()})
_ENABLED: Final[Mapping[str, JsonObject]] = {"enabled": FLAG}
_URL: Final[JsonObject] = {"type": "string", "format": "uri"}
_FORMS: Final = ("RegistryConnector", "McpConnector", "AgentConnector", "A2aConnector", "SchemaConnector")
_AGENT_FIELDS: Final[Mapping[str, JsonObject]] = {
    "description": nullable(text(most=4096)),
    "systemPrompt": nullable(text()),
    "model": nullable(text()),
    "visibility": one_of("private", "unlisted", "public"),
    "lifecycle": one_of("ephemeral", "persistent"),
    "connectors": nullable(listed(ref("ConnectorCreate"), most=MOST)),
    "labels": nullable(_labels()),
}
_PART_FIELDS: Final[Mapping[str, JsonObject]] = {
    "text": text(),
    "data": {},
    "raw": text(),
    "url": text(),
    "filename": text(),
    "mediaType": text(),
    "metadata": ANYTHING,
}

CONNECTORS: Final[Mapping[str, JsonObject]] = {
    "ConnectorAuth": record(
        {"type": one_of("none", "bearer", "apiKey", "oauth2", "inherit")},
        {"scope": text(), "redirectUrl": text(), "ref": text()},
        closed=True,
    ),
    "RegistryConnector": record(
        {"type": one_of("registry"), "name": words()}, {"config": ANYTHING, **_ENABLED}, closed=True
    ),
    "McpConnector": record(
        {"type": one_of("mcp"), "name": words(), "url": _URL}, {"auth": ref("ConnectorAuth"), **_ENABLED}, closed=True
    ),
    "AgentConnector": record({"type": one_of("agent"), "agentId": named("agt")}, _ENABLED, closed=True),
    "A2aConnector": record({"type": one_of("a2a"), "url": _URL}, {"name": text(), **_ENABLED}, closed=True),
    "SchemaConnector": record(
        {"type": one_of("schema"), "name": words(), "schema": ANYTHING},
        {"description": text(), "transition": one_of("complete", "input_required"), **_ENABLED},
        closed=True,
    ),
    "ConnectorCreate": {"anyOf": [ref(name) for name in _FORMS]},
    "ConnectorPatch": record(
        {},
        {
            "enabled": FLAG,
            "name": words(),
            "url": nullable(_URL),
            "config": nullable(ANYTHING),
            "auth": nullable(ref("ConnectorAuth")),
        },
        closed=True,
    ),
    "Connector": record(
        {"id": identifier("con"), "type": one_of("registry", "mcp", "agent", "a2a", "schema")},
        {"name": text(), "url": text(), "agentId": text(), **_ENABLED},
    ),
}
"""Connectors of all five types (V2-OBJ-04 to V2-OBJ-10)."""

AGENTS: Final[Mapping[str, JsonObject]] = {
    "AgentCreate": record({"name": words(most=128)}, _AGENT_FIELDS, closed=True),
    "AgentPatch": record({}, {"name": words(most=128), **_AGENT_FIELDS}, closed=True),
    "Agent": record(
        {
            "id": identifier("agt"),
            "name": text(),
            "visibility": one_of("private", "unlisted", "public"),
            "lifecycle": one_of("ephemeral", "persistent"),
            "connectors": listed(ref("Connector")),
            "createdAt": TIME,
            "updatedAt": TIME,
            "createdBy": identifier("usr"),
        },
        {
            "description": nullable(text()),
            "systemPrompt": nullable(text()),
            "model": nullable(text()),
            "labels": _labels(),
        },
    ),
    "AgentCard": record(
        {
            "name": text(),
            "version": text(),
            "capabilities": ANYTHING,
            "supportedInterfaces": listed(
                record(
                    {
                        "protocolBinding": one_of("JSONRPC", "HTTP+JSON"),
                        "protocolVersion": one_of("1.0"),
                        "url": text(),
                    }
                )
            ),
        },
        {"description": text(), "skills": listed(record({"id": text(), "name": text()}))},
    ),
    "RegistryEntry": record(
        {"id": text(), "type": text(), "name": text()},
        {"title": text(), "description": text(), "configSchema": ANYTHING},
    ),
    "Usage": record(
        {
            "granularity": one_of("minute", "hour", "day", "week"),
            "from": TIME,
            "to": TIME,
            "totals": _COUNTS,
            "buckets": listed(
                record({"periodStart": TIME, "periodEnd": TIME, "invocations": whole(), "uniqueContexts": whole()})
            ),
        }
    ),
}
"""Agents and what is known of them (V2-OBJ-01 to V2-OBJ-03, V2-OBJ-17, V2-OBJ-21, V2-OBJ-23)."""

TASKS: Final[Mapping[str, JsonObject]] = {
    "Part": {
        **record({}, _PART_FIELDS),
        "oneOf": [{"required": [name]} for name in ("text", "data", "raw", "url")],
    },
    "Message": record(
        {"role": one_of("ROLE_USER", "ROLE_AGENT"), "parts": {**listed(ref("Part")), "minItems": 1}},
        {
            "messageId": words(most=256),
            "contextId": named("ctx"),
            "taskId": named("task"),
            "referenceTaskIds": listed(text()),
            "extensions": listed(text()),
            "metadata": ANYTHING,
        },
    ),
    "SendMessage": record(
        {"message": ref("Message")},
        {
            "configuration": record(
                {}, {"returnImmediately": FLAG, "historyLength": whole(), "acceptedOutputModes": listed(text())}
            ),
            "metadata": ANYTHING,
        },
    ),
    "Artifact": record(
        {"artifactId": text(), "parts": listed(ref("Part"))},
        {"name": text(), "description": text(), "extensions": listed(text()), "metadata": ANYTHING},
    ),
    "Task": record(
        {
            "id": identifier("task"),
            "contextId": identifier("ctx"),
            "status": record(
                {"state": one_of(*(f"TASK_STATE_{state}" for state in _STATES))},
                {"message": ref("Message"), "timestamp": TIME},
            ),
        },
        {"history": listed(ref("Message")), "artifacts": listed(ref("Artifact")), "metadata": ANYTHING},
    ),
    "Context": record(
        {"id": identifier("ctx")},
        {
            "agentId": identifier("agt"),
            "taskCount": whole(),
            "createdAt": TIME,
            "updatedAt": TIME,
            "expiresAt": {"type": "null"},
            "tasks": listed(ref("Task")),
        },
    ),
    "Trace": record(
        {
            "trace": record(
                {"id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "name": text(), "start_time": TIME},
                {"end_time": nullable(TIME), "thread_id": text()},
            ),
            "spans": listed(
                record(
                    {"name": text(), "span_id": text(), "start_time": TIME},
                    {"parent_span_id": nullable(text()), "end_time": nullable(TIME), "attributes": ANYTHING},
                )
            ),
        }
    ),
    "FeedbackCreate": record(
        {"rating": record({"scale": one_of("binary"), "value": {"type": "integer", "enum": [0, 1]}}, closed=True)},
        {
            "labels": {**listed(one_of(*FeedbackLabel)), "maxItems": MOST_LABELS, "uniqueItems": True},
            "reason": text(most=LONGEST_REASON),
            "target": record({"messageId": words()}, closed=True),
            "metadata": record(
                {},
                {
                    "collectionMethod": text(most=LONGEST_METHOD),
                    "clientReference": text(most=LONGEST_REFERENCE),
                    "actor": record({"externalId": text(most=LONGEST_REFERENCE)}, closed=True),
                },
                closed=True,
            ),
        },
        closed=True,
    ),
    "Feedback": record(
        {
            "id": identifier("fb"),
            "taskId": identifier("task"),
            "rating": record({"scale": one_of("binary"), "value": whole(0, 1)}),
            "normalizedScore": {"type": "number", "minimum": 0, "maximum": 1},
            "createdAt": TIME,
        },
        {"labels": listed(text()), "reason": text()},
    ),
    "RpcRequest": record(
        {"jsonrpc": one_of("2.0"), "method": text()},
        {"id": {"type": ["string", "integer", "null"]}, "params": ANYTHING},
    ),
    "RpcAnswer": record({"jsonrpc": one_of("2.0")}, {"id": {}, "result": {}, "error": ANYTHING}),
}
"""Messages, tasks and what belongs to them (V2-OBJ-11 to V2-OBJ-16, V2-OBJ-18 to V2-OBJ-20, V2-OBJ-22)."""

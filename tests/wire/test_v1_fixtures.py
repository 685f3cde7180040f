"""Literal JSON typed from the API contract, read and written back (design D1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

import pytest

from agentkit.errors import WireError
from agentkit.models import (
    AgentInfo,
    AgentReference,
    ArtifactUpdate,
    ExpertInfo,
    ExpertReference,
    JsonObject,
    Message,
    Role,
    StatusUpdate,
    Task,
    TaskState,
)
from agentkit.specs import AgentType, Authorization, ExpertReferenceSpec, ExpertSpec, Transport
from agentkit.wire import v1

A = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001"
T = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0002"
C = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0003"

MESSAGE = """{"kind":"message","role":"user","messageId":"msg-1760000000000","parts":[
  {"kind":"text","text":"Any allergies on file?"},
  {"kind":"data","data":{"patientRef":"example-1"},"metadata":{"source":"form"}},
  {"kind":"file","file":{"uri":"https://files.example.org/a.pdf","name":"a.pdf","mimeType":"application/pdf"}},
  {"kind":"file","file":{"bytes":"aGVsbG8=","name":"b.txt"}}],
  "contextId":"c","taskId":"t","referenceTaskIds":["t0"],"extensions":["https://example.org/x"],
  "metadata":{"user_facing_msg":true}}"""

TASK = f"""{{"kind":"task","id":"{T}","contextId":"{C}","status":{{"state":"completed",
  "timestamp":"2026-01-01T10:00:00.000Z",
  "message":{{"kind":"message","role":"agent","messageId":"a-1","taskId":"{T}","contextId":"{C}",
   "parts":[{{"kind":"text","text":"Penicillin."}}]}}}},
  "artifacts":[{{"artifactId":"r1","name":"allergies","description":"What is on file",
   "parts":[{{"kind":"data","data":{{"answers":{{"q1":3}},"next_question_id":null}},
              "metadata":{{"type":"questionnaire_response"}}}}],"metadata":{{"n":1}},"extensions":["e"]}}],
  "history":[{{"kind":"message","role":"user","messageId":"m-1","parts":[{{"kind":"text","text":"?"}}]}}],
  "metadata":{{"credits":0.25,"_usage":{{"input_tokens":10,"output_tokens":2}}}}}}"""

AGENT = f"""{{"id":"{A}","name":"visit-helper","description":"Answers questions about one visit",
  "systemPrompt":"Be brief.",
  "experts":[
   {{"type":"expert","id":"e1","name":"record-reader","description":"Reads the record","systemPrompt":"","maxLoops":5,
     "mcpServers":[{{"id":"s1","name":"ehr","transportType":"streamable_http","authorizationType":"bearer",
       "authorizationScope":"ehr.read","url":"https://mcp.example.org/ehr/mcp",
  "redirectUrl":"https://example.org/cb"}}]}},
   {{"type":"reference","id":"e2","name":"pubmed-expert","systemPrompt":"Newest first",
  "resolvedConfig":{{"limit":3}}}}],
  "mcpServers":[]}}"""

CREATE = """{"name":"visit-helper","description":"Answers questions about one visit","agentType":"orchestrator",
  "systemPrompt":"Be brief.","experts":[
  {"type":"new","name":"record-reader","description":"Reads the record","systemPrompt":"Read it.",
   "mcpServers":[{"name":"ehr","description":"The record","transportType":"streamable_http",
  "authorizationType":"oauth2.0",
     "authorizationScope":"ehr.read","url":"https://mcp.example.org/ehr/mcp","redirectUrl":"https://example.org/cb"}]},
  {"type":"reference","name":"pubmed-expert","systemPrompt":"Newest first","config":{"limit":3}},
  {"type":"reference","id":"0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0009"}],
  "mcpServers":[{"name":"calc","transportType":"sse","authorizationType":"bearer","url":"http://calc.internal/mcp",
    "token":"static-token"}]}"""

SEND = """{"message":{"kind":"message","role":"user","messageId":"m-1","parts":[{"kind":"text",
  "text":"Any allergies on file?"},
   {"kind":"data","data":{"patientRef":"example-1"}}]},
   "configuration":{"blocking":false,"historyLength":2,"acceptedOutputModes":["text/plain"]},"metadata":{"k":"v"}}"""

STATUS_UPDATE = f"""{{"kind":"status-update","taskId":"{T}","contextId":"{C}","status":{{"state":"input-required"}},
  "final":true,"metadata":{{"credits":0.5}}}}"""

ARTIFACT_UPDATE = f"""{{"kind":"artifact-update","taskId":"{T}","contextId":"{C}",
  "artifact":{{"artifactId":"r1","parts":[{{"kind":"text","text":"Peni"}}]}},"append":true,"lastChunk":false}}"""

CONTEXT = f"""{{"id":"{C}","items":[{TASK},{MESSAGE}]}}"""

REGISTRY = """{"experts":[{"name":"pubmed-expert","description":"Literature","displayName":"PubMed",
  "displayDescription":"Finds papers","mcpServers":[{"name":"pubmed","authorizationType":"none"}],
  "configSchema":{"type":"object"}},{"name":"@ns/name","description":"Namespaced"}]}"""

CARD = f"""{{"protocolVersion":"0.3.0","name":"visit-helper","description":"d",
  "url":"https://api.example.org/agents/{A}/v1",
  "version":"1","preferredTransport":"JSONRPC","capabilities":{{"streaming":true,"pushNotifications":false}},
  "defaultInputModes":["text/plain"],"defaultOutputModes":["text/plain","application/json"],
  "skills":[{{"id":"s","name":"n","description":"d","tags":["ehr"],"inputModes":["text/plain"]}}],
  "provider":{{"organization":"Example","url":"https://example.org"}}}}"""


def load(text: str) -> JsonObject:
    return cast(JsonObject, json.loads(text))


ROUND_TRIPS: list[tuple[str, str, Callable[[object], JsonObject]]] = [
    ("V1-OBJ-15/16 message", MESSAGE, lambda wire: v1.encode_message(v1.decode_message(wire))),
    ("V1-OBJ-17/18/21 task", TASK, lambda wire: v1.encode_task(v1.decode_task(wire))),
    ("V1-OBJ-06/08/09/10 agent", AGENT, lambda wire: v1.encode_agent(v1.decode_agent(wire))),
    (
        "V1-OBJ-07 reference",
        '{"type":"reference","id":"x","name":"n"}',
        lambda wire: v1.encode_agent(v1.decode_agent(wire)),
    ),
    ("V1-OBJ-01/03/04/05 create", CREATE, lambda wire: v1.encode_create_agent(v1.decode_create_agent(wire))),
    ("V1-OBJ-02 update", '{"description":"new","experts":[]}', lambda wire: _update(wire)),
    ("V1-OBJ-14 send", SEND, lambda wire: v1.encode_send(v1.decode_send(wire))),
    ("V1-RPC-04 status update", STATUS_UPDATE, lambda wire: v1.encode_event(v1.decode_event(wire))),
    ("V1-RPC-05 artifact update", ARTIFACT_UPDATE, lambda wire: v1.encode_event(v1.decode_event(wire))),
    ("V1-OBJ-20 context", CONTEXT, lambda wire: v1.encode_context(v1.decode_context(wire))),
    ("V1-OBJ-11 registry", REGISTRY, lambda wire: v1.encode_registry(v1.decode_registry(wire))),
    ("V1-OBJ-12/13 card", CARD, lambda wire: v1.encode_card(v1.decode_card(wire))),
]


def _update(wire: object) -> JsonObject:
    return v1.encode_update_agent(v1.decode_update_agent(wire))


@pytest.mark.parametrize(("wire", "again"), [case[1:] for case in ROUND_TRIPS], ids=[case[0] for case in ROUND_TRIPS])
def test_documented_json_is_written_back_as_it_was_read(wire: str, again: Callable[[object], JsonObject]) -> None:
    written = again(load(wire))
    expected = load(wire)
    for task in [expected, *cast(list[JsonObject], expected.get("items") or [])]:
        _drop_defaults(task)
    for task in [written, *cast(list[JsonObject], written.get("items") or [])]:
        _drop_defaults(task)
    assert written == expected


def _drop_defaults(wire: JsonObject) -> None:
    """Empty `mcpServers` and `experts` are written where answers may leave them out."""
    for key in ("mcpServers", "experts"):
        if wire.get(key) == [] and "id" in wire:
            del wire[key]


def test_a_message_reads_into_the_neutral_words() -> None:
    message = v1.decode_message(load(MESSAGE))
    assert message.role is Role.USER
    assert message.text == "Any allergies on file?"
    assert message.data == ({"patientRef": "example-1"},)
    assert [part.kind for part in message.parts] == ["text", "data", "file", "file"]
    files = [part.file for part in message.parts if part.file]
    assert (files[0].uri, files[0].media_type) == ("https://files.example.org/a.pdf", "application/pdf")
    assert files[1].content == "aGVsbG8="
    assert (message.context_id, message.task_id, message.reference_task_ids) == ("c", "t", ("t0",))


def test_a_task_reads_into_the_neutral_words() -> None:
    task = v1.decode_task(load(TASK))
    assert (task.id, task.context_id, task.status.state) == (T, C, TaskState.COMPLETED)
    assert task.text == "Penicillin."
    assert task.status.timestamp is not None
    assert task.status.timestamp.isoformat() == "2026-01-01T10:00:00+00:00"
    assert task.artifacts[0].parts[0].data == {"answers": {"q1": 3}, "next_question_id": None}
    assert task.metadata == {"credits": 0.25, "_usage": {"input_tokens": 10, "output_tokens": 2}}


def test_an_agent_reads_into_the_neutral_words() -> None:
    agent = v1.decode_agent(load(AGENT))
    assert isinstance(agent, AgentInfo)
    reader, reference = agent.experts
    assert isinstance(reader, ExpertInfo)
    assert reader.unknown_fields == {"maxLoops": 5}
    assert reader.mcp_servers[0].authorization_type == "bearer"
    assert isinstance(reference, ExpertReference)
    assert reference.resolved_config == {"limit": 3}
    assert isinstance(v1.decode_agent({"type": "reference", "name": "n"}), AgentReference)


def test_a_create_reads_into_a_spec() -> None:
    spec = v1.decode_create_agent(load(CREATE), ephemeral=True)
    assert spec.agent_type is AgentType.ORCHESTRATOR
    assert spec.ephemeral
    new, by_name, by_id = spec.experts
    assert isinstance(new, ExpertSpec)
    assert new.servers[0].authorization is Authorization.OAUTH2
    assert isinstance(by_name, ExpertReferenceSpec)
    assert by_name.config == {"limit": 3}
    assert isinstance(by_id, ExpertReferenceSpec)
    assert by_id.id == "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0009"
    calculator = spec.servers[0]
    assert calculator.transport is Transport.SSE
    assert calculator.token is not None
    assert "static-token" not in repr(spec)


def test_stream_events_are_told_apart_by_kind() -> None:
    assert isinstance(v1.decode_event(load(STATUS_UPDATE)), StatusUpdate)
    update = v1.decode_event(load(ARTIFACT_UPDATE))
    assert isinstance(update, ArtifactUpdate)
    assert (update.append, update.last_chunk) == (True, False)
    assert isinstance(v1.decode_event(load(TASK)), Task)
    assert isinstance(v1.decode_event(load(MESSAGE)), Message)


def test_an_answer_holds_exactly_one_of_task_and_message() -> None:
    """V1-SEND-05."""
    assert isinstance(v1.decode_send_answer({"task": load(TASK)}), Task)
    assert isinstance(v1.decode_send_answer({"message": load(MESSAGE)}), Message)
    for wire in ({}, {"task": load(TASK), "message": load(MESSAGE)}):
        with pytest.raises(WireError):
            v1.decode_send_answer(wire)


def test_an_mcp_servers_token_is_never_shown_in_an_answer() -> None:
    """V1-OBJ-05, V1-OBJ-10."""
    server = v1.decode_server(
        {"id": "1", "name": "n", "transportType": "sse", "authorizationType": "bearer", "token": "leaked"}
    )
    assert "leaked" not in json.dumps(v1.encode_server(server))

"""What the v1 codec refuses, and how it says so (V1-SEND-10, V1-ERR-02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentkit.errors import WireError
from agentkit.models import TaskState
from agentkit.wire import v1
from agentkit.wire.reader import read_time

TEXT = {"kind": "text", "text": "secret words"}
MESSAGE: dict[str, Any] = {"kind": "message", "role": "user", "messageId": "m", "parts": [TEXT]}
SERVER = {"name": "ehr", "transportType": "streamable_http", "authorizationType": "bearer", "url": "https://x.org/mcp"}


def send(**changes: Any) -> dict[str, Any]:
    message = {key: value for key, value in {**MESSAGE, **changes}.items() if value is not ...}
    return {"message": message}


def agent(**changes: Any) -> dict[str, Any]:
    return {"name": "n", "description": "d", **changes}


def expert(*servers: dict[str, Any], name: str = "e", kind: str = "new") -> dict[str, Any]:
    return {"type": kind, "name": name, "description": "d", "mcpServers": list(servers)}


CASES: list[tuple[Callable[..., object], object, str, str]] = [
    (v1.decode_send, [], "", "type"),
    (v1.decode_send, {}, "message", "missing"),
    (v1.decode_send, {"message": "x"}, "message", "type"),
    (v1.decode_send, send(kind=...), "message.kind", "missing"),
    (v1.decode_send, send(kind="task"), "message.kind", "value"),
    (v1.decode_send, send(role=...), "message.role", "missing"),
    (v1.decode_send, send(role="system"), "message.role", "value"),
    (v1.decode_send, send(messageId=...), "message.messageId", "missing"),
    (v1.decode_send, send(messageId=" "), "message.messageId", "value"),
    (v1.decode_send, send(messageId=7), "message.messageId", "type"),
    (v1.decode_send, send(parts=...), "message.parts", "missing"),
    (v1.decode_send, send(parts={}), "message.parts", "type"),
    (v1.decode_send, send(parts=[TEXT, {"text": "x"}]), "message.parts[1].kind", "missing"),
    (v1.decode_send, send(parts=[{"kind": "text"}]), "message.parts[0].text", "missing"),
    (v1.decode_send, send(parts=[{"kind": "text", "text": 1}]), "message.parts[0].text", "type"),
    (v1.decode_send, send(parts=[{"kind": "data"}]), "message.parts[0].data", "missing"),
    (v1.decode_send, send(parts=[{"kind": "video"}]), "message.parts[0].kind", "value"),
    (v1.decode_send, send(parts=[{"kind": "file", "file": {"uri": 1}}]), "message.parts[0].file.uri", "type"),
    (v1.decode_send, send(metadata=[]), "message.metadata", "type"),
    (v1.decode_send, {**send(), "configuration": {"blocking": "no"}}, "configuration.blocking", "type"),
    (v1.decode_send, {**send(), "configuration": {"historyLength": -1}}, "configuration.historyLength", "value"),
    (v1.decode_send, {**send(), "configuration": {"historyLength": True}}, "configuration.historyLength", "type"),
    (v1.decode_create_agent, {"description": "d"}, "name", "missing"),
    (v1.decode_create_agent, agent(name=""), "name", "value"),
    (v1.decode_create_agent, agent(agentType="boss"), "agentType", "value"),
    (v1.decode_create_agent, agent(experts=[{}]), "experts[0].type", "missing"),
    (v1.decode_create_agent, agent(experts=[expert(kind="expert")]), "experts[0].type", "value"),
    (v1.decode_create_agent, agent(experts=[{"type": "reference"}]), "experts[0].name", "value"),
    (v1.decode_create_agent, agent(experts=[expert({})]), "experts[0].mcpServers[0].transportType", "missing"),
    (
        v1.decode_create_agent,
        agent(experts=[expert({**SERVER, "authorizationType": "basic"})]),
        "experts[0].mcpServers[0].authorizationType",
        "value",
    ),
    (
        v1.decode_create_agent,
        agent(experts=[expert({**SERVER, "url": "ftp://x"})]),
        "experts[0].mcpServers[0].url",
        "value",
    ),
    (
        v1.decode_create_agent,
        agent(experts=[expert(SERVER), expert(SERVER, name="f")]),
        "experts[1].mcpServers[0].name",
        "value",
    ),
    (v1.decode_create_agent, agent(experts=[expert(), expert()]), "experts[1].name", "value"),
    (
        v1.decode_create_agent,
        agent(mcpServers=[{**SERVER, "transportType": "sse", "authorizationType": "oauth2.0"}]),
        "mcpServers[0].authorizationType",
        "value",
    ),
    (v1.decode_update_agent, {"name": ""}, "name", "value"),
    (v1.decode_task, {"kind": "task", "id": "1", "contextId": "2"}, "task.status", "missing"),
    (v1.decode_event, {"kind": "noise"}, "result.kind", "value"),
    (v1.decode_agents, None, "agents", "type"),
    (v1.decode_agents, {}, "agents", "type"),
]


@pytest.mark.parametrize(("decode", "wire", "path", "reason"), CASES)
def test_a_refusal_names_the_place_and_the_kind_of_fault_but_no_value(
    decode: Callable[..., object], wire: object, path: str, reason: str
) -> None:
    with pytest.raises(WireError) as refused:
        decode(wire)
    assert (refused.value.path, refused.value.reason) == (path, reason)
    assert "secret words" not in str(refused.value)


def test_an_unknown_part_kind_is_named_only_when_it_looks_like_one() -> None:
    with pytest.raises(WireError) as refused:
        v1.decode_part({"kind": "Anna Berg, born 1980"})
    assert "Anna" not in str(refused.value)


def test_a_full_agent_in_its_answer_form_is_accepted_as_an_update() -> None:
    """CON-21, SDKC-11."""
    changes = v1.decode_update_agent(
        {"id": "x", "name": "n", "description": "d", "systemPrompt": "p", "experts": [expert(SERVER, kind="expert")]}
    )
    assert (changes.name, changes.prompt) == ("n", "p")
    assert changes.experts is not None
    assert changes.servers is None


def test_an_empty_update_changes_nothing() -> None:
    """V1-AGENT-03."""
    assert v1.encode_update_agent(v1.decode_update_agent({})) == {}


def test_null_counts_as_absent_and_unknown_states_are_fine() -> None:
    """SDKC-06."""
    task = v1.decode_task(
        {
            "kind": "task",
            "id": "1",
            "contextId": "2",
            "status": {"state": "pondering", "message": None, "timestamp": "yesterday"},
            "artifacts": None,
            "history": None,
            "metadata": None,
        }
    )
    assert task.status.state is TaskState.UNKNOWN
    assert task.status.timestamp is None
    assert task.artifacts == ()


def test_times_are_read_in_any_zone_and_without() -> None:
    assert read_time("2026-01-01T10:00:00.123456+02:00") == read_time("2026-01-01T08:00:00.123456Z")
    assert read_time("2026-01-01T08:00:00") == read_time("2026-01-01T08:00:00Z")

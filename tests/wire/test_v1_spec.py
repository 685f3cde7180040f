"""What v1 takes of the specs and sends of both generations (V1-OBJ-01 to V1-OBJ-05, V1-OBJ-14)."""

from __future__ import annotations

from typing import Any, cast

import pytest

from agentkit.client.v1 import send_message
from agentkit.errors import UnsupportedByGeneration, WireError
from agentkit.models import JsonObject, PushAuthentication, PushNotificationConfig
from agentkit.specs import CLEAR, AgentChanges, AgentReferenceSpec, AgentSpec, ExpertReferenceSpec
from agentkit.wire import v1

BARE = "0198f6a2-5c1e-7a3b-8c4d-0123456789ab"
SEND: JsonObject = {
    "message": {"kind": "message", "role": "user", "messageId": "m", "parts": [{"kind": "text", "text": "?"}]},
    "configuration": {
        "pushNotificationConfig": {
            "id": "p",
            "url": "https://example.org/hook",
            "token": "push-secret-token",
            "authentication": {"schemes": ["Bearer"], "credentials": "push-secret-key"},
        }
    },
}


def test_another_agent_is_a_reference_by_its_bare_id() -> None:
    """V1-AGENT-06, V2-MIG-02."""
    spec = AgentSpec(name="a", description="d", experts=[AgentReferenceSpec(BARE, prompt="p")])
    wire = v1.encode_create_agent(spec)
    assert wire["experts"] == [{"type": "reference", "id": BARE, "systemPrompt": "p"}]
    assert v1.decode_create_agent(wire).experts == (ExpertReferenceSpec(id=BARE, prompt="p"),)


def test_cleared_experts_and_servers_are_empty_lists() -> None:
    """V1-AGENT-03: arrays replace."""
    assert v1.encode_update_agent(AgentChanges(experts=CLEAR, servers=CLEAR)) == {"experts": [], "mcpServers": []}


def test_an_api_key_is_no_authorization_of_v1() -> None:
    server: dict[str, Any] = {
        "name": "ehr",
        "transportType": "streamable_http",
        "authorizationType": "apiKey",
        "url": "https://x.org",
    }
    with pytest.raises(WireError) as refused:
        v1.decode_create_agent({"name": "a", "description": "d", "mcpServers": [server]})
    assert refused.value.path == "mcpServers[0].authorizationType"
    assert "apiKey" not in str(refused.value)


def test_a_push_configuration_is_the_same_in_both_directions_and_shows_no_secret() -> None:
    """V1-OBJ-14."""
    request = v1.decode_send(SEND)
    assert request.push_notification == PushNotificationConfig(
        id="p",
        url="https://example.org/hook",
        token="push-secret-token",
        authentication=PushAuthentication(schemes=("Bearer",), credentials="push-secret-key"),
    )
    assert v1.encode_send(request) == SEND
    assert "push-secret" not in repr(request)
    assert request.push_notification is not None
    assert request.push_notification.secrets() == {"push-secret-token", "push-secret-key"}
    assert "push-secret" not in repr(send_message("a", request, frozenset()))


def test_a_push_configuration_without_authentication_is_read() -> None:
    message = cast(JsonObject, SEND["message"])
    wire: JsonObject = {"message": message, "configuration": {"pushNotificationConfig": {"url": "https://x.org"}}}
    request = v1.decode_send(wire)
    assert v1.encode_send(request) == wire
    assert request.push_notification is not None
    assert request.push_notification is not None
    assert request.push_notification.secrets() == frozenset()


def test_remote_agents_are_refused_naming_their_place() -> None:
    with pytest.raises(UnsupportedByGeneration) as refused:
        v1.encode_update_agent(AgentChanges(experts=["pubmed-expert", "https://remote.example.org"]))
    assert refused.value.field == "AgentChanges.experts[1]"

"""Agent cards of both generations, typed from the contract (V1-OBJ-12, V1-OBJ-13, V2-OBJ-17)."""

from __future__ import annotations

import json
from typing import cast

import pytest

from agentkit.models import AgentExtension, AgentInterface, AgentProvider, JsonObject
from agentkit.wire import v1, v2

V1_CARD = """{"protocolVersion":"0.3.0","name":"visit-helper","description":"d",
  "url":"https://api.example.org/agents/x/v1","version":"1","preferredTransport":"JSONRPC",
  "additionalInterfaces":[{"url":"https://api.example.org/agents/x/grpc","transport":"GRPC"}],
  "iconUrl":"https://example.org/icon.png","documentationUrl":"https://example.org/docs",
  "provider":{"organization":"Example","url":"https://example.org"},
  "capabilities":{"streaming":true,"pushNotifications":false,"stateTransitionHistory":false,
    "extensions":[{"uri":"https://example.org/ext","description":"e","required":true,"params":{"a":1}}]},
  "securitySchemes":{"bearer":{"type":"http","scheme":"bearer"}},"security":[{"bearer":[]}],
  "supportsAuthenticatedExtendedCard":true,
  "signatures":[{"protected":"eyJ","signature":"c2ln","header":{"kid":"1"}}],
  "defaultInputModes":["text/plain"],"defaultOutputModes":["text/plain","application/json"],
  "skills":[{"id":"s","name":"n","description":"d","tags":["ehr"],"inputModes":["text/plain"],
    "outputModes":["application/json"],"security":{"bearer":[]},"color":"red"}],"motto":"care"}"""

V1_NULLS = """{"protocolVersion":"0.3.0","name":"n","description":"d","url":"u","version":"1","capabilities":null,
  "defaultInputModes":[],"defaultOutputModes":[],
  "skills":[{"id":"s","name":"n","description":"d","tags":[],"examples":null,"inputModes":null,"outputModes":null,
    "security":null}],
  "preferredTransport":null,"additionalInterfaces":null,"iconUrl":null,"documentationUrl":null,"provider":null,
  "securitySchemes":null,"security":null,"supportsAuthenticatedExtendedCard":null,"signatures":null}"""

V2_CARD = """{"name":"visit-helper","description":"d","version":"1",
  "capabilities":{"streaming":true,"pushNotifications":false},
  "supportedInterfaces":[
    {"protocolBinding":"JSONRPC","protocolVersion":"1.0","url":"https://api.example.org/v2/agentic/agents/a/a2a"},
    {"protocolBinding":"HTTP+JSON","protocolVersion":"1.0","url":"https://api.example.org/v2/agentic/agents/a/a2a"}],
  "documentationUrl":"https://example.org/docs","iconUrl":"https://example.org/icon.png",
  "defaultInputModes":["text/plain"],"defaultOutputModes":["text/plain"],
  "provider":{"organization":"Example","url":"https://example.org"},
  "securityRequirements":[{"schemes":{"bearer":{"list":[]}}}],
  "securitySchemes":{"bearer":{"httpAuthSecurityScheme":{"scheme":"bearer"}}},
  "signatures":[{"protected":"eyJ","signature":"c2ln","header":{"kid":"1"}}],
  "skills":[{"id":"con.0198f6a2-5c1e-7a3b-8c4d-0123456789ab","name":"ehr","description":"d","tags":["mcp"]}]}"""


def load(text: str) -> JsonObject:
    return cast(JsonObject, json.loads(text))


def test_every_documented_field_of_a_v1_card_is_kept() -> None:
    card = v1.decode_card(load(V1_CARD))
    assert v1.encode_card(card) == load(V1_CARD)
    assert card.additional_interfaces == (
        AgentInterface(url="https://api.example.org/agents/x/grpc", protocol_binding="GRPC"),
    )
    assert card.provider == AgentProvider(organization="Example", url="https://example.org")
    assert card.capabilities is not None
    assert card.capabilities.extensions == (
        AgentExtension(uri="https://example.org/ext", description="e", required=True, params={"a": 1}),
    )
    assert card.capabilities.state_transition_history is False
    assert card.signatures[0].header == {"kid": "1"}
    assert card.supports_authenticated_extended_card is True
    assert card.security == [{"bearer": []}]
    assert card.unknown_fields == {"motto": "care"}


def test_every_nullable_field_of_a_v1_card_may_be_null() -> None:
    card = v1.decode_card(load(V1_NULLS))
    assert card.capabilities is None
    assert card.provider is None
    assert card.preferred_transport is None
    assert card.skills[0].input_modes == ()
    again = v1.encode_card(card)
    assert again["capabilities"] is None
    assert v1.decode_card(again) == card


@pytest.mark.parametrize(
    ("examples", "texts"),
    [
        (["Any allergies?"], ("Any allergies?",)),
        (
            [{"kind": "message", "role": "user", "messageId": "m", "parts": [{"kind": "text", "text": "Any?"}, 7, {}]}],
            ("Any?",),
        ),
        ([{}, 7, {"parts": 1}], ("", "", "")),
    ],
)
def test_examples_are_read_as_texts_and_never_written(examples: list[object], texts: tuple[str, ...]) -> None:
    """CON-08, V1-CARD-02."""
    wire = load(V1_NULLS)
    skill = {"id": "s", "name": "n", "description": "d", "tags": [], "examples": examples}
    card = v1.decode_card({**wire, "skills": [skill]})
    assert card.skills[0].examples == texts
    assert "examples" not in json.dumps(v1.encode_card(card))


def test_every_documented_field_of_a_v2_card_is_kept() -> None:
    card = v2.decode_card(load(V2_CARD))
    assert v2.encode_card(card) == load(V2_CARD)
    assert [interface.protocol_binding for interface in card.supported_interfaces] == ["JSONRPC", "HTTP+JSON"]
    assert card.url == card.supported_interfaces[0].url
    assert (card.protocol_version, card.preferred_transport) == ("1.0", "JSONRPC")
    assert card.skills[0].id.startswith("con.")
    assert card.security_requirements == ({"schemes": {"bearer": {"list": []}}},)


def test_the_smallest_v2_card_is_read() -> None:
    card = v2.decode_card(
        {
            "name": "n",
            "version": "1",
            "capabilities": {},
            "supportedInterfaces": [{"protocolBinding": "JSONRPC", "url": "u"}],
            "skills": [{"id": "i", "name": "n"}],
        }
    )
    assert (card.description, card.protocol_version, card.skills[0].description) == ("", "1.0", "")
    assert card.provider is None

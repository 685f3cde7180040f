"""The card: built, checked, served with caching (A2A-CARD)."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from a2a.types import AgentCard
from google.protobuf.json_format import ParseDict

from agentkit.a2a import BEARER_SCHEME, CREDENTIALS_EXTENSION, build_card, card_document, card_text
from agentkit.errors import SpecError
from agentkit.models import AgentSkill
from tests.a2a.desk import URL, Desk, RestPeer, http_client, message, served_desk

pytestmark = pytest.mark.anyio

CARD: dict[str, Any] = {
    "name": "desk",
    "description": "Answers at the front desk",
    "version": "0.1.0",
    "provider": {"organization": "Example", "url": "https://example.org"},
    "documentationUrl": "https://example.org/desk",
    "supportedInterfaces": [
        {"url": "https://agents.example.org/desk/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        {"url": "https://agents.example.org/desk", "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"},
    ],
    "capabilities": {
        "streaming": True,
        "pushNotifications": False,
        "extendedAgentCard": False,
        "extensions": [
            {
                "uri": CREDENTIALS_EXTENSION,
                "description": "Data parts of type token or credentials authorize calls to one MCP server, named by "
                "mcp_name. They are taken out before anything is stored or logged.",
            }
        ],
    },
    "securitySchemes": {"bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer"}}},
    "securityRequirements": [{"schemes": {"bearer": {}}}],
    "defaultInputModes": ["text/plain", "application/json"],
    "defaultOutputModes": ["text/plain", "application/json"],
    "skills": [{"id": "echo", "name": "Echo", "description": "Says it again", "tags": ["talk"]}],
}


class Plain(Desk):
    """An agent without skills."""

    skills: tuple[AgentSkill, ...] = ()


class Detailed(Desk):
    """An agent whose skill says all it can."""

    skills = (
        AgentSkill(
            id="scan",
            name="Scan",
            description="Reads scans",
            examples=("What does it say?",),
            input_modes=("image/png",),
            output_modes=("text/plain",),
        ),
    )


class Nameless(Desk):
    """An agent without description."""

    description = ""


def test_a_card_says_all_that_is_required_a2a_card_02_card_03_card_08() -> None:
    card = build_card(
        Desk(),
        url="https://agents.example.org/desk/",
        provider=("Example", "https://example.org"),
        documentation_url="https://example.org/desk",
        security_schemes=BEARER_SCHEME,
    )
    assert card_document(card) == CARD
    assert ParseDict(CARD, AgentCard()) == card


def test_an_agent_without_skills_gets_one_named_after_itself_a2a_card_02() -> None:
    skills = card_document(build_card(Plain(), url=URL))["skills"]
    assert skills == [{"id": "desk", "name": "desk", "description": "Answers at the front desk", "tags": ["desk"]}]


def test_a_skill_says_all_it_can_and_widens_what_is_taken_a2a_send_06() -> None:
    assert card_document(build_card(Detailed(), url=URL))["skills"] == [
        {
            "id": "scan",
            "name": "Scan",
            "description": "Reads scans",
            "tags": ["desk"],
            "examples": ["What does it say?"],
            "inputModes": ["image/png"],
            "outputModes": ["text/plain"],
        }
    ]


async def test_a_part_of_a_media_type_of_a_skill_is_taken_a2a_send_06() -> None:
    card = build_card(Detailed(), url=URL)
    async with served_desk(card=card) as served, http_client(served.app) as http:
        part = {"raw": "aGk=", "mediaType": "image/png"}
        answer = await RestPeer(http).ask("SendMessage", message("x", parts=[part]))
    assert answer.status == 200


def test_a_card_that_lacks_a_required_field_is_refused_a2a_card_02() -> None:
    with pytest.raises(SpecError, match="description"):
        build_card(Nameless(), url=URL)
    with pytest.raises(SpecError, match="default_input_modes"):
        build_card(Desk(), url=URL, input_modes=())


def test_an_unknown_security_scheme_is_refused() -> None:
    with pytest.raises(SpecError):
        build_card(Desk(), url=URL, security_schemes={"key": {"magicScheme": {}}})


def test_the_committed_text_is_the_same_for_the_same_card_d9() -> None:
    text = card_text(build_card(Desk(), url=URL, security_schemes={"b": BEARER_SCHEME["bearer"], **BEARER_SCHEME}))
    again = card_text(build_card(Desk(), url=URL, security_schemes={**BEARER_SCHEME, "b": BEARER_SCHEME["bearer"]}))
    assert json.loads(text)["securitySchemes"] == json.loads(again)["securitySchemes"]
    assert text.endswith("}\n")


async def test_the_card_is_served_with_caching_a2a_card_01_card_04_card_05_card_06(http: httpx2.AsyncClient) -> None:
    del http.headers["A2A-Version"]
    path = "/.well-known/agent-card.json"
    response = await http.get(path)
    assert response.json() == card_document(build_card(Desk(), url=URL))
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "public, max-age=300"
    etag, modified = response.headers["etag"], response.headers["last-modified"]
    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"other", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        again = await http.get(path, headers=headers)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If-Modified-Since": "not a date"},
    ):
        assert (await http.get(path, headers=headers)).status_code == 200
    head = await http.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)

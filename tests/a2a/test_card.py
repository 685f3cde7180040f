"""The card: built, checked, served with caching (A2A-CARD)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from a2a.compat.v0_3 import types as older
from a2a.types import AgentCard
from google.protobuf.json_format import MessageToDict, ParseDict

from agentkit.a2a import (
    CREDENTIALS_EXTENSION,
    IDEMPOTENT_SEND_EXTENSION,
    ApiKeyAuth,
    BearerAuth,
    CardTexts,
    OAuthAuth,
    Security,
    build_card,
    card_document,
    card_text,
    read_card_texts,
)
from agentkit.errors import SpecError
from agentkit.models import AgentSkill
from tests.a2a.desk import URL, Desk, RestPeer, http_client, message, served_desk

pytestmark = pytest.mark.anyio

BASE = "https://agents.example.org/desk"


def interface(url: str, binding: str, version: str) -> dict[str, str]:
    return {"url": url, "protocolBinding": binding, "protocolVersion": version}


CARD: dict[str, Any] = {
    "name": "desk",
    "description": "Answers at the front desk",
    "version": "2.1.0",
    "provider": {"organization": "Example", "url": "https://example.org"},
    "documentationUrl": "https://example.org/desk",
    "iconUrl": "https://example.org/desk.png",
    "supportedInterfaces": [
        interface(f"{BASE}/a2a", "JSONRPC", "1.0"),
        interface(BASE, "HTTP+JSON", "1.0"),
        interface("agents.example.org:8703", "GRPC", "1.0"),
        interface(f"{BASE}/a2a", "JSONRPC", "0.3"),
        interface(BASE, "HTTP+JSON", "0.3"),
        interface("agents.example.org:8703", "GRPC", "0.3"),
    ],
    "capabilities": {"streaming": True, "pushNotifications": True, "extendedAgentCard": True},
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
    texts = CardTexts(
        version="2.1.0",
        provider=("Example", "https://example.org"),
        documentation_url="https://example.org/desk",
        icon_url="https://example.org/desk.png",
    )
    card = build_card(
        Desk(),
        url=f"{BASE}/",
        texts=texts,
        security=Security(BearerAuth({"ops": "a-token"})),
        grpc_url="agents.example.org:8703",
        push=True,
        extended=True,
    )
    known: dict[str, Any] = MessageToDict(card)
    extensions = known["capabilities"].pop("extensions")
    assert known == CARD
    assert [one["uri"] for one in extensions] == [CREDENTIALS_EXTENSION, IDEMPOTENT_SEND_EXTENSION]
    assert all(one["description"] for one in extensions)
    assert "a-token" not in card_text(card)


def test_the_document_has_the_members_of_0_3_for_older_clients_a2a_03_02() -> None:
    security = Security(
        OAuthAuth("https://login.example.org", required_scopes=("desk",), token_url="https://t.example")
    )
    document: Any = card_document(build_card(Desk(), url=BASE, security=security))
    assert (document["url"], document["preferredTransport"], document["protocolVersion"]) == (
        f"{BASE}/a2a",
        "JSONRPC",
        "0.3",
    )
    assert document["additionalInterfaces"] == [{"transport": "HTTP+JSON", "url": BASE}]
    assert document["security"] == [{"oauth2": ["desk"]}]
    assert document["securitySchemes"]["oauth2"]["type"] == "oauth2"
    assert older.AgentCard.model_validate(document).url == f"{BASE}/a2a"
    newer = ParseDict(document, AgentCard(), ignore_unknown_fields=True)
    assert newer == build_card(Desk(), url=BASE, security=security)


def test_without_0_3_the_document_is_that_of_1_0_only_a2a_ver_07() -> None:
    document: Any = card_document(build_card(Desk(), url=BASE, versions=("1.0",)))
    assert "url" not in document
    assert {one["protocolVersion"] for one in document["supportedInterfaces"]} == {"1.0"}


def test_what_a_skill_needs_beside_is_shown_and_must_be_a_scheme_that_is_there() -> None:
    class Careful(Desk):
        skills = (AgentSkill(id="s", name="S", description="D", security=[{"openIdConnect": ["desk.write"]}]),)

    security = Security(OAuthAuth("https://login.example.org"))
    (skill,) = MessageToDict(build_card(Careful(), url=BASE, security=security))["skills"]
    assert skill["securityRequirements"] == [{"schemes": {"openIdConnect": {"list": ["desk.write"]}}}]
    with pytest.raises(SpecError, match=r"skills\.s\.security.*known: apiKey"):
        build_card(Careful(), url=BASE, security=Security(ApiKeyAuth({"a": "k"})))


def test_the_words_of_a_card_come_from_a_file_and_its_addresses_do_not_d9(tmp_path: Path) -> None:
    written = tmp_path / "desk.json"
    words = {
        "name": "Front desk",
        "description": "Ask here first",
        "version": "3.0.0",
        "provider": {"organization": "Example", "url": "https://example.org"},
        "iconUrl": "https://example.org/i.png",
        "documentationUrl": "https://example.org/d",
        "skills": [{"id": "echo", "name": "Echo", "description": "Repeats", "tags": ["t"], "examples": ["Hi"]}],
        "supportedInterfaces": [interface("https://evil.example", "JSONRPC", "1.0")],
        "capabilities": {"streaming": False},
    }
    written.write_text(json.dumps(words), encoding="utf-8")
    card: Any = MessageToDict(build_card(Desk(), url=BASE, texts=read_card_texts(written)))
    assert {name: card[name] for name in words if name not in {"supportedInterfaces", "capabilities"}} == {
        name: value for name, value in words.items() if name not in {"supportedInterfaces", "capabilities"}
    }
    assert card["supportedInterfaces"][0]["url"] == f"{BASE}/a2a"
    assert card["capabilities"]["streaming"] is True


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "must be an object"),
        ("{", "no agent card"),
        ('{"skills": [{"id": "a"}]}', r"skills\[0\]"),
        ('{"provider": {"organization": "x"}}', r"provider\.url"),
        (" " * 2_000_000, "larger"),
    ],
)
def test_a_file_that_is_no_card_is_refused_with_its_name(tmp_path: Path, text: str, says: str) -> None:
    written = tmp_path / "desk.json"
    written.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=says) as refused:
        read_card_texts(written)
    assert "desk.json" in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="No such file"):
        read_card_texts(tmp_path / "none.json")


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
        build_card(Desk(), url=URL, texts=CardTexts(input_modes=()))


def test_the_committed_text_is_the_same_for_the_same_card_d9() -> None:
    text = card_text(build_card(Desk(), url=URL))
    assert text == card_text(build_card(Desk(), url=URL))
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

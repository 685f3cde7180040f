"""Several agents on one host: each its own card, one catalogue, one store, and more for callers who are known."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest

from agentkit.a2a import (
    BearerAuth,
    CardKeys,
    CardTexts,
    CardTrust,
    HostedAgent,
    OAuthAuth,
    Security,
    card_document,
    verify_card,
)
from agentkit.a2a.hosted import Manner, place
from agentkit.a2a.standalone import GrpcPlace, agent_app
from agentkit.compose import Caller
from agentkit.errors import ConfigurationError, ServeError, SpecError
from agentkit.models import AgentSkill
from agentkit.testing.asgi import ASGITransport, running
from tests.a2a.desk import Desk, message

pytestmark = pytest.mark.anyio

URL = "https://agents.example.org"
WARD = "/ward-7"


class Named(Desk):
    """A desk of another name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


@asynccontextmanager
async def hosted(agents: Any, **options: Any) -> AsyncGenerator[httpx2.AsyncClient]:
    app = agent_app(agents, url=URL, **options)
    async with (
        running(app) as live,
        httpx2.AsyncClient(transport=ASGITransport(live), base_url=URL, headers={"A2A-Version": "1.0"}) as http,
    ):
        yield http


async def test_each_agent_has_its_address_and_card_and_only_its_tasks() -> None:
    async with hosted([Named("front desk"), HostedAgent(Named("ward"), path=WARD)]) as http:
        for path, name in (("/front-desk", "front desk"), (WARD, "ward")):
            card = (await http.get(f"{path}/.well-known/agent-card.json")).json()
            assert card["name"] == name
            assert [one["url"] for one in card["supportedInterfaces"]][:2] == [f"{URL}{path}/a2a", f"{URL}{path}"]
        task = (await http.post("/front-desk/message:send", json=message("hello"))).json()["task"]
        assert (await http.get(f"/front-desk/tasks/{task['id']}")).status_code == 200
        assert (await http.get(f"{WARD}/tasks/{task['id']}")).status_code == 404
        assert (await http.get(f"{WARD}/tasks")).json()["totalSize"] == 0
        assert (await http.get("/.well-known/agent-card.json")).status_code == 404
        nowhere = await http.get("/nobody")
        assert nowhere.json()["error"]["status"] == "NOT_FOUND"


async def test_the_catalogue_leads_to_every_card() -> None:
    texts = CardTexts(name="Front desk", version="2.0.0")
    async with hosted([HostedAgent(Named("desk"), texts=texts), Named("ward")]) as http:
        answer = await http.get("/.well-known/ai-catalog.json")
        catalog = answer.json()
        listed = (await http.get("/agents.json")).json()["agents"]
        again = await http.get("/.well-known/ai-catalog.json", headers={"If-None-Match": answer.headers["etag"]})
        for entry in catalog["entries"]:
            assert (await http.get(entry["url"])).json()["name"] == entry["displayName"]
    assert answer.headers["content-type"] == "application/ai-catalog+json"
    assert again.status_code == 304
    assert (catalog["specVersion"], catalog["host"]) == ("1.0", {"displayName": "agents.example.org"})
    assert catalog["entries"][0] == {
        "identifier": "urn:air:agents.example.org:agent:desk",
        "displayName": "Front desk",
        "type": "application/a2a-agent-card+json",
        "url": f"{URL}/desk/.well-known/agent-card.json",
        "description": "Answers at the front desk",
        "version": "2.0.0",
        "tags": ["talk"],
    }
    assert [one["url"] for one in listed] == [f"{URL}/desk", f"{URL}/ward"]


@pytest.mark.parametrize("path", ["/ward", "/ward/", "/nobody", "http://elsewhere.example/ward"])
async def test_where_no_operation_lies_nobody_is_sent_elsewhere(path: str) -> None:
    # A redirect would name the scheme and host that this server sees behind its proxy, and take credentials there.
    app = agent_app([Named("desk"), Named("ward")], url=URL)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(part: Any) -> None:
        sent.append(part)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }
    async with running(app) as live:
        await live(scope, receive, send)
    assert sent[0]["status"] == 404
    assert json.loads(sent[1]["body"])["error"]["details"][0]["reason"] == "METHOD_NOT_FOUND"


async def test_one_agent_alone_lies_at_the_address_itself() -> None:
    async with hosted(Desk()) as http:
        assert (await http.get("/.well-known/agent-card.json")).json()["name"] == "desk"
        assert (await http.get("/tasks")).status_code == 200
        (entry,) = (await http.get("/.well-known/ai-catalog.json")).json()["entries"]
    assert entry["url"] == f"{URL}/.well-known/agent-card.json"


@pytest.mark.parametrize(
    ("agents", "says"),
    [
        ([], "at least one agent"),
        ([Desk(), Desk()], "the name 'desk'"),
        ([Named("a b"), Named("a-b")], "the path 'a-b'|the path '/a-b'"),
        ([Named("手"), Desk()], "give a path"),
        ([HostedAgent(Desk(), path="../x")], "must be letters"),
        ([HostedAgent(Desk(), path="a?b")], "must be letters"),
        ([HostedAgent(Desk(), more_skills=lambda _caller: [])], "no way to say who one is"),
    ],
)
def test_what_cannot_be_told_apart_is_not_served(agents: Sequence[Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        agent_app(agents, url=URL)


def test_an_agent_that_is_durable_needs_a_database() -> None:
    desk = Desk()
    desk.durable = True  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ConfigurationError, match="database"):
        agent_app(desk, url=URL)


def skills_for(caller: Caller) -> list[AgentSkill]:
    return [AgentSkill(id=f"for-{caller.owner}", name="More", description="For those who are known")]


async def skills_later(caller: Caller) -> list[AgentSkill]:
    return skills_for(caller)


@pytest.mark.parametrize("more_skills", [skills_for, skills_later])
async def test_who_is_known_sees_more_skills_a2a_xc_01_xc_02(more_skills: Any) -> None:
    security = Security(BearerAuth({"alice": "alice-token", "bob": "bob-token"}), optional=True)
    desk = HostedAgent(Desk(), more_skills=more_skills)
    rpc = {"jsonrpc": "2.0", "id": 1, "method": "GetExtendedAgentCard"}
    async with hosted(desk, security=security) as http:
        public = (await http.get("/.well-known/agent-card.json")).json()
        assert public["capabilities"]["extendedAgentCard"] is True
        assert public["supportsAuthenticatedExtendedCard"] is True
        for name in ("alice", "bob"):
            headers = {"Authorization": f"Bearer {name}-token"}
            rest = (await http.get("/extendedAgentCard", headers=headers)).json()
            assert [one["id"] for one in rest["skills"]] == ["echo", f"for-{name}"]
            assert (await http.post("/a2a", json=rpc, headers=headers)).json()["result"] == rest
        for refused in (await http.get("/extendedAgentCard"), await http.post("/a2a", json=rpc)):
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_without_more_skills_there_is_no_extended_card_a2a_xc_01() -> None:
    async with hosted(Desk(), security=Security(BearerAuth({"a": "t"}))) as http:
        answer = await http.get("/extendedAgentCard", headers={"Authorization": "Bearer t"})
    assert answer.json()["error"]["details"][0]["reason"] == "UNSUPPORTED_OPERATION"


async def test_the_extended_card_is_signed_where_cards_are_a2a_sig_01() -> None:
    keys = CardKeys.new()
    desk = HostedAgent(Desk(), more_skills=skills_for)
    async with hosted(desk, security=Security(BearerAuth({"alice": "t"})), signing=keys) as http:
        shown = (await http.get("/extendedAgentCard", headers={"Authorization": "Bearer t"})).json()
    trust = CardTrust(keys=keys.jwks())
    verified = await verify_card(shown, card_url=URL, trust=trust)
    assert verified
    assert "for-alice" in str(verified.document["skills"])


async def test_tokens_are_meant_for_the_address_of_the_host_where_nothing_else_is_said() -> None:
    security = Security(OAuthAuth("https://login.example.org"))
    async with hosted([Named("a"), Named("b")], security=security) as http:
        answer = await http.get("/a/tasks", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


async def test_grpc_is_declared_with_the_port_of_each_agent_and_served_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    async with hosted(Desk(), grpc=GrpcPlace(port, public_host="agents.example.org")) as http:
        card = (await http.get("/.well-known/agent-card.json")).json()
        async with await anyio.connect_tcp("127.0.0.1", port):
            pass
    interfaces = [one for one in card["supportedInterfaces"] if one["protocolBinding"] == "GRPC"]
    # Both services are there, so both are declared (A2A-CARD-03).
    assert [one["protocolVersion"] for one in interfaces] == ["1.0", "0.3"]
    assert {one["url"] for one in interfaces} == {f"agents.example.org:{port}"}


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ServeError):
        async with hosted(Desk(), grpc=GrpcPlace(taken.getsockname()[1])):
            pytest.fail("it was served")


async def test_what_is_served_and_what_the_command_writes_is_the_same_card_d9() -> None:
    (placed,) = place(Desk(), Manner(URL))
    async with hosted(Desk()) as http:
        assert (await http.get("/.well-known/agent-card.json")).json() == card_document(placed.card)

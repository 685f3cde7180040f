"""Which card and interface a RemoteAgent uses, how long, and where it sends nothing (A2A-CLI-01, A2A-CARD-07)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from a2a.types import AgentCard
from google.protobuf.json_format import ParseDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentkit.a2a import CardKeys, CardSigner, CardTrust, card_document
from agentkit.a2a.remote import remote_agent
from agentkit.a2a.remote.card import choose_interface, read_card
from agentkit.a2a.remote.card_source import card_places
from agentkit.a2a.remote.peer import spoken
from agentkit.errors import CardUntrusted, RemoteAgentError, RemoteProtocolError, SpecError
from agentkit.models import JsonObject
from agentkit.specs import RemoteAgentSpec
from tests.a2a.remote.parts import URL, HandMade, events, made_card, no_sleep, outcome, pool, result, task

pytestmark = pytest.mark.anyio

DONE = result({"task": task("COMPLETED", text="done")})


class Clock:
    """Seconds that go on when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Cards:
    """Serves a card with the headers it is told to, and counts."""

    def __init__(self, **headers: str) -> None:
        self.headers = headers
        self.card = made_card(capabilities={"streaming": False})
        self.status = 200
        self.asked: list[dict[str, str]] = []
        self.peer = HandMade({"SendMessage": [DONE]})
        routes = [Route("/.well-known/agent-card.json", self.serve), *self.peer.app.routes[1:]]
        self.app = Starlette(routes=routes)

    async def serve(self, request: Request) -> Response:
        self.asked.append(dict(request.headers))
        if self.status != 200:
            return Response(status_code=self.status)
        if "ETag" in self.headers and request.headers.get("if-none-match") == self.headers["ETag"]:
            return Response(status_code=304, headers=self.headers)
        return JSONResponse(self.card, headers=self.headers)


async def test_a_card_is_kept_while_it_is_fresh_and_asked_again_with_its_tag() -> None:
    """A2A-CARD-07."""
    cards, clock = Cards(**{"Cache-Control": "public, max-age=60", "ETag": '"one"'}), Clock()
    agent = remote_agent(URL, http=pool(cards.app), clock=clock)
    for now in (0.0, 59.0, 61.0, 62.0):
        clock.now = now
        assert (await outcome(agent, "hello")).text == "done"
    assert [headers.get("if-none-match") for headers in cards.asked] == [None, '"one"']


async def test_a_card_that_must_not_be_kept_is_asked_every_time() -> None:
    cards = Cards(**{"Cache-Control": "no-store"})
    agent = remote_agent(URL, http=pool(cards.app))
    for _ in range(2):
        await outcome(agent, "hello")
    assert len(cards.asked) > 2


async def test_a_card_that_is_away_is_used_on_for_a_day() -> None:
    cards, clock = Cards(**{"Cache-Control": "max-age=60"}), Clock()
    agent = remote_agent(URL, http=pool(cards.app), clock=clock)
    await outcome(agent, "hello")
    cards.status, clock.now = 503, 3_600.0
    assert (await outcome(agent, "hello")).text == "done"
    clock.now = 200_000.0
    with pytest.raises(RemoteAgentError, match="HTTP 503"):
        await agent.card()


async def test_a_card_that_changed_changes_the_way() -> None:
    cards, clock = Cards(**{"Cache-Control": "max-age=60"}), Clock()
    agent = remote_agent(URL, http=pool(cards.app), clock=clock)
    await outcome(agent, "hello")
    other = {"url": f"{URL}/elsewhere", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    cards.card, clock.now = made_card(capabilities={}, supportedInterfaces=[other]), 61.0
    ended = await outcome(agent, "hello")
    assert "HTTP 404" in ended.text


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("https://a.test", ["https://a.test/.well-known/agent-card.json"]),
        (
            "https://a.test/x/a2a",
            [
                "https://a.test/x/a2a/.well-known/agent-card.json",
                "https://a.test/x/.well-known/agent-card.json",
                "https://a.test/.well-known/agent-card.json",
            ],
        ),
        ("https://a.test/cards/one.json", ["https://a.test/cards/one.json"]),
    ],
)
def test_a_card_is_looked_for_at_its_address_below_it_and_below_its_host(url: str, places: list[str]) -> None:
    assert list(card_places(url)) == places


async def test_an_address_of_an_endpoint_finds_the_card_of_its_agent() -> None:
    agent = remote_agent(RemoteAgentSpec(f"{URL}/a2a", "named"), http=pool(Cards().app))
    assert (await outcome(agent, "hello")).text == "done"
    assert agent.name == "named"


# --- interfaces ----------------------------------------------------------------------------------------------------


def interface(binding: str, version: str, url: str = f"{URL}/x", **more: Any) -> dict[str, Any]:
    return {"url": url, "protocolBinding": binding, "protocolVersion": version} | more


def chosen(*interfaces: dict[str, Any], card_url: str = URL) -> tuple[str, str]:
    card = read_card("peer", made_card(supportedInterfaces=list(interfaces)), card_url)
    return choose_interface("peer", card, spoken() - {("GRPC", "1.0"), ("GRPC", "0.3")}).dialect


@pytest.mark.parametrize(
    ("interfaces", "dialect"),
    [
        ([("HTTP+JSON", "1.0"), ("JSONRPC", "1.0")], ("HTTP+JSON", "1.0")),
        ([("JSONRPC", "1.0"), ("HTTP+JSON", "1.0")], ("JSONRPC", "1.0")),
        ([("GRPC", "1.0"), ("https://own.test/binding", "1.0"), ("JSONRPC", "0.3")], ("JSONRPC", "0.3")),
        ([("JSONRPC", "2.0"), ("JSONRPC", "1.0.4")], ("JSONRPC", "1.0")),
        ([("HTTP+JSON", "0.3"), ("JSONRPC", "0.3")], ("JSONRPC", "0.3")),
        ([("HTTP+JSON", "0.3.0")], ("HTTP+JSON", "0.3")),
    ],
)
def test_the_first_interface_that_is_spoken_is_used(
    interfaces: list[tuple[str, str]], dialect: tuple[str, str]
) -> None:
    """A2A-CLI-01; HTTP+JSON of A2A 0.3 comes last (A2A-CO-03)."""
    assert chosen(*(interface(*one) for one in interfaces)) == dialect


def test_a_card_of_0_3_names_its_interfaces_in_its_own_words() -> None:
    """A2A-03-06."""
    document: JsonObject = {
        "name": "old",
        "url": f"{URL}/rest",
        "preferredTransport": "HTTP+JSON",
        "protocolVersion": "0.3.0",
        "additionalInterfaces": [
            {"url": f"{URL}/rpc", "transport": "JSONRPC"},
            {"url": f"{URL}/rest", "transport": "HTTP+JSON"},
        ],
    }
    card = read_card("peer", document, URL)
    assert [one.dialect for one in card.interfaces] == [("HTTP+JSON", "0.3"), ("JSONRPC", "0.3")]
    assert choose_interface("peer", card, spoken()).url == f"{URL}/rpc"
    assert read_card("peer", {"name": "older", "url": URL}, URL).interfaces[0].dialect == ("JSONRPC", "0.3")


@pytest.mark.parametrize(
    "url", ["https://api.eu.corti.app/x", "http://127.0.0.1:8700/agents/00000000-0000-4000-8000-000000000000/v1"]
)
def test_the_rest_paths_of_cortis_v1_are_never_read_as_a2a_0_3(url: str) -> None:
    """A2A-CO-02, A2A-CO-03."""
    with pytest.raises(RemoteAgentError, match="none of its interfaces"):
        chosen(interface("HTTP+JSON", "0.3", url), card_url=url)


@pytest.mark.parametrize(
    ("card_url", "url"),
    [
        ("https://a.test/card.json", "http://a.test.evil/a2a"),
        ("https://a.test/card.json", "http://127.0.0.1:80/a2a"),
        ("https://a.test/card.json", "https://user:pass@a.test/a2a"),
        ("https://a.test/card.json", "https:///a2a"),
        ("https://a.test/card.json", "https://a.test/a\u2028b"),
    ],
)
def test_a_card_leads_nowhere_where_credentials_would_be_seen(card_url: str, url: str) -> None:
    with pytest.raises(RemoteProtocolError):
        chosen(interface("JSONRPC", "1.0", url), card_url=card_url)


NO_CARDS: list[Any] = [None, [], {}, {"supportedInterfaces": {}}, {"supportedInterfaces": [{}, 3]}]


@pytest.mark.parametrize("document", NO_CARDS)
def test_what_is_no_card_is_a_typed_error(document: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        read_card("peer", document, URL)


async def test_a_tenant_goes_where_the_binding_wants_it() -> None:
    """A2A-TEN-01."""
    peer = HandMade({"SendMessage": [DONE]}, made_card(capabilities={}))
    peer.card["supportedInterfaces"][0]["tenant"] = "acme"
    assert (await outcome(remote_agent(URL, http=pool(peer.app)), "hello")).text == "done"
    assert peer.asked[0]["params"]["tenant"] == "acme"
    paths: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        paths.append(request.url.path)
        return httpx2.Response(200, json={"task": task("COMPLETED", text="done")})

    card = made_card(capabilities={}, supportedInterfaces=[interface("HTTP+JSON", "1.0", f"{URL}/x/", tenant="a b")])
    agent = remote_agent(card, http=httpx2.AsyncClient(transport=httpx2.MockTransport(answer)))
    assert (await outcome(agent, "hello")).text == "done"
    assert paths == ["/x/a b/message:send"]


async def test_every_request_names_the_version_and_the_known_extensions() -> None:
    """A2A-VER-01, A2A-EXT-01."""
    known, foreign = "https://known.test/ext", "https://foreign.test/ext"
    extensions = [{"uri": known, "required": True}, {"uri": foreign}]
    peer = HandMade({"SendMessage": [DONE]}, made_card(capabilities={"extensions": extensions}))
    agent = remote_agent(URL, http=pool(peer.app), extensions=[known])
    assert (await outcome(agent, "hello")).text == "done"
    assert [headers["a2a-version"] for headers in peer.headers] == ["1.0", "1.0"]
    assert peer.headers[1]["a2a-extensions"] == known


async def test_a_required_extension_that_is_not_known_is_told_before_anything_is_sent() -> None:
    extensions = [{"uri": "https://foreign.test/ext", "required": True}]
    peer = HandMade({}, made_card(capabilities={"extensions": extensions}))
    ended = await outcome(remote_agent(URL, http=pool(peer.app)), "hello")
    assert "foreign.test" in ended.text
    assert not peer.asked


@pytest.mark.parametrize("spec", ["ftp://a.test", "https://u:p@a.test", "", 3, None])
def test_what_names_no_agent_is_a_spec_error(spec: Any) -> None:
    with pytest.raises(SpecError):
        remote_agent(spec)


async def test_an_address_with_nothing_behind_it_says_what_to_do() -> None:
    agent = remote_agent(URL, http=pool(Starlette()), sleep=no_sleep)
    with pytest.raises(RemoteAgentError, match="address of the card"):
        await events(agent, "hello")


async def test_a_signed_card_is_checked_where_asked_and_one_without_good_signature_is_refused() -> None:
    """A2A-SIG-02; what is used is what the signature covers."""
    keys = CardKeys.new()
    cards = Cards()
    signed = CardSigner(keys, URL).sign(ParseDict(cards.card, AgentCard()))
    cards.card = card_document(signed)
    trust = CardTrust(keys=keys.jwks())
    assert (await outcome(remote_agent(URL, http=pool(cards.app), trust=trust), "hello")).text == "done"
    cards.card = {**cards.card, "name": "somebody else"}
    with pytest.raises(CardUntrusted):
        await remote_agent(URL, http=pool(cards.app), trust=trust).card()
    with pytest.raises(CardUntrusted):
        await remote_agent(made_card(), trust=trust).card()

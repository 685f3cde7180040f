"""Several ways into one server at once, and what tools know of their caller (MCP-AUTH, MCP-COR-05)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import httpx2
import pytest

from agentkit.errors import SpecError
from agentkit.mcp import (
    AnyOf,
    ApiKeyAuth,
    BearerAuth,
    HostedServer,
    InheritAuth,
    IntrospectionAuth,
    NoAuth,
    OAuthAuth,
    ServerAuth,
    ToolServer,
    host,
)
from agentkit.oauth import SigningKeys
from agentkit.oauth.jwks import StaticKeys
from agentkit.testing.asgi import RoutedTransport, running
from agentkit.testing.leaks import LeakWatch
from tests.deadline import HANG
from tests.mcp.library import ISSUER, KEYS, NOBODY, ORIGIN, URL, House, house, library, oauth, token_of

pytestmark = pytest.mark.anyio

TOKEN, KEY, OPAQUE = "canary-static-1Zx", "canary-key-2Zx", "canary-opaque-3Zx"
ASKED_ISSUER = "https://asked.example"
ERAS = pytest.mark.parametrize("era", ["2026-07-28", "2025-11-25"])
NO_DATA: dict[str, str] = {}


def call(era: str) -> tuple[dict[str, object], dict[str, str]]:
    """A call of `whoami`: body and headers."""
    params: dict[str, object] = {"name": "whoami", "arguments": {}}
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": era}
    if era == "2026-07-28":
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        headers |= {"mcp-method": "tools/call", "mcp-name": "whoami"}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, headers


async def ask(http: httpx2.AsyncClient, era: str = "2026-07-28", **headers: str) -> httpx2.Response:
    body, own = call(era)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with anyio.fail_after(HANG):
        return await http.post(URL, json=body, headers=own | given)


async def who(home: House, era: str = "2026-07-28", **headers: str) -> object:
    answer = await ask(home.http, era, **headers)
    assert answer.status_code == 200, answer.text
    text = answer.text.rpartition("data: ")[2] if "event-stream" in answer.headers["content-type"] else answer.text
    return json.loads(text)["result"]["structuredContent"]


class Issuer:
    """Answers introspection; None is an endpoint that is down."""

    def __init__(self, answers: Mapping[str, dict[str, object]] | None) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        form = dict(part.split("=") for part in request.content.decode().split("&"))
        self.asked.append(form["token"])
        if self.answers is None:
            return httpx2.Response(503)
        return httpx2.Response(200, json=self.answers.get(form["token"], {"active": False}))

    def auth(self, scopes: tuple[str, ...] = ()) -> IntrospectionAuth:
        return IntrospectionAuth(
            ASKED_ISSUER, "server", "canary-secret-4Zx", scopes, endpoint=f"{ASKED_ISSUER}/introspect"
        )


def active(**claims: object) -> dict[str, object]:
    return {"active": True, "iss": ASKED_ISSUER, "sub": "nurse", "client_id": "ward", "aud": URL, **claims}


class Served:
    """The library behind an authorization, with the client that asks the issuer."""

    def __init__(self, auth: ServerAuth, issuer: Issuer | None = None) -> None:
        self._auth = auth
        self._issuer = issuer or Issuer({})

    async def __aenter__(self) -> House:
        app = host([HostedServer(library(), "/loans/mcp", self._auth)], public_url=ORIGIN, http=self._issuer.http)
        self._running = running(app)
        live = await self._running.__aenter__()
        http = httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG)
        return House(live, http, KEYS)  # pyright: ignore[reportArgumentType]

    async def __aexit__(self, *error: object) -> None:
        await self._running.__aexit__(None, None, None)


@ERAS
async def test_an_api_key_opens_the_server_and_names_its_holder(era: str) -> None:
    async with house(ApiKeyAuth({"ward": KEY, "lab": "other-key"})) as home:
        assert await who(home, era, x_api_key=KEY) == NOBODY | {"client_id": "ward"}
        assert await who(home, era, X_API_KEY="other-key") == NOBODY | {"client_id": "lab"}
        for headers in ({"x_api_key": "wrong"}, {"x_api_key": KEY + "2"}, {"authorization": f"Bearer {KEY}"}, NO_DATA):
            answer = await ask(home.http, era, **headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'ApiKey header="X-API-Key"'
            assert KEY not in answer.text


async def test_the_header_of_an_api_key_can_have_another_name() -> None:
    async with house(ApiKeyAuth({"ward": KEY}, header="X-Ward-Key")) as home:
        assert await who(home, x_ward_key=KEY) == NOBODY | {"client_id": "ward"}
        answer = await ask(home.http, x_api_key=KEY)
    assert answer.status_code == 401
    assert "X-Ward-Key" in answer.text


@ERAS
async def test_several_ways_at_once_each_let_their_callers_in(era: str) -> None:
    issuer = Issuer({OPAQUE: active(scope="loans.read")})
    auth = AnyOf(issuer.auth(), oauth(), ApiKeyAuth({"ward": KEY}), BearerAuth(TOKEN))
    async with Served(auth, issuer) as home:
        assert await who(home, era, authorization=f"Bearer {TOKEN}") == NOBODY | {"client_id": "bearer"}
        assert await who(home, era, x_api_key=KEY) == NOBODY | {"client_id": "ward"}
        assert await who(home, era, authorization=f"Bearer {home.token()}") == {
            "client_id": "somebody",
            "subject": "somebody",
            "issuer": ISSUER,
            "scopes": ["loans.read"],
        }
        # Nobody was asked about what could be checked here.
        assert issuer.asked == []
        assert await who(home, era, authorization=f"Bearer {OPAQUE}") == {
            "client_id": "ward",
            "subject": "nurse",
            "issuer": ASKED_ISSUER,
            "scopes": ["loans.read"],
        }
        # A wrong token beside a right key is no reason to refuse.
        assert await who(home, era, authorization="Bearer wrong", x_api_key=KEY) == NOBODY | {"client_id": "ward"}
        for headers in ({"authorization": "Bearer wrong"}, {"x_api_key": "wrong"}, NO_DATA):
            assert (await ask(home.http, era, **headers)).status_code == 401


async def test_the_challenge_and_the_metadata_come_from_the_oauth_ways() -> None:
    issuer = Issuer({})
    auth = AnyOf(ApiKeyAuth({"ward": KEY}), BearerAuth(TOKEN), oauth(["loans.read"]), issuer.auth(("loans.write",)))
    async with Served(auth, issuer) as home:
        answer = await ask(home.http)
        named = f"{ORIGIN}/.well-known/oauth-protected-resource/loans/mcp"
        assert answer.headers["www-authenticate"] == f'Bearer resource_metadata="{named}", scope="loans.read"'
        document = (await home.http.get(named)).json()
    assert document["authorization_servers"] == [ISSUER, ASKED_ISSUER]
    assert document["scopes_supported"] == ["loans.read", "loans.write"]
    assert document["resource"] == URL


async def test_required_scopes_belong_to_the_way_that_took_the_token() -> None:
    issuer = Issuer({OPAQUE: active(scope="loans.read")})
    auth = AnyOf(BearerAuth(TOKEN), oauth(["loans.read"]), issuer.auth(("loans.write", "loans.read")))
    async with Served(auth, issuer) as home:
        assert (await ask(home.http, authorization=f"Bearer {TOKEN}")).status_code == 200
        answer = await ask(home.http, authorization=f"Bearer {home.token(scope='other.read')}")
        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
        assert answer.headers["www-authenticate"].endswith('scope="loans.read"')
        answer = await ask(home.http, authorization=f"Bearer {OPAQUE}")
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"].endswith('scope="loans.write loans.read"')


@pytest.mark.parametrize(
    "claims",
    [
        {"active": False},
        {"aud": f"{ORIGIN}/other/mcp"},
        {"iss": "https://evil.example"},
        {"exp": 7},
        {"nbf": 10**11},
        {"token_type": "mac"},
    ],
)
async def test_an_introspected_token_that_is_not_for_this_server_is_refused(claims: dict[str, object]) -> None:
    issuer = Issuer({OPAQUE: active(**claims)})
    async with Served(issuer.auth(), issuer) as home:
        answer = await ask(home.http, authorization=f"Bearer {OPAQUE}")
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_answers_about_a_token_are_remembered() -> None:
    issuer = Issuer({OPAQUE: active()})
    async with Served(issuer.auth(), issuer) as home:
        for _ in range(4):
            assert (await ask(home.http, authorization=f"Bearer {OPAQUE}")).status_code == 200
    assert issuer.asked == [OPAQUE]


async def test_a_token_that_names_another_issuer_is_shown_to_nobody() -> None:
    issuer = Issuer({})
    foreign = token_of(KEYS, issuer="https://other.example")
    async with Served(AnyOf(oauth(), issuer.auth()), issuer) as home:
        assert (await ask(home.http, authorization=f"Bearer {foreign}")).status_code == 401
        assert (await ask(home.http, authorization=f"Bearer {home.token(lifetime=-60)}")).status_code == 401
    assert issuer.asked == []


@ERAS
async def test_a_credential_that_cannot_be_checked_now_is_no_wrong_one(era: str) -> None:
    issuer = Issuer(None)
    async with Served(AnyOf(BearerAuth(TOKEN), issuer.auth()), issuer) as home:
        answer = await ask(home.http, era, authorization=f"Bearer {OPAQUE}")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "www-authenticate" not in answer.headers
        assert answer.json()["error"] == "temporarily_unavailable"
        # The other way goes on.
        assert (await ask(home.http, era, authorization=f"Bearer {TOKEN}")).status_code == 200
        assert (await ask(home.http, era)).status_code == 401


async def test_a_rotated_key_is_seen_through_a_live_source_of_keys() -> None:
    old, new = SigningKeys(), SigningKeys()

    class Live:
        current = StaticKeys(old.jwks())

        async def find(self, key_id: str | None) -> object:
            return await self.current.find(key_id)

    live = Live()
    async with house(OAuthAuth(ISSUER, live)) as home:  # pyright: ignore[reportArgumentType]
        assert (await ask(home.http, authorization=f"Bearer {token_of(old)}")).status_code == 200
        assert (await ask(home.http, authorization=f"Bearer {token_of(new)}")).status_code == 401
        live.current = StaticKeys(new.jwks())
        assert (await ask(home.http, authorization=f"Bearer {token_of(new)}")).status_code == 200


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (BearerAuth(TOKEN), {"authorization": f"Bearer {TOKEN}"}),
        (ApiKeyAuth({"ward": KEY}), {"x_api_key": KEY}),
        (AnyOf(BearerAuth(TOKEN), ApiKeyAuth({"ward": KEY})), {"authorization": f"Bearer {KEY}", "x_api_key": TOKEN}),
    ],
)
async def test_no_credential_is_logged_answered_or_shown(auth: ServerAuth, headers: dict[str, str]) -> None:
    watch = LeakWatch({"token": TOKEN, "key": KEY})
    async with house(auth) as home:
        with watch.logs(), watch.spans():
            for era in ("2026-07-28", "2025-11-25"):
                for sent in (headers, {**headers, "authorization": "Bearer x"}, {"x_api_key": TOKEN}):
                    watch.look("answer", (await ask(home.http, era, **sent)).text)
    watch.look("repr", repr(auth))
    assert watch.sightings.total() == 0


def test_what_an_authorization_hides_is_not_shown() -> None:
    auth = AnyOf(BearerAuth(TOKEN), ApiKeyAuth({"ward": KEY}), Issuer({}).auth())
    assert repr(auth) == (
        "AnyOf(BearerAuth(<hidden>), ApiKeyAuth(['ward'], header='X-API-Key'), "
        "IntrospectionAuth('https://asked.example', client_id='server'))"
    )
    assert AnyOf(BearerAuth("a")) == AnyOf(BearerAuth("a"))
    assert AnyOf(BearerAuth("a")) != AnyOf(BearerAuth("b"))


ONE_TEXT: Any = "loans.read"
NOT_ONE: Any = NoAuth()
BAD: list[tuple[Callable[[], ServerAuth], str]] = [
    (lambda: ApiKeyAuth({}), "ApiKeyAuth.keys"),
    (lambda: ApiKeyAuth({"ward": ""}), "ApiKeyAuth.keys"),
    (lambda: ApiKeyAuth({"": KEY}), "ApiKeyAuth.keys"),
    (lambda: ApiKeyAuth({"ward": KEY}, header="Authorization"), "ApiKeyAuth.header"),
    (lambda: ApiKeyAuth({"ward": KEY}, header="X Key"), "ApiKeyAuth.header"),
    (lambda: ApiKeyAuth({"ward": KEY}, header="Host"), "ApiKeyAuth.header"),
    (lambda: ApiKeyAuth({"ward": KEY}, header="Mcp-Name"), "ApiKeyAuth.header"),
    (lambda: ApiKeyAuth({"ward": KEY, "lab": KEY}), "ApiKeyAuth.keys"),
    (lambda: ApiKeyAuth({"ward": "k\n"}), "ApiKeyAuth.keys"),
    (lambda: BearerAuth(" "), "BearerAuth.token"),
    (lambda: BearerAuth("tökén"), "BearerAuth.token"),
    (lambda: BearerAuth("token\n"), "BearerAuth.token"),
    (lambda: AnyOf(), "AnyOf"),
    (lambda: AnyOf(NOT_ONE), "AnyOf"),
    (lambda: OAuthAuth(ISSUER, KEYS.jwks(), ('a", realm="x',)), "OAuthAuth.required_scopes"),
    (lambda: OAuthAuth(ISSUER, KEYS.jwks(), ("a\r\nx: y",)), "OAuthAuth.required_scopes"),
    (lambda: OAuthAuth(ISSUER, KEYS.jwks(), ("",)), "OAuthAuth.required_scopes"),
    (lambda: AnyOf(BearerAuth(TOKEN), BearerAuth("")), "BearerAuth.token"),
    (lambda: OAuthAuth("", KEYS.jwks()), "OAuthAuth.issuer"),
    (lambda: OAuthAuth(ISSUER, KEYS.jwks(), ONE_TEXT), "OAuthAuth.required_scopes"),
    (lambda: InheritAuth(ISSUER, ONE_TEXT, KEYS.jwks()), "InheritAuth"),
    (lambda: IntrospectionAuth("", "a", "b"), "IntrospectionAuth.issuer"),
    (lambda: IntrospectionAuth(ASKED_ISSUER, "", "b"), "IntrospectionAuth"),
    (lambda: IntrospectionAuth("http://asked.example", "a", "b"), "IntrospectionAuth"),
]


@pytest.mark.parametrize(("make", "field"), BAD)
def test_an_authorization_that_lets_in_anybody_or_nobody_is_not_hosted(
    make: Callable[[], ServerAuth], field: str
) -> None:
    with pytest.raises(SpecError) as caught:
        host([HostedServer(library(), "/mcp", make())], public_url=ORIGIN, http=Issuer({}).http)
    assert caught.value.field == field


async def test_without_authorization_nobody_is_known() -> None:
    async with house(NoAuth()) as home:
        assert await who(home, authorization=f"Bearer {TOKEN}") == NOBODY


def guarded_tool() -> ToolServer:
    server = ToolServer("loans")

    @server.tool(name="whoami", scopes=("loans.write", "loans.read"))
    async def lend() -> dict[str, bool]:
        """Lend a book."""
        return {"lent": True}

    return server


@ERAS
async def test_a_tool_may_need_scopes_of_its_own(era: str) -> None:
    async with house(oauth([]), server=guarded_tool()) as home:
        allowed = home.token(scope="loans.read loans.write")
        assert await who(home, era, authorization=f"Bearer {allowed}") == {"lent": True}
        answer = await ask(home.http, era, authorization=f"Bearer {home.token()}")
        assert answer.status_code == 200
        assert "insufficient-scope" in answer.text
        assert "lacks the scope loans.write" in answer.text
    async with house(BearerAuth(TOKEN), server=guarded_tool()) as home:
        assert "insufficient-scope" in (await ask(home.http, era, authorization=f"Bearer {TOKEN}")).text
    async with house(NoAuth(), server=guarded_tool()) as home:
        assert await who(home, era) == {"lent": True}
    with pytest.raises(SpecError, match="scopes"):
        ToolServer("loans").tool(scopes="loans.write")

"""Hosting: exact paths, challenges, discovery, hosts, and four ways to be authorized (MCP-HOST, MCP-AUTH, MCP-COR)."""

from __future__ import annotations

import logging

import anyio
import httpx2
import pytest

from agentkit.errors import McpAuthRequired, SpecError
from agentkit.mcp import (
    BearerAuth,
    BearerToken,
    HostedServer,
    InheritAuth,
    NoAuth,
    OAuthAuth,
    OAuthClientCredentials,
    ServerAuth,
    ToolServer,
    host,
)
from agentkit.oauth import SigningKeys
from agentkit.testing.asgi import RoutedTransport, running
from tests.deadline import HANG
from tests.mcp.library import DEMO, ISSUER, KEYS, NOBODY, ORIGIN, URL, House, house, library, oauth, token_of

pytestmark = pytest.mark.anyio

PING: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])


async def ask(home: House, token: str | None = None, *, path: str = "/loans/mcp", **headers: str) -> httpx2.Response:
    bearer = {"authorization": f"Bearer {token}"} if token is not None else {}
    return await home.http.post(ORIGIN + path, json=PING, headers=HEADERS | bearer | headers)


@ERAS
async def test_a_server_without_authorization_answers_both_eras(era: str) -> None:
    async with house() as home, home.client(mode=era) as client:
        with anyio.fail_after(HANG):
            assert [tool.name for tool in await client.list_tools()] == ["find_books", "wait", "whoami"]
            assert (await client.call_tool("whoami")).data == NOBODY


@ERAS
async def test_a_static_token_opens_the_server_and_is_not_handed_to_its_tools(era: str) -> None:
    async with house(BearerAuth("right-token")) as home, home.client(BearerToken("right-token"), mode=era) as client:
        with anyio.fail_after(HANG):
            assert (await client.call_tool("whoami")).data == NOBODY | {"client_id": "bearer"}


@ERAS
async def test_an_oauth_token_opens_the_server_and_its_tools_see_the_caller(era: str) -> None:
    async with house(oauth()) as home, home.client(BearerToken(home.token()), mode=era) as client:
        with anyio.fail_after(HANG):
            answer = (await client.call_tool("whoami")).data
    assert answer == DEMO | {"client_id": "somebody", "subject": "somebody"}


async def test_a_missing_token_is_answered_with_a_challenge_without_an_error_code() -> None:
    async with house(oauth()) as home:
        answer = await ask(home)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        f'Bearer resource_metadata="{ORIGIN}/.well-known/oauth-protected-resource/loans/mcp", scope="loans.read"'
    )


async def test_tokens_that_are_not_valid_here_are_refused_with_the_scope_in_the_challenge() -> None:
    async with house(oauth()) as home:
        bad = {
            "expired": home.token(lifetime=-60),
            "foreign audience": home.token(audience=f"{ORIGIN}/other/mcp"),
            "foreign issuer": home.token(issuer="https://evil.example"),
            "no JWT": "x",
            "empty": "",
        }
        for name, token in bad.items():
            answer = await ask(home, token)
            assert answer.status_code == 401, name
            assert 'scope="loans.read"' in answer.headers["www-authenticate"]
            assert ('error="invalid_token"' in answer.headers["www-authenticate"]) == bool(token), name
            assert answer.headers["cache-control"] == "no-store"


async def test_a_token_without_the_scope_is_forbidden() -> None:
    async with house(oauth()) as home:
        answer = await ask(home, home.token(scope="other.read"))
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert 'scope="loans.read"' in answer.headers["www-authenticate"]


async def test_a_wrong_static_token_is_refused_and_no_metadata_is_promised() -> None:
    async with house(BearerAuth("right-token")) as home:
        for token in ("wrong", "right-token2", "right", "ünïcode"):
            given = {name.encode(): value.encode() for name, value in HEADERS.items()}
            given[b"authorization"] = f"Bearer {token}".encode()
            answer = await home.http.post(URL, json=PING, headers=given)
            assert answer.status_code == 401
            assert "resource_metadata" not in answer.headers["www-authenticate"]
        assert (await home.http.get(f"{ORIGIN}/.well-known/oauth-protected-resource/loans/mcp")).status_code == 404


@pytest.mark.parametrize("scheme", ["Basic", "bearer", "BEARER", "Bearer  "])
async def test_the_scheme_is_compared_without_case(scheme: str) -> None:
    async with house(BearerAuth("right-token")) as home:
        answer = await home.http.post(URL, json=PING, headers=HEADERS | {"authorization": f"{scheme} right-token"})
    assert answer.status_code == (401 if scheme == "Basic" else 200)


async def test_a_request_with_two_authorizations_has_none() -> None:
    async with house(BearerAuth("right-token")) as home:
        for values in ([b"Bearer right-token"] * 2, [b"Bearer right-token", b"Bearer x"], [b"Basic x", b"Bearer x"]):
            given = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            given += [(b"authorization", value) for value in values]
            assert (await home.http.post(URL, json=PING, headers=given)).status_code == 401


async def test_the_callers_own_token_is_checked_against_issuer_and_audience_or_azp() -> None:
    realm = SigningKeys()
    issuer = "https://auth.eu.corti.app/realms/base"
    async with house(InheritAuth(issuer, ("corti-app",), realm.jwks())) as home:
        corti = House(home.app, home.http, realm)
        assert (await ask(home, corti.token("corti-app", issuer=issuer))).status_code == 200
        assert (await ask(home, corti.token("account", issuer=issuer))).status_code == 401
        assert (await ask(home, corti.token("corti-app", issuer=issuer + "/"))).status_code == 401
        assert (await ask(home, home.token("corti-app", issuer=issuer))).status_code == 401


async def test_two_servers_with_different_authorization_share_an_app_and_discovery_works_for_each() -> None:
    servers: dict[str, tuple[ToolServer, ServerAuth]] = {
        "/loans/mcp": (library(), oauth(["loans.read"])),
        "/other/mcp": (library(), oauth(["other.read"])),
        "/static/mcp": (library(), BearerAuth("right-token")),
        "/open/mcp": (library(), NoAuth()),
    }
    credentials = OAuthClientCredentials("demo", "demo-secret")
    async with house(servers=servers) as home:
        for path, scope in (("/loans/mcp", "loans.read"), ("/other/mcp", "other.read")):
            answer = await ask(home, path=path)
            named = answer.headers["www-authenticate"].partition('resource_metadata="')[2].partition('"')[0]
            document = (await home.http.get(named)).json()
            assert (document["resource"], document["authorization_servers"]) == (ORIGIN + path, [ISSUER])
            assert document["scopes_supported"] == [scope]
            async with home.client(credentials, url=ORIGIN + path) as client:
                with anyio.fail_after(HANG):
                    data = (await client.call_tool("whoami")).data
            assert data == DEMO | {"scopes": [scope]}
        # A token for one of them is not good for the other.
        assert (await ask(home, home.token(f"{ORIGIN}/other/mcp", "loans.read"))).status_code == 401
        assert (await ask(home, "right-token", path="/static/mcp")).status_code == 200
        assert (await ask(home, path="/open/mcp")).status_code == 200
        assert (await home.http.get(f"{ORIGIN}/.well-known/oauth-protected-resource")).status_code == 404


async def test_metadata_of_a_single_protected_server_is_also_at_the_root() -> None:
    async with house(oauth()) as home:
        pages = [
            await home.http.get(f"{ORIGIN}/.well-known/oauth-protected-resource{path}") for path in ("", "/loans/mcp")
        ]
    assert pages[0].json() == pages[1].json()
    assert pages[0].json()["resource"] == URL


async def test_the_health_route_answers_without_authorization() -> None:
    async with house(oauth()) as home:
        answer = await home.http.get(f"{ORIGIN}/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "servers": ["loans"]})


@pytest.mark.parametrize(
    ("public", "name", "status"),
    [
        (ORIGIN, "127.0.0.1:1", 200),
        (ORIGIN, "localhost:9999", 200),
        (ORIGIN, "evil.example", 421),
        ("https://mcp.example", "mcp.example", 200),
        ("https://mcp.example", "mcp.example:8443", 200),
        ("https://mcp.example", "proxy.internal:1", 200),
        ("https://mcp.example", "127.0.0.1:8701", 421),
        ("https://mcp.example", "mcp.example.evil", 421),
        ("https://mcp.example:8443", "mcp.example:8443", 200),
        ("https://mcp.example:8443", "mcp.example", 200),
        ("https://mcp.example:8443", "evil.example:8443", 421),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443", 200),
        ("https://[2001:db8::1]", "[2001:db8::1]:1", 200),
    ],
)
async def test_the_host_must_be_one_the_public_address_or_the_operator_names(
    public: str, name: str, status: int
) -> None:
    extra = ["proxy.internal:*"] if public != ORIGIN else []
    app = host([HostedServer(library(), "/mcp")], public_url=public, allowed_hosts=extra)
    async with (
        running(app) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
    ):
        answer = await http.post(f"{ORIGIN}/mcp", json=PING, headers=HEADERS | {"host": name})
    assert answer.status_code == status


async def test_a_foreign_origin_is_refused() -> None:
    async with house() as home:
        assert (await ask(home, origin="https://evil.example")).status_code == 403
        assert (await ask(home, origin=ORIGIN)).status_code == 200


async def test_one_server_can_be_hosted_again_after_its_app_has_stopped() -> None:
    server = library()
    for _ in range(2):
        async with house(server=server) as home:
            assert (await ask(home)).status_code == 200


async def test_hosting_leaves_the_root_logger_as_it_was() -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    async with house(oauth()) as home:
        await ask(home)
    assert (list(root.handlers), root.level) == before


ODD_PATHS = ["/a b", '/a"b', "/ä", "/a%20b", "/a\nb", "/a\\b", "/a/../b", "/./a", "/a//b", "/health"]


@pytest.mark.parametrize("path", ["ehr", "/ehr/", "/ehr?x=1", "/ehr#x", "//evil.example/mcp", "/{x}", "", *ODD_PATHS])
def test_a_path_no_client_would_find_is_refused(path: str) -> None:
    with pytest.raises(SpecError, match=r"HostedServer\.path"):
        HostedServer(library(), path)


ODD_HOSTS = [
    "http://[::1",
    "http://x:99999",
    "http://x:y",
    "https://a b",
    'https://a"b',
    "https://a,b",
    "https://ä.example",
]


@pytest.mark.parametrize(
    "url", [*ODD_HOSTS, "127.0.0.1:8701", f"{ORIGIN}/below", f"{ORIGIN}?x=1", "ftp://x", "http://u:p@x"]
)
def test_a_public_address_that_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(SpecError, match="public_url"):
        host([HostedServer(library(), "/mcp")], public_url=url)


def test_what_cannot_be_checked_is_not_hosted() -> None:
    bad: list[ServerAuth] = [
        BearerAuth(""),
        OAuthAuth(ISSUER, {"keys": []}),
        OAuthAuth(ISSUER, "http://issuer.example/jwks"),
        InheritAuth("", ("a",), KEYS.jwks()),
        InheritAuth(ISSUER, (), KEYS.jwks()),
    ]
    for auth in bad:
        with pytest.raises(SpecError):
            host([HostedServer(library(), "/mcp", auth)], public_url=ORIGIN)
    with pytest.raises(SpecError, match="path of its own"):
        host([HostedServer(library(), "/mcp"), HostedServer(library(), "/mcp")], public_url=ORIGIN)
    with pytest.raises(SpecError, match="at least one"):
        host([], public_url=ORIGIN)


async def test_a_key_set_by_address_is_fetched_and_one_that_fails_is_said_to_be_unavailable() -> None:
    pages = {"https://issuer.example/jwks": KEYS.jwks()}

    def answer(request: httpx2.Request) -> httpx2.Response:
        page = pages.get(str(request.url))
        return httpx2.Response(200, json=page) if page else httpx2.Response(503)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as keys:
        for url, status in (("https://issuer.example/jwks", 200), ("https://issuer.example/gone", 503)):
            auth = OAuthAuth(ISSUER, url)
            app = host([HostedServer(library(), "/loans/mcp", auth)], public_url=ORIGIN, http=keys)
            async with (
                running(app) as live,
                httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
            ):
                headers = HEADERS | {"authorization": f"Bearer {token_of(KEYS)}"}
                reply = await http.post(URL, json=PING, headers=headers)
                assert reply.status_code == status
                assert ("retry-after" in reply.headers) == (status == 503)


def test_no_configuration_shows_its_token() -> None:
    assert "right-token" not in repr(HostedServer(library(), "/mcp", BearerAuth("right-token")))


async def test_a_refusal_reaches_the_client_with_status_and_challenge() -> None:
    async with house(oauth()) as home:
        for token, status, word in ((home.token(scope=""), 403, "insufficient_scope"), ("x", 401, "invalid_token")):
            async with home.client(BearerToken(token)) as client:
                with anyio.fail_after(HANG), pytest.raises(McpAuthRequired) as caught:
                    await client.call_tool("whoami")
            assert caught.value.status == status
            assert word in str(caught.value.challenge)

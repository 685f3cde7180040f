"""Discovery and the client-credentials grant: where a secret may go, and where it never goes (MCP-OAU-02)."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import httpx2
import pytest

from agentkit.errors import AuthenticationError, ConnectionFailed, RequestTimeout
from agentkit.oauth.discovery import (
    Challenge,
    IssuerMetadata,
    fetch_client_token,
    find_issuer,
    find_resource,
    issuer_metadata_addresses,
)

pytestmark = pytest.mark.anyio

MCP = "https://mcp.example/ehr/mcp"
ISSUER = "https://auth.example/realm"
RESOURCE_PATH = "https://mcp.example/.well-known/oauth-protected-resource/ehr/mcp"
RESOURCE_ROOT = "https://mcp.example/.well-known/oauth-protected-resource"
GOOD_RESOURCE = {"resource": MCP, "authorization_servers": [ISSUER], "scopes_supported": ["a", "b"]}
GOOD_ISSUER = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}


class Web:
    """Answers by address and remembers what was asked."""

    def __init__(self, pages: Mapping[str, object]) -> None:
        self.pages = pages
        self.requests: list[httpx2.Request] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        page = self.pages.get(str(request.url))
        if isinstance(page, Exception):
            raise page
        if isinstance(page, httpx2.Response):
            return page
        return httpx2.Response(404) if page is None else httpx2.Response(200, json=page)

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=httpx2.MockTransport(self), headers={"x-secret": "default"}, cookies={"session": "c"}
        )

    @property
    def asked(self) -> list[str]:
        return [str(request.url) for request in self.requests]


async def test_the_path_form_is_asked_before_the_root_form() -> None:
    web = Web({RESOURCE_ROOT: GOOD_RESOURCE})
    async with web.client() as http:
        found = await find_resource(http, MCP, Challenge())
    assert web.asked == [RESOURCE_PATH, RESOURCE_ROOT]
    assert (found.resource, found.authorization_servers, found.scopes_supported) == (MCP, (ISSUER,), ("a", "b"))


async def test_the_address_of_a_challenge_is_asked_first() -> None:
    named = "https://mcp.example/meta"
    web = Web({named: GOOD_RESOURCE})
    challenge = Challenge.parse(f'Bearer error="invalid_token", resource_metadata="{named}", scope="x y"')
    async with web.client() as http:
        await find_resource(http, MCP, challenge)
    assert web.asked == [named]
    assert (challenge.scope, challenge.error) == ("x y", "invalid_token")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Challenge()),
        ("Basic realm=x", Challenge()),
        ("Bearer", Challenge()),
        ("Basic realm=x, Bearer scope=a", Challenge(scope="a")),
    ],
)
def test_a_challenge_without_parameters_asks_for_nothing(header: str | None, expected: Challenge) -> None:
    assert Challenge.parse(header) == expected


@pytest.mark.parametrize(
    "named", ["https://evil.example/meta", "http://mcp.example/meta", "https://u:p@mcp.example/meta", "https://[", "x"]
)
async def test_an_address_of_a_challenge_elsewhere_is_refused_and_not_asked(named: str) -> None:
    web = Web({named: GOOD_RESOURCE})
    async with web.client() as http:
        with pytest.raises(AuthenticationError, match="metadata") as caught:
            await find_resource(http, MCP, Challenge(resource_metadata=named))
    assert (caught.value.code, web.asked) == ("invalid_metadata", [])


@pytest.mark.parametrize(
    "document",
    [
        GOOD_RESOURCE | {"resource": "https://mcp.example/other/mcp"},
        GOOD_RESOURCE | {"resource": "https://evil.example/ehr/mcp"},
        GOOD_RESOURCE | {"resource": None},
        GOOD_RESOURCE | {"authorization_servers": []},
        GOOD_RESOURCE | {"authorization_servers": "x"},
    ],
)
async def test_metadata_of_another_resource_or_without_a_server_is_refused(document: dict[str, object]) -> None:
    async with Web({RESOURCE_PATH: document}).client() as http:
        with pytest.raises(AuthenticationError) as caught:
            await find_resource(http, MCP, Challenge())
    assert caught.value.code == "invalid_metadata"


async def test_a_server_without_metadata_is_reported_with_a_remedy() -> None:
    redirect = httpx2.Response(302, headers={"location": "https://evil.example/"})
    web = Web({RESOURCE_PATH: redirect})
    async with web.client() as http:
        with pytest.raises(AuthenticationError, match="bearer token") as caught:
            await find_resource(http, MCP, Challenge())
    assert caught.value.code == "no_metadata"
    assert web.asked == [RESOURCE_PATH, RESOURCE_ROOT]


def test_an_issuer_is_looked_for_at_three_places_in_order() -> None:
    assert issuer_metadata_addresses(ISSUER) == (
        "https://auth.example/.well-known/oauth-authorization-server/realm",
        "https://auth.example/.well-known/openid-configuration/realm",
        "https://auth.example/realm/.well-known/openid-configuration",
    )
    assert len(issuer_metadata_addresses("https://auth.example")) == 2


@pytest.mark.parametrize("place", issuer_metadata_addresses(ISSUER))
async def test_an_issuer_is_found_at_each_place(place: str) -> None:
    async with Web({place: GOOD_ISSUER}).client() as http:
        found = await find_issuer(http, ISSUER)
    assert (found.token_endpoint, found.token_endpoint_auth_methods) == (f"{ISSUER}/token", ("client_secret_basic",))


async def test_an_introspection_endpoint_elsewhere_does_not_hinder_who_wants_tokens() -> None:
    document = GOOD_ISSUER | {"introspection_endpoint": "http://internal.example/introspect"}
    async with Web({issuer_metadata_addresses(ISSUER)[0]: document}).client() as http:
        assert (await find_issuer(http, ISSUER)).token_endpoint == f"{ISSUER}/token"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"issuer": ISSUER + "/"}, "another issuer"),
        ({"issuer": None}, "another issuer"),
        ({"token_endpoint": None}, "no token endpoint"),
        ({"token_endpoint": "https://evil.example/token"}, "not on the origin"),
        ({"token_endpoint": "https://auth.example:444/token"}, "not on the origin"),
        ({"token_endpoint": "http://auth.example/token"}, "not an https address"),
        ({"token_endpoint": "http://127.0.0.1:9/token"}, "not an https address"),
        ({"token_endpoint": "https://auth.example@evil.example/token"}, "not an https address"),
    ],
)
async def test_issuer_metadata_that_leads_elsewhere_is_refused(change: dict[str, object], why: str) -> None:
    async with Web({issuer_metadata_addresses(ISSUER)[0]: GOOD_ISSUER | change}).client() as http:
        with pytest.raises(AuthenticationError, match=why):
            await find_issuer(http, ISSUER)


@pytest.mark.parametrize("issuer", ["http://auth.example", "http://127.0.0.1:9/auth", "ftp://auth.example", "auth"])
async def test_an_issuer_that_is_not_https_is_refused_and_not_asked(issuer: str) -> None:
    web = Web({})
    async with web.client() as http:
        with pytest.raises(AuthenticationError, match="not an https address"):
            await find_issuer(http, issuer)
    assert web.asked == []


@pytest.mark.parametrize("issuer", ["https://auth.example/\x01", "https://auth.example/" + "x" * 70_000])
async def test_an_issuer_whose_address_is_none_is_refused(issuer: str) -> None:
    async with Web({}).client() as http:
        with pytest.raises(AuthenticationError, match="not a URL"):
            await find_issuer(http, issuer)


async def test_an_issuer_on_this_machine_is_accepted_where_the_server_is_too() -> None:
    issuer = "http://127.0.0.1:8704/auth"
    page = {"issuer": issuer, "token_endpoint": f"{issuer}/token"}
    async with Web({issuer_metadata_addresses(issuer)[0]: page}).client() as http:
        assert (await find_issuer(http, issuer, loopback=True)).token_endpoint == f"{issuer}/token"


async def test_the_secret_is_form_encoded_in_the_basic_header_and_nothing_of_the_pool_is_sent() -> None:
    web = Web({f"{ISSUER}/token": {"access_token": "t", "token_type": "Bearer"}})
    issuer = IssuerMetadata(ISSUER, f"{ISSUER}/token", None, ("client_secret_basic", "client_secret_post"))
    async with web.client() as http:
        await fetch_client_token(http, issuer, "my id", "p+q/:", scope="a", resource=MCP)
    (request,) = web.requests
    assert base64.b64decode(request.headers["authorization"].split()[1]) == b"my+id:p%2Bq%2F%3A"
    assert request.content.decode() == (
        "grant_type=client_credentials&resource=https%3A%2F%2Fmcp.example%2Fehr%2Fmcp&scope=a"
    )
    assert "x-secret" not in request.headers
    assert "cookie" not in request.headers


async def test_the_secret_is_posted_where_the_server_offers_nothing_else() -> None:
    web = Web({f"{ISSUER}/token": {"access_token": "t"}})
    issuer = IssuerMetadata(ISSUER, f"{ISSUER}/token", None, ("client_secret_post",))
    async with web.client() as http:
        await fetch_client_token(http, issuer, "id", "p+q")
    (request,) = web.requests
    assert request.content.decode() == "grant_type=client_credentials&client_id=id&client_secret=p%2Bq"
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx2.Response(401, json={"error": "invalid_client"}), "invalid_client"),
        (httpx2.Response(400, json={"error": "SEKRET with text"}), "no_error_code"),
        (httpx2.Response(500, content=b"SEKRET"), "no_error_code"),
        (httpx2.Response(307, headers={"location": "https://evil.example"}), "no_error_code"),
        (httpx2.Response(200, content=b"SEKRET"), "invalid_answer"),
        (httpx2.Response(200, json={"access_token": "SEKRET", "token_type": "mac"}), "invalid_answer"),
        (httpx2.Response(200, content=b" " * 300_000), "answer_too_large"),
    ],
)
async def test_a_refused_token_request_is_typed_and_holds_nothing_of_the_answer(
    answer: httpx2.Response, code: str
) -> None:
    web = Web({f"{ISSUER}/token": answer})
    issuer = IssuerMetadata(ISSUER, f"{ISSUER}/token", None, ("client_secret_basic",))
    async with web.client() as http:
        with pytest.raises(AuthenticationError) as caught:
            await fetch_client_token(http, issuer, "id", "SEKRET")
    assert caught.value.code == code
    assert "SEKRET" not in str(caught.value)
    assert len(web.requests) == 1


async def test_no_connection_and_no_answer_are_told_apart() -> None:
    for failure, expected in (
        (httpx2.ConnectError("x"), ConnectionFailed),
        (httpx2.ReadError("x"), ConnectionFailed),
        (httpx2.ReadTimeout("x"), RequestTimeout),
    ):
        async with Web({RESOURCE_PATH: failure}).client() as http:
            with pytest.raises(expected, match=r"mcp\.example"):
                await find_resource(http, MCP, Challenge())


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_secret_that_is_no_text_is_a_typed_error_and_sent_nowhere(method: str) -> None:
    web = Web({})
    async with web.client() as http:
        with pytest.raises(AuthenticationError, match="can be sent") as caught:
            await fetch_client_token(
                http, IssuerMetadata(ISSUER, f"{ISSUER}/token", None, (method,)), "id", "se\ud800ret"
            )
    assert web.asked == []
    assert "se" not in str(caught.value).split()

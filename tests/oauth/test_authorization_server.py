"""The development authorization server, over HTTP (MCP-XCH-01..07)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import quote_plus, urlencode

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from agentkit.errors import AuthenticationError, ConfigurationError
from agentkit.oauth import (
    ClientRegistry,
    JwtVerifier,
    SigningKeys,
    authorization_server,
    hash_secret,
    read_token_request,
)
from agentkit.testing.asgi import ASGITransport
from tests.deadline import HANG, skip

pytestmark = pytest.mark.anyio

ORIGIN = "http://127.0.0.1:8704"
ISSUER = f"{ORIGIN}/auth"
RESOURCE = "http://127.0.0.1:8701/ehr/mcp"
SECRET = "p+q/r=s t:ü&%"
KEYS = SigningKeys()


@pytest.fixture(scope="module")
def clients() -> ClientRegistry:
    registry = ClientRegistry()
    registry.add("demo", SECRET, ["ehr.read", "ehr.search"])
    registry.add("narrow", SECRET, ["ehr.read"], resources=["https://only.example/mcp"])
    return registry


@asynccontextmanager
async def served(clients: ClientRegistry, issuer: str = ISSUER) -> AsyncGenerator[httpx2.AsyncClient]:
    app = Starlette(routes=authorization_server(issuer, KEYS, clients, resources=[RESOURCE, f"{RESOURCE}2"]))
    async with httpx2.AsyncClient(transport=ASGITransport(app), base_url=ORIGIN, timeout=HANG) as http:
        yield http


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


GRANT = {"grant_type": "client_credentials"}


def _encodable(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


@pytest.mark.parametrize("way", ["basic", "post"])
async def test_both_ways_of_client_authentication_give_a_token_for_the_resource(
    clients: ClientRegistry, way: str
) -> None:
    async with served(clients) as http:
        form = GRANT | {"resource": RESOURCE, "scope": "ehr.read"}
        if way == "basic":
            answer = await http.post("/auth/token", data=form, headers=basic("demo", SECRET))
        else:
            answer = await http.post("/auth/token", data=form | {"client_id": "demo", "client_secret": SECRET})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "ehr.read")
    token = await JwtVerifier(ISSUER, RESOURCE, KEYS.jwks()).verify(body["access_token"])
    assert (token.client_id, token.scopes, token.audience) == ("demo", {"ehr.read"}, (RESOURCE,))


async def test_a_secret_that_was_sent_without_form_encoding_is_read_as_it_stands(clients: ClientRegistry) -> None:
    """The official TypeScript SDK does that (MCP-XCH-03)."""
    header = "Basic " + base64.b64encode(f"demo:{SECRET}".encode()).decode()
    async with served(clients) as http:
        answer = await http.post("/auth/token", data=GRANT, headers={"authorization": header})
    assert answer.status_code == 200


async def test_scope_and_resource_fall_back_to_what_is_registered(clients: ClientRegistry) -> None:
    async with served(clients) as http:
        one = (await http.post("/auth/token", data=GRANT, headers=basic("demo", SECRET))).json()
        two = (await http.post("/auth/token", data=GRANT, headers=basic("narrow", SECRET))).json()
    token = await JwtVerifier(ISSUER, RESOURCE, KEYS.jwks()).verify(one["access_token"])
    assert token.scopes == {"ehr.read", "ehr.search"}
    assert await JwtVerifier(ISSUER, "https://only.example/mcp", KEYS.jwks()).verify(two["access_token"])


@pytest.mark.parametrize(
    ("form", "headers", "status", "code"),
    [
        (GRANT, basic("demo", "wrong"), 401, "invalid_client"),
        (GRANT, basic("nobody", SECRET), 401, "invalid_client"),
        (GRANT, {}, 401, "invalid_client"),
        (GRANT, {"authorization": "Basic %%%"}, 401, "invalid_client"),
        (GRANT, {"authorization": "Basic " + base64.b64encode(b"nocolon").decode()}, 401, "invalid_client"),
        (GRANT | {"client_id": "demo", "client_secret": ""}, {}, 401, "invalid_client"),
        (GRANT | {"client_secret": SECRET}, basic("demo", SECRET), 400, "invalid_request"),
        (GRANT | {"client_id": "narrow"}, basic("demo", SECRET), 400, "invalid_request"),
        ({}, basic("demo", SECRET), 400, "invalid_request"),
        ({"grant_type": "password"}, basic("demo", SECRET), 400, "unsupported_grant_type"),
        (GRANT | {"scope": "ehr.read admin"}, basic("demo", SECRET), 400, "invalid_scope"),
        (GRANT | {"resource": "https://evil.example"}, basic("demo", SECRET), 400, "invalid_target"),
        (GRANT | {"resource": RESOURCE}, basic("narrow", SECRET), 400, "invalid_target"),
        (GRANT | {"resource": [RESOURCE, f"{RESOURCE}2"]}, basic("demo", SECRET), 400, "invalid_target"),
        (GRANT | {"scope": ["ehr.read", "ehr.search"]}, basic("demo", SECRET), 400, "invalid_request"),
        (GRANT | {f"field{n}": "x" for n in range(60)}, basic("demo", SECRET), 400, "invalid_request"),
        (GRANT | {"filler": "x" * 20_000}, basic("demo", SECRET), 400, "invalid_request"),
    ],
)
async def test_a_request_that_is_refused_gets_its_oauth_error_uncached(
    clients: ClientRegistry, form: dict[str, object], headers: dict[str, str], status: int, code: str
) -> None:
    async with served(clients) as http:
        answer = await http.post("/auth/token", data=form, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert SECRET not in answer.text


async def test_a_json_body_is_refused(clients: ClientRegistry) -> None:
    async with served(clients) as http:
        answer = await http.post("/auth/token", json=GRANT, headers=basic("demo", SECRET))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_form_that_never_comes_is_given_up(clients: ClientRegistry) -> None:
    async def dripping() -> AsyncGenerator[bytes]:
        yield b"grant_type="
        skip(21)
        await asyncio.Event().wait()

    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with served(clients) as http:
        with anyio.fail_after(HANG):
            answer = await http.post("/auth/token", content=dripping(), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (408, "invalid_request")


@pytest.mark.parametrize(
    ("issuer", "places"),
    [
        (
            ISSUER,
            [
                "/.well-known/oauth-authorization-server/auth",
                "/.well-known/openid-configuration/auth",
                "/auth/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server",
            ],
        ),
        (ORIGIN, ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]),
    ],
)
async def test_metadata_lies_wherever_a_client_looks_and_names_the_issuer_byte_by_byte(
    clients: ClientRegistry, issuer: str, places: list[str]
) -> None:
    async with served(clients, issuer) as http:
        for place in places:
            document = (await http.get(place)).json()
            assert document["issuer"] == issuer
            assert document["token_endpoint"] == f"{issuer}/token"
            assert document["authorization_endpoint"] == f"{issuer}/authorize"
            assert document["code_challenge_methods_supported"] == ["S256"]
            assert document["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post"]
            keys = await http.get(document["jwks_uri"])
            assert keys.json() == KEYS.jwks()


async def test_the_token_endpoint_is_also_at_the_root_of_its_origin(clients: ClientRegistry) -> None:
    async with served(clients) as http:
        answer = await http.post("/token", data=GRANT, headers=basic("demo", SECRET))
    assert answer.status_code == 200


async def test_the_authorization_endpoint_exists_and_refuses(clients: ClientRegistry) -> None:
    async with served(clients) as http:
        answer = await http.get("/auth/authorize", params={"response_type": "code"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_response_type")


@pytest.mark.parametrize("issuer", [f"{ISSUER}/", "issuer", f"{ISSUER}?x=1", f"{ISSUER}#x"])
def test_an_issuer_that_could_not_be_compared_is_refused(clients: ClientRegistry, issuer: str) -> None:
    with pytest.raises(ConfigurationError, match="issuer"):
        authorization_server(issuer, KEYS, clients)


async def test_an_answer_for_no_known_resource_asks_for_one(clients: ClientRegistry) -> None:
    app = Starlette(routes=authorization_server(ISSUER, KEYS, clients))
    async with httpx2.AsyncClient(transport=ASGITransport(app), base_url=ORIGIN, timeout=HANG) as http:
        answer = await http.post("/auth/token", data=GRANT, headers=basic("demo", SECRET))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


def test_a_registry_and_a_request_show_nothing_of_their_secrets(clients: ClientRegistry) -> None:
    form = b"grant_type=client_credentials&client_id=demo&client_secret=sekret"
    request = read_token_request("application/x-www-form-urlencoded", None, form)
    assert (request.client_id, request.client_secret) == ("demo", "sekret")
    assert repr(request) == "TokenRequest(grant_type='client_credentials', client=<hidden>)"
    assert repr(clients) == "ClientRegistry(2 clients)"


async def test_a_registry_keeps_hashes_and_compares_them(clients: ClientRegistry) -> None:
    for _ in range(2):  # what was right once is remembered
        assert await clients.authenticate("demo", SECRET) == await clients.find("demo")
        assert await clients.authenticate("demo", SECRET + " ") is None
        assert await clients.authenticate("nobody", SECRET) is None
    assert SECRET not in str(vars(clients))
    assert hash_secret(SECRET) != hash_secret(SECRET)


def test_a_client_needs_an_id_of_its_own_and_a_secret(clients: ClientRegistry) -> None:
    for client_id, secret in (("demo", SECRET), ("", SECRET), ("new", "")):
        with pytest.raises(ConfigurationError):
            clients.add(client_id, secret)
    for secret_hash in ("plain", "scrypt$$", "scrypt$a$b", "scrypt$" + "A" * 24 + "$%%"):
        with pytest.raises(ConfigurationError, match="hash_secret"):
            clients.add_hashed("new", secret_hash)


@pytest.mark.parametrize(
    ("scopes", "resources", "serves"),
    [
        (["a b"], [], []),
        (['a"b'], [], []),
        ([""], [], []),
        (["ü"], [], []),
        ([], ["https://a.example/#x"], []),
        ([], [], ["https://a.example/ x"]),
        ([], [""], []),
    ],
)
def test_what_no_request_could_name_is_not_registered(
    scopes: list[str], resources: list[str], serves: list[str]
) -> None:
    with pytest.raises(ConfigurationError, match="client new"):
        ClientRegistry().add_hashed("new", hash_secret(SECRET), scopes, resources=resources, serves=serves)


@given(
    client_id=st.text(min_size=1, max_size=40).filter(_encodable),
    secret=st.text(min_size=1, max_size=60).filter(_encodable),
    scopes=st.lists(st.from_regex(r"[\x21\x23-\x5b\x5d-\x7e]{1,12}", fullmatch=True), max_size=4, unique=True),
    resources=st.lists(st.text(max_size=30).filter(_encodable), max_size=3),
    posted=st.booleans(),
)
def test_what_a_client_sends_is_what_the_server_reads(
    client_id: str, secret: str, scopes: list[str], resources: list[str], posted: bool
) -> None:
    form = [("grant_type", "client_credentials"), *(("resource", resource) for resource in resources)]
    form += [("scope", " ".join(scopes))] if scopes else []
    form += [("client_id", client_id), ("client_secret", secret)] if posted else []
    header = None if posted else basic(client_id, secret)["authorization"]
    request = read_token_request("application/x-www-form-urlencoded", header, urlencode(form).encode())
    assert (request.client_id, request.client_secret) == (client_id, secret)
    assert (request.scopes, request.resources) == (tuple(scopes), tuple(resources))


@given(st.binary(max_size=400), st.one_of(st.none(), st.text(max_size=60)))
def test_no_form_and_no_header_is_worse_than_refused(body: bytes, header: str | None) -> None:
    code = None
    try:
        read_token_request("application/x-www-form-urlencoded", header, body)
    except AuthenticationError as error:
        code = error.code
    assert code in {None, "invalid_request", "invalid_client"}

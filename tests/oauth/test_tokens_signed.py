"""Issuing and verifying JWTs: issuer, audience and algorithm are pinned (MCP-AUTH-03, MCP-AUTH-10)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt import PyJWK

from agentkit.errors import AuthenticationError, ConfigurationError
from agentkit.oauth import JwtVerifier, SigningKeys, StaticKeys, TokenIssuer

pytestmark = pytest.mark.anyio

ISSUER = "https://issuer.example/auth"
RESOURCE = "https://mcp.example/ehr/mcp"
KEYS = SigningKeys()


def verifier(**options: object) -> JwtVerifier:
    given = {"issuer": ISSUER, "audience": RESOURCE, "jwks": KEYS.jwks(), **options}
    return JwtVerifier(**given)  # pyright: ignore[reportArgumentType]


async def test_an_issued_token_says_who_for_what_and_how_long() -> None:
    token = TokenIssuer(ISSUER, KEYS).issue("client", RESOURCE, "a b", 60, client_id="client")
    valid = await verifier().verify(token)
    assert (valid.subject, valid.client_id, valid.audience) == ("client", "client", (RESOURCE,))
    assert valid.scopes == {"a", "b"}
    assert valid.owner == f"{ISSUER}|client"
    assert "client" not in repr(valid)


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "a b"}, {"a", "b"}),
        ({"scp": "a b"}, {"a", "b"}),
        ({"scp": ["a", 5, "b"]}, {"a", "b"}),
        ({"scp": 5}, set[str]()),
        ({"scope": {"a": 1}, "scp": "b"}, {"b"}),
    ],
)
async def test_scopes_are_read_in_every_spelling_and_nonsense_gives_none(
    claims: dict[str, object], scopes: set[str]
) -> None:
    assert (await verifier().verify(_signed(claims))).scopes == scopes


async def test_one_of_several_audiences_is_enough() -> None:
    token = TokenIssuer(ISSUER, KEYS).issue("c", ["https://other.example", RESOURCE])
    assert (await verifier().verify(token)).audience == ("https://other.example", RESOURCE)


def _signed(claims: dict[str, object], *, key: object = None, algorithm: str = "ES256") -> str:
    base: dict[str, object] = {"iss": ISSUER, "aud": RESOURCE, "sub": "c", "exp": 4_000_000_000}
    content = {name: value for name, value in (base | claims).items() if value is not None}
    headers = {"kid": KEYS.key_id}
    signing_key = key or load_pem_private_key(KEYS.to_pem(), password=None)
    return jwt.encode(content, signing_key, algorithm=algorithm, headers=headers)  # pyright: ignore[reportArgumentType]


def _unsigned() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"iss": ISSUER, "aud": RESOURCE, "sub": "c", "exp": 4_000_000_000}
    return f"{part({'alg': 'none', 'kid': KEYS.key_id})}.{part(claims)}."


BAD: dict[str, Callable[[], str]] = {
    "not a JWT": lambda: "sekret",
    "empty": lambda: "",
    "too long": lambda: "x" * 20_000,
    "alg none": _unsigned,
    "symmetric with the public key as secret": lambda: _signed({}, key="x" * 64, algorithm="HS256"),
    "another key under the same id": lambda: _signed({}, key=ec.generate_private_key(ec.SECP256R1())),
    "an RSA signature under an EC key's id": lambda: _signed(
        {}, key=rsa.generate_private_key(public_exponent=65537, key_size=2048), algorithm="RS256"
    ),
    "an unknown key id": lambda: TokenIssuer(ISSUER, SigningKeys()).issue("c", RESOURCE),
    "another issuer": lambda: _signed({"iss": ISSUER + "/"}),
    "another audience": lambda: _signed({"aud": "https://mcp.example/other/mcp"}),
    "azp in place of aud": lambda: _signed({"aud": "account", "azp": RESOURCE}),
    "no audience": lambda: _signed({"aud": None}),
    "no subject": lambda: _signed({"sub": None}),
    "an empty subject": lambda: _signed({"sub": ""}),
    "no expiry": lambda: _signed({"exp": None}),
    "expired": lambda: _signed({"exp": 1_000_000_000}),
    "not valid yet": lambda: _signed({"nbf": 3_999_999_999}),
    "endless": lambda: _signed({"exp": float("inf")}),
    "no number": lambda: _signed({"exp": float("nan")}),
    "beyond every clock": lambda: _signed({"exp": 10**400}),
    "never valid": lambda: _signed({"nbf": 10**400}),
    "bound to a key": lambda: _signed({"cnf": {"jkt": "abc"}}),
    "an ID token": lambda: _signed({"typ": "ID"}),
    "a refresh token": lambda: _signed({"typ": "Refresh"}),
    "half a surrogate pair": lambda: "\udc80.a.b",
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
async def test_a_token_that_is_not_valid_here_is_refused_without_its_content(make: Callable[[], str]) -> None:
    token = make()
    with pytest.raises(AuthenticationError) as caught:
        await verifier().verify(token)
    assert (caught.value.code, caught.value.status) == ("invalid_token", 401)
    assert not token or token not in str(caught.value)


async def test_expiry_is_measured_by_the_given_clock_with_ten_seconds_of_leeway() -> None:
    token = TokenIssuer(ISSUER, KEYS, clock=lambda: 1000.0).issue("c", RESOURCE, lifetime=60)
    assert await verifier(clock=lambda: 1069.0).verify(token)
    with pytest.raises(AuthenticationError, match="expired"):
        await verifier(clock=lambda: 1070.0).verify(token)


class WatchedKeys(StaticKeys):
    """Counts how often a token was really checked."""

    lookups = 0

    async def find(self, key_id: str | None) -> PyJWK | None:
        self.lookups += 1
        return await super().find(key_id)


async def test_a_valid_token_is_remembered_for_a_while_and_never_beyond_its_expiry() -> None:
    now, keys = [1000.0], WatchedKeys(KEYS.jwks())
    checking = verifier(jwks=keys, clock=lambda: now[0])
    token = TokenIssuer(ISSUER, KEYS, clock=lambda: 1000.0).issue("c", RESOURCE, lifetime=35)
    for now[0], lookups in ((1000.0, 1), (1029.0, 1), (1030.0, 2), (1044.0, 2)):
        assert (await checking.verify(token)).subject == "c"
        assert keys.lookups == lookups
    now[0] = 1045.0
    with pytest.raises(AuthenticationError, match="expired"):
        await checking.verify(token)
    assert token not in str(vars(checking))


async def test_a_thousand_valid_tokens_are_remembered_and_no_more() -> None:
    keys = WatchedKeys(KEYS.jwks())
    checking = verifier(jwks=keys)
    tokens = [TokenIssuer(ISSUER, KEYS).issue("c", RESOURCE) for _ in range(1_001)]
    for token in tokens:
        await checking.verify(token)
    await checking.verify(tokens[-1])
    assert keys.lookups == 1_001
    await checking.verify(tokens[0])
    assert keys.lookups == 1_002


async def test_azp_counts_as_audience_where_it_is_asked_for() -> None:
    token = _signed({"aud": "account", "azp": "corti-app"})
    valid = await verifier(audience=("corti-app",), accept_azp=True).verify(token)
    assert valid.client_id == "corti-app"


@pytest.mark.parametrize(
    "options", [{"algorithms": ("HS256",)}, {"algorithms": ("none",)}, {"issuer": ""}, {"audience": ()}]
)
def test_a_verifier_without_pins_cannot_be_made(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        verifier(**options)


CHANGES: list[dict[str, object]] = [
    {"kid": "none", "alg": "none"},
    {"kid": "encryption", "use": "enc"},
    {"kid": "other curve", "crv": "P-384"},
    {"kid": {"a": 1}},
    {"kid": "off the curve", "x": "AAAA"},
]


def test_a_key_set_without_a_usable_key_is_refused() -> None:
    with pytest.raises(AuthenticationError, match="no usable key"):
        verifier(jwks={"keys": []})


async def test_keys_that_are_none_or_for_something_else_do_not_spoil_a_set() -> None:
    good = KEYS.jwks()["keys"]
    assert isinstance(good, list)
    others: list[object] = [None, 5, {"kty": "EC"}, {"kty": "oct", "k": "eA", "kid": "s"}, {"kid": ["x"]}]
    of_ours = [{**key, **change} for key in good if isinstance(key, dict) for change in CHANGES]
    keys = StaticKeys({"keys": [*others, *of_ours, *good]})  # pyright: ignore[reportArgumentType]
    assert await keys.find(KEYS.key_id)
    for key_id in ("none", "encryption", "other curve", "s", ""):
        assert await keys.find(key_id) is None


def test_keys_survive_a_round_trip_and_show_nothing_of_themselves() -> None:
    pem = KEYS.to_pem()
    again = SigningKeys.from_pem(pem)
    assert again.jwks() == KEYS.jwks()
    assert "PRIVATE" not in repr(KEYS)
    assert '"d"' not in json.dumps(KEYS.jwks())


def test_what_is_no_signing_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="PEM"):
        SigningKeys.from_pem(b"sekret")
    with pytest.raises(ConfigurationError, match="P-256"):
        SigningKeys(ec.generate_private_key(ec.SECP384R1()))

"""Signed cards: who signs, where the keys are, and what a client believes (A2A-SIG-01, A2A-SIG-02)."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any

import httpx2
import pytest
from a2a.types import AgentCard
from a2a.utils.signing import create_signature_verifier
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given
from hypothesis import strategies as st
from jwt import PyJWK
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from agentkit.a2a import (
    BearerAuth,
    CardKeys,
    CardSigner,
    CardTexts,
    CardTrust,
    Security,
    VerifiedCard,
    build_card,
    card_document,
    verify_card,
)
from agentkit.a2a.canonical import canonical, card_forms
from agentkit.a2a.card_keys import KEEP
from agentkit.a2a.push import NotificationSigner, verify_notification
from agentkit.a2a.standalone import agent_app
from agentkit.errors import CardUntrusted, ConfigurationError
from agentkit.models import Json, JsonObject
from agentkit.oauth import JwtVerifier
from agentkit.testing.asgi import ASGITransport, running
from tests.a2a.desk import Desk

pytestmark = pytest.mark.anyio

ORIGIN = "https://agents.example.org"
CARD_URL = f"{ORIGIN}/desk/.well-known/agent-card.json"
JKU = f"{ORIGIN}/.well-known/jwks.json"


def signed(keys: CardKeys, **options: Any) -> JsonObject:
    card = build_card(Desk(), url=f"{ORIGIN}/desk", **options)
    return card_document(CardSigner(keys, ORIGIN).sign(card))


def shown(keys: CardKeys) -> list[dict[str, Any]]:
    listed: Any = keys.jwks()["keys"]
    return listed


def trusting(keys: CardKeys | JsonObject, **options: Any) -> CardTrust:
    async def fetch(url: str) -> Json:
        assert url == JKU
        return keys.jwks() if isinstance(keys, CardKeys) else keys

    return CardTrust(fetch=fetch, **options)


async def check(document: JsonObject, trust: CardTrust, **options: Any) -> VerifiedCard | None:
    return await verify_card(document, card_url=CARD_URL, trust=trust, **options)


async def untrusted(document: JsonObject, trust: CardTrust, **options: Any) -> str:
    with pytest.raises(CardUntrusted) as caught:
        await check(document, trust, **options)
    return caught.value.reason


async def test_a_signed_card_is_believed_and_what_was_covered_is_given_back_a2a_sig_01() -> None:
    keys = CardKeys.new()
    document = signed(keys, texts=CardTexts(description="Grüße — 手 😀"), security=Security(BearerAuth({"a": "t"})))
    verified = await check(document, trusting(keys))
    assert verified
    assert verified.key_id == keys.key_id
    assert verified.document == {name: value for name, value in document.items() if name != "signatures"}
    signatures: Any = document["signatures"]
    for signature in signatures:
        header: Any = json.loads(_decoded(signature["protected"]))
        assert header == {"alg": "ES256", "kid": keys.key_id, "typ": "JOSE", "jku": JKU}


@pytest.mark.parametrize("versions", [("1.0",), ("1.0", "0.3")])
async def test_the_sdks_own_check_takes_our_cards(versions: tuple[str, ...]) -> None:
    keys = CardKeys.new()
    document = signed(keys, versions=versions, security=Security(BearerAuth({"a": "t"})))
    key = await keys.find(keys.key_id)
    assert key

    def provide(key_id: str | None, jku: str | None) -> PyJWK:
        assert (key_id, jku) == (keys.key_id, JKU)
        return key

    create_signature_verifier(provide, ["ES256"])(ParseDict(document, AgentCard(), ignore_unknown_fields=True))


async def test_a_peer_that_signs_only_what_1_0_knows_covers_nothing_else_a2a_03_02() -> None:
    keys = CardKeys.new()
    document = card_document(build_card(Desk(), url=f"{ORIGIN}/desk"))
    known = card_forms(document)[1]
    document["signatures"] = [keys.sign_card(canonical(known), jku=JKU)]
    document["url"] = "https://evil.example"
    verified = await check(document, trusting(keys))
    assert verified
    assert "url" not in verified.document
    assert verified.document["name"] == "desk"


TAMPERED: list[tuple[list[str | int], Any]] = [
    (["name"], "desc"),
    (["capabilities", "streaming"], False),
    (["skills", 0, "description"], "Says it louder"),
    (["supportedInterfaces", 0, "url"], "https://evil.example"),
    (["signatures"], [{"protected": "e30", "signature": ""}]),
    (["signatures"], [{"protected": "!", "signature": "!"}]),
    (["signatures"], "yes"),
    (["signatures"], [5, None, {}]),
    (["skills"], 5),
]


@pytest.mark.parametrize(("place", "value"), TAMPERED)
async def test_a_card_that_somebody_changed_is_not_believed(place: list[str | int], value: Any) -> None:
    keys = CardKeys.new()
    document = signed(keys)
    inner: Any = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    assert await untrusted(document, trusting(keys)) == "signature"


async def test_a_card_without_signature_is_believed_only_where_none_is_required() -> None:
    document = card_document(build_card(Desk(), url=ORIGIN))
    trust = trusting(CardKeys.new())
    assert await untrusted(document, trust) == "unsigned"
    assert await check(document, trust, required=False) is None
    bad: JsonObject = {**document, "signatures": [{"protected": "e30", "signature": "AA"}]}
    assert await untrusted(bad, trust, required=False) == "signature"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256", "crit": ["exp"]},
        {"alg": "ES256", "kid": 5},
        {"alg": "ES256", "jku": 5},
        {"alg": ["ES256"]},
        {},
    ],
)
async def test_headers_that_want_something_else_are_not_obeyed(header: dict[str, Any]) -> None:
    keys = CardKeys.new()
    document: Any = signed(keys)
    for one in document["signatures"]:
        protected = {"kid": keys.key_id, "jku": JKU, "typ": "JOSE", **header}
        one["protected"] = urlsafe_b64encode(json.dumps(protected).encode()).decode().rstrip("=")
    assert await untrusted(document, trusting(keys)) == "signature"


@pytest.mark.parametrize(
    "jku",
    [
        "https://evil.example/jwks.json",
        "http://agents.example.org/.well-known/jwks.json",
        "https://agents.example.org:8443/jwks.json",
        "https://agents.example.org@evil.example/jwks.json",
        "https://agents.example.org.evil.example/jwks.json",
        "http://127.0.0.1/jwks.json",
        "file:///etc/passwd",
        "https://[broken",
        "",
    ],
)
async def test_keys_at_another_origin_are_not_even_fetched_a2a_sig_02(jku: str) -> None:
    keys = CardKeys.new()
    card = card_document(build_card(Desk(), url=ORIGIN))
    card["signatures"] = [keys.sign_card(canonical(card_forms(card)[0]), jku=jku)]

    async def never(url: str) -> Json:
        pytest.fail(f"{url} was fetched")

    assert await untrusted(card, CardTrust(fetch=never)) == "key_refused"


async def test_an_origin_that_is_allowed_and_pinned_keys_are_believed() -> None:
    keys = CardKeys.new()
    card = card_document(build_card(Desk(), url=ORIGIN))
    card["signatures"] = [keys.sign_card(canonical(card_forms(card)[0]), jku="https://keys.example.net/all.json")]

    async def fetch(url: str) -> Json:
        assert url == "https://keys.example.net/all.json"
        return keys.jwks()

    assert await check(card, CardTrust(hosts=["https://keys.example.net"], fetch=fetch))
    assert await check(card, CardTrust(keys=keys.jwks()))
    assert await untrusted(card, CardTrust(keys=CardKeys.new().jwks())) == "key_unknown"


async def test_unknown_expired_and_open_private_keys_are_not_believed() -> None:
    keys = CardKeys.new()
    document = signed(keys)
    (member,) = shown(keys)
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"kid": "another"}, "key_unknown"),
        ({"exp": 5}, "key_expired"),
        ({"exp": "soon"}, None),
        ({"nbf": time.time() + 600}, "key_expired"),
        ({"d": "AAAA"}, "key_unknown"),
        ({"use": "enc"}, "key_unknown"),
        ({"x": "AAAA"}, "key_unknown"),
        ({"kty": "unknown"}, "key_unknown"),
    ]
    for changes, reason in cases:
        served: Any = {"keys": [{**member, **changes}]}
        if reason is None:
            assert await check(document, trusting(served))
        else:
            assert await untrusted(document, trusting(served)) == reason
    unusable: list[JsonObject] = [{}, {"keys": 5}, {"keys": [5]}]
    for served in unusable:
        assert await untrusted(document, trusting(served)) == "key_unknown"


async def test_key_sets_are_kept_and_fetched_again_for_an_unknown_key_but_not_in_a_storm() -> None:
    keys, now, fetched = CardKeys.new(), [1000.0], [0]

    async def fetch(_url: str) -> Json:
        fetched[0] += 1
        return keys.jwks()

    trust = CardTrust(fetch=fetch, clock=lambda: now[0])
    for _ in range(3):
        assert await check(signed(keys), trust)
    assert fetched[0] == 1
    keys.rotate()
    for _ in range(5):
        assert await untrusted(signed(keys), trust) == "key_unknown"
    assert fetched[0] == 1
    now[0] += 11
    assert await check(signed(keys), trust)
    assert fetched[0] == 2


async def test_an_ed25519_key_signs_too() -> None:
    member: Any = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True)
    keys = CardKeys([member])
    assert await check(signed(keys), trusting(keys))


@pytest.mark.parametrize(
    "members",
    [
        [],
        [{"kty": "EC"}],
        [{"kty": "EC", "d": "AA", "crv": "P-256", "x": "AA", "y": "AA"}],
        [{"kty": "oct", "k": "AAAA", "d": "x"}],
        [RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048), as_dict=True)],
    ],
)
def test_what_is_no_ring_is_refused(members: Any) -> None:
    with pytest.raises(ConfigurationError, match="signing keys"):
        CardKeys(members)


async def test_a_rotated_key_is_shown_for_a_week_and_cards_of_before_are_still_good() -> None:
    now = [1_000_000.0]
    keys = CardKeys.new(clock=lambda: now[0])
    before, old = signed(keys), keys.key_id
    assert keys.rotate() != old
    assert [one["kid"] for one in shown(keys)] == [keys.key_id, old]
    assert await check(before, trusting(keys, clock=lambda: now[0]))
    assert await check(signed(keys), trusting(keys, clock=lambda: now[0]))
    now[0] += KEEP + 1
    assert len(shown(keys)) == 1
    assert await untrusted(before, trusting(keys, clock=lambda: now[0])) == "key_unknown"


async def test_a_ring_lives_in_a_private_file_and_a_rotation_is_seen_by_whoever_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentkit.a2a.card_keys.LOOK_AFTER", 0.0)
    file = tmp_path / "keys.json"
    keys = await asyncio.to_thread(CardKeys.open, file)
    app = agent_app(Desk(), url=ORIGIN, signing=keys)
    async with (
        running(app) as live,
        httpx2.AsyncClient(transport=ASGITransport(live), base_url=ORIGIN) as http,
    ):
        first = await http.get("/.well-known/agent-card.json")
        assert await check(first.json(), trusting((await http.get("/.well-known/jwks.json")).json()))
        other = await asyncio.to_thread(CardKeys.open, file)
        old = other.key_id
        other.rotate()
        await asyncio.to_thread(other.save, file)
        second = await http.get("/.well-known/agent-card.json")
        published = (await http.get("/.well-known/jwks.json")).json()
    assert first.headers["etag"] != second.headers["etag"]
    assert [one["kid"] for one in published["keys"]] == [other.key_id, old]
    verified = await check(second.json(), trusting(published))
    assert verified
    assert verified.key_id == other.key_id
    mode = await asyncio.to_thread(lambda: file.stat().st_mode)
    assert mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "[]", "{", '{"keys": []}', '{"keys": [{"kty": "EC"}]}'])
def test_a_file_that_holds_no_ring_is_told_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        CardKeys.open(file)
    with pytest.raises(ConfigurationError, match="nowhere"):
        CardKeys.open(tmp_path / "nowhere" / "keys.json")


async def test_the_same_ring_signs_notifications() -> None:
    keys = CardKeys.new()
    hook = "https://hook.example.org/a"
    signature = await NotificationSigner(keys, ORIGIN).sign(b"{}", hook)
    await verify_notification(JwtVerifier(ORIGIN, hook, keys), signature, b"{}")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_the_canonical_form_is_the_same_for_the_same_value_and_gives_it_back(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text, parse_int=float) == value
    assert canonical(json.loads(text, parse_int=float)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}, None),
        ([333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], b"[333333333.3333333,1e+30,4.5,0.002,1e-27]"),
        ([-0.0, 1e21, 1e20, 1e-6, 1e-7, 5e-324, 123456789012345680000.0], None),
        ('\u20ac$\u000f\nA\'B"\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\"/"'),
    ],
)
def test_numbers_texts_and_keys_are_written_as_rfc_8785_wants(value: Any, text: bytes | None) -> None:
    expected = {
        0: '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'.encode(),
        1: b"[0,1e+21,100000000000000000000,0.000001,1e-7,5e-324,123456789012345680000]",
    }
    assert canonical(value) == (text or expected[0 if isinstance(value, dict) else 1])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\udfff": 1}], ids=repr)
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(CardUntrusted):
        canonical(value)


def test_a_card_that_is_nested_for_ever_is_refused() -> None:
    nested: Any = 1
    for _ in range(5_000):
        nested = [nested]
    with pytest.raises(CardUntrusted):
        canonical(nested)
    document = card_document(build_card(Desk(), url=ORIGIN))
    capabilities: Any = document["capabilities"]
    capabilities["extensions"].append({"uri": "x", "params": {"a": nested}})
    with pytest.raises(CardUntrusted):
        card_forms(document)


def test_signing_leaves_the_card_as_it_was() -> None:
    card = build_card(Desk(), url=ORIGIN)
    before = MessageToDict(card)
    CardSigner(CardKeys.new(), ORIGIN).sign(card)
    assert MessageToDict(card) == before

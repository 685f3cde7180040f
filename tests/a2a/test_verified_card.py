"""Key sets that are silent, missing or odd, and keys of another kind than a signature says (A2A-SIG-02)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from a2a.types import AgentCard
from cryptography.hazmat.primitives.asymmetric import rsa
from google.protobuf.json_format import ParseDict
from jwt.algorithms import RSAAlgorithm

from agentkit.a2a import CardKeys, CardSigner, CardTrust, card_document, verify_card
from agentkit.a2a.verified_card import fetch_json
from agentkit.errors import CardUntrusted
from agentkit.models import JsonObject
from tests.a2a.remote.parts import URL, made_card
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def listening(answer: bytes | None) -> AsyncGenerator[str]:
    """A server with one answer, or one that never says anything."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await over.wait()
        else:
            head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            status, _, body = answer.partition(b"|")
            writer.write(head % (status, len(body)) + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        with anyio.fail_after(HANG):
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
    finally:
        over.set()
        server.close()


def signed(keys: CardKeys) -> JsonObject:
    return card_document(CardSigner(keys, URL).sign(ParseDict(made_card(), AgentCard())))


async def test_a_key_set_is_had_from_its_address() -> None:
    async with listening(b'200 OK|{"keys": []}') as url:
        assert await fetch_json(url) == {"keys": []}


@pytest.mark.parametrize("answer", [b'404 Not Found|{"keys": []}', b"200 OK|[]", b"200 OK|Jane"])
async def test_an_address_without_document_is_told_as_such(answer: bytes) -> None:
    async with listening(answer) as url:
        with pytest.raises(CardUntrusted, match="no document") as raised:
            await fetch_json(url)
    assert raised.value.reason == "unreachable"


async def test_an_address_that_stays_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentkit.a2a.verified_card.FETCH_TIMEOUT", 0.05)
    async with listening(None) as url:
        with pytest.raises(CardUntrusted, match="did not answer") as raised:
            await fetch_json(url)
    assert raised.value.reason == "unreachable"


async def test_a_key_without_name_is_nobodys_and_the_others_are_believed() -> None:
    keys = CardKeys.new()
    listed: Any = keys.jwks()["keys"]
    trust = CardTrust(keys={"keys": [{**listed[0], "kid": 3}, *listed]})
    verified = await verify_card(signed(keys), card_url=URL, trust=trust)
    assert verified
    assert verified.key_id == keys.key_id


async def test_a_key_of_another_algorithm_than_the_signature_names_proves_nothing() -> None:
    keys = CardKeys.new()
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    other = {**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": keys.key_id, "alg": "RS256"}
    with pytest.raises(CardUntrusted) as raised:
        await verify_card(signed(keys), card_url=URL, trust=CardTrust(keys={"keys": [other]}))
    assert raised.value.reason == "signature"

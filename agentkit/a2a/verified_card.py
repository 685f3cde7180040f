"""Signed cards on the side of the client: whose keys are believed, and what a signature covers (A2A-SIG-02)."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from jwt import PyJWK
from jwt.algorithms import get_default_algorithms
from jwt.exceptions import PyJWTError
from jwt.utils import base64url_encode

from agentkit.a2a.canonical import canonical, card_forms
from agentkit.errors import AuthenticationError, CardUntrusted, TransportError
from agentkit.mcp.client.pool import new_pool
from agentkit.models import Json, JsonObject
from agentkit.oauth.exchange import check_secure, exchange, origin_of, stays_local

ALGORITHMS: Final = ("ES256", "RS256", "EdDSA")
"""What is taken: asymmetric algorithms only, and never `none`."""

SIGNATURES: Final = 16
"""So many signatures of a card are looked at."""

SIZE_LIMIT: Final = 262_144
"""Bytes that a key set, or a card, may have."""

FETCH_TIMEOUT: Final = 10.0
REMEMBER: Final = 300.0
"""Seconds for which a key set is not fetched again."""

AGAIN: Final = 10.0
"""Seconds after which it is, because a card names a key that is not in it."""

_OK: Final = 200
_REMEMBERED: Final = 16
_HEADER_LIMIT: Final = 4_096

Fetch = Callable[[str], Awaitable[Json]]
"""Gets the JSON document at an address, which was checked; raises `CardUntrusted` where there is none."""


@dataclass(frozen=True, slots=True)
class VerifiedCard:
    """A card whose origin was proven.

    Attributes:
        key_id: The key that signed it.
        document: What the signature covers; build a client of this and of nothing else.
    """

    key_id: str
    document: JsonObject = field(repr=False)


class CardTrust:
    """Whose keys are believed; it remembers key sets, so keep one for each peer."""

    def __init__(
        self,
        *,
        hosts: Collection[str] = (),
        keys: Mapping[str, Json] | None = None,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Believe keys.

        Args:
            hosts: Origins (`https://keys.example.org`) beside the card's own where key sets may lie.
            keys: A key set that is known beforehand; no other key is believed then, and nothing is fetched.
            fetch: Gets key sets; by default over HTTPS, without redirects.
            clock: Seconds since the epoch.
        """
        self._hosts = frozenset(origin_of(host) for host in hosts)
        self._pinned = None if keys is None else _by_id(dict(keys))
        self._fetch = fetch or fetch_json
        self._clock = clock
        self._known: dict[str, tuple[float, dict[str, JsonObject]]] = {}
        self._turn = asyncio.Lock()

    async def find(self, key_id: str, jku: str | None, card_url: str) -> PyJWK:
        """The key that a signature names.

        Raises:
            CardUntrusted: It is not believed, not known, expired, or cannot be fetched.
        """
        member = self._pinned.get(key_id) if self._pinned is not None else await self._fetched(key_id, jku, card_url)
        if member is None:
            raise CardUntrusted("key_unknown", "The card is signed by a key that is not known.")
        now = self._clock()
        if not _reached(member.get("nbf"), now, True) or _reached(member.get("exp"), now, False):
            raise CardUntrusted("key_expired", "The card is signed by a key that has expired.")
        try:
            return PyJWK(member)
        except (PyJWTError, ValueError, TypeError, KeyError):
            raise CardUntrusted("key_unknown", "The card is signed by a key that cannot be used.") from None

    async def _fetched(self, key_id: str, jku: str | None, card_url: str) -> JsonObject | None:
        if jku is None:
            raise CardUntrusted(
                "key_unknown", "The card does not say where its key is.", remedy="Give the keys that you believe."
            )
        self._check(jku, card_url)
        async with self._turn:
            fetched, keys = self._known.get(jku, (0.0, {}))
            age = self._clock() - fetched
            if not 0 <= age < (REMEMBER if key_id in keys else AGAIN):
                keys = _by_id(await self._fetch(jku))
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[jku] = (self._clock(), keys)
        return keys.get(key_id)

    def _check(self, jku: str, card_url: str) -> None:
        try:
            check_secure(jku, "address of the card's keys", loopback=stays_local(card_url))
            allowed = origin_of(jku) in {origin_of(card_url), *self._hosts}
        except (AuthenticationError, ValueError):
            allowed = False
        if not allowed:
            raise CardUntrusted(
                "key_refused",
                "The keys of the card lie at an address that is not believed.",
                remedy="Name their origin among the hosts that you believe, if you do.",
            )


async def verify_card(
    document: JsonObject, *, card_url: str, trust: CardTrust, required: bool = True
) -> VerifiedCard | None:
    """Check that a card comes from whom its address belongs to, or from somebody else who is believed.

    Args:
        document: The card as it was received.
        card_url: Where it was received from.
        trust: Whose keys are believed.
        required: Refuse a card without signatures.

    Returns:
        What was proven; None for a card without signatures where none is required.

    Raises:
        CardUntrusted: There is no signature, or none of them is good.
    """
    signatures = document.get("signatures")
    if signatures is None or signatures == []:
        if required:
            raise CardUntrusted("unsigned", "The card is not signed.")
        return None
    if not isinstance(signatures, list):
        raise CardUntrusted("signature", "The signatures of the card cannot be read.")
    forms = [(form, canonical(form)) for form in card_forms(document)]
    refused = CardUntrusted("signature", "No signature of the card is good.")
    for one in signatures[:SIGNATURES]:
        read = _read(one)
        if read is None:
            continue
        header, signed, signature = read
        key_id, jku = header.get("kid"), header.get("jku")
        if not isinstance(key_id, str) or not isinstance(jku, str | None):
            continue
        try:
            key = await trust.find(key_id, jku, card_url)
        except CardUntrusted as error:
            refused = error
            continue
        covered = _covered(header, key, signed, signature, forms)
        if covered is not None:
            return VerifiedCard(key_id, covered)
    raise refused


async def fetch_json(url: str) -> Json:
    """A key set or a card over the network: no redirects, no proxy, no cookies, bounded in time and size.

    Raises:
        CardUntrusted: There is none.
    """
    try:
        async with new_pool(idle=0) as http, asyncio.timeout(FETCH_TIMEOUT):
            status, body = await exchange(http, "GET", url, limit=SIZE_LIMIT)
    except (AuthenticationError, TransportError) as error:
        raise CardUntrusted("unreachable", f"{url} cannot be had: {error.message}") from None
    except TimeoutError:
        raise CardUntrusted("unreachable", f"{url} did not answer within {FETCH_TIMEOUT:g} seconds.") from None
    if status != _OK or not isinstance(body, dict):
        raise CardUntrusted("unreachable", f"{url} answered with HTTP {status} and no document.")
    return cast(JsonObject, body)


def _by_id(document: Json) -> dict[str, JsonObject]:
    listed = document.get("keys") if isinstance(document, dict) else None
    found: dict[str, JsonObject] = {}
    for member in listed[:100] if isinstance(listed, list) else []:
        if not isinstance(member, dict) or "d" in member or member.get("use") not in (None, "sig"):
            continue  # a private key that lies open is nobody's
        if isinstance(key_id := member.get("kid"), str):
            found[key_id] = member
    return found


def _reached(moment: Json, now: float, unsaid: bool) -> bool:
    if moment is None:
        return unsaid
    return isinstance(moment, int | float) and not isinstance(moment, bool) and moment <= now


def _read(one: Json) -> tuple[JsonObject, str, bytes] | None:
    """Header, its text and the signature; None for what cannot be read or asks for what is not understood."""
    protected = one.get("protected") if isinstance(one, dict) else None
    signature = one.get("signature") if isinstance(one, dict) else None
    if not isinstance(protected, str) or not isinstance(signature, str) or len(protected) > _HEADER_LIMIT:
        return None
    try:
        header: object = json.loads(_decoded(protected))
        signed = _decoded(signature)
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or "crit" in header or "b64" in header:
        return None
    known = cast(JsonObject, header)
    return (known, protected, signed) if known.get("alg") in ALGORITHMS else None


def _covered(
    header: JsonObject, key: PyJWK, protected: str, signature: bytes, forms: list[tuple[JsonObject, bytes]]
) -> JsonObject | None:
    if key.algorithm_name != header["alg"]:
        return None
    algorithm = get_default_algorithms()[key.algorithm_name]
    for form, payload in forms:
        text = f"{protected}.{_encoded(payload)}".encode()
        try:
            if algorithm.verify(text, key.key, signature):
                return form
        except (PyJWTError, ValueError, TypeError):  # a key that fits the algorithm's name only
            return None
    return None


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))


def _encoded(payload: bytes) -> str:
    return base64url_encode(payload).decode()

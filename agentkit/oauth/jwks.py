"""Key sets: where the verifier finds the public key of a token."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol, cast

import httpx2
from jwt import PyJWK

from agentkit.errors import AgentKitError, AuthenticationError, TransportError
from agentkit.models import Json
from agentkit.oauth.discovery import find_issuer
from agentkit.oauth.exchange import check_secure, exchange, stays_local

ALGORITHMS: Final = ("ES256", "RS256")
KEYS_LIMIT: Final = 100
"""So many keys of a set are read."""

REFRESH_AFTER: Final = 300.0
RETRY_AFTER: Final = 10.0
BURST: Final = 3
STALE_AFTER: Final = 86_400.0
FETCH_TIMEOUT: Final = 10.0

logger = logging.getLogger(__name__)


class KeySource(Protocol):
    """Finds public keys."""

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The key with this id, or None; without an id, the key of a set that holds one only."""
        ...


class StaticKeys:
    """A key set that is known beforehand."""

    def __init__(self, jwks: Mapping[str, Json]) -> None:
        """Read a JSON Web Key Set.

        Raises:
            AuthenticationError: It holds no usable key.
        """
        self._keys = _read(jwks)

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The key with this id."""
        return _pick(self._keys, key_id)


class RemoteKeys:
    """A key set fetched from an address, cached, and fetched again when a token names an unknown key.

    One fetch runs at a time, `BURST` of them and then one every `RETRY_AFTER` seconds, whatever tokens arrive. When the
    address fails or is slow, the keys known so far stay in use for a day; only a token with an unknown key waits for a
    fetch.
    """

    def __init__(
        self, url: str, http: httpx2.AsyncClient, *, loopback: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Fetch from `url` through `http`.

        Raises:
            AuthenticationError: The address is neither https nor, where `loopback` allows it, on this machine.
        """
        check_secure(url, "address of the key set", loopback=loopback)
        self._url: str | None = url
        self._issuer: str | None = None
        self._http = http
        self._clock = clock
        self._answers = False
        self._keys: dict[str, PyJWK] = {}
        self._fetched = -math.inf
        self._allowed = float(BURST)
        self._counted = clock()
        self._running: asyncio.Task[None] | None = None

    @classmethod
    def of_issuer(
        cls, issuer: str, http: httpx2.AsyncClient, *, clock: Callable[[], float] = time.monotonic
    ) -> RemoteKeys:
        """Fetch from where the metadata of an issuer says its keys are (RFC 8414 or OpenID, MCP-XCH-07).

        Args:
            issuer: Its identifier, compared byte by byte.
            http: The connection pool.
            clock: Seconds that only go forward.

        Raises:
            AuthenticationError: The issuer is neither https nor on this machine.
        """
        keys = cls(issuer, http, clock=clock)
        keys._url, keys._issuer = None, issuer
        return keys

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The key with this id, from the cache or after a fetch."""
        key = _pick(self._keys, key_id) if self._age() < STALE_AFTER else None
        if key is not None and self._age() < REFRESH_AFTER:
            return key
        running = self._running
        if (running is not None and not running.done()) or self._may_fetch():
            running = self._refresh()
            if key is not None:
                return key
            # A caller that is cancelled leaves the fetch to the others.
            await asyncio.shield(running)
            key = _pick(self._keys, key_id) if self._age() < STALE_AFTER else None
        return key

    @property
    def answers(self) -> bool:
        """Whether the address gave a key set when it answered last, or should have."""
        return self._answers

    def _age(self) -> float:
        return self._clock() - self._fetched

    def _may_fetch(self) -> bool:
        """A rotation is seen at once, and a storm of unknown keys becomes no storm of fetches."""
        now = self._clock()
        self._allowed = min(BURST, self._allowed + (now - self._counted) / RETRY_AFTER)
        self._counted = now
        return self._allowed >= 1

    def _refresh(self) -> asyncio.Task[None]:
        if self._running is None or self._running.done():
            self._allowed -= 1
            self._running = asyncio.create_task(self._fetch(), name="agentkit-jwks-fetch")
            self._running.add_done_callback(_retrieve)
        return self._running

    async def _fetch(self) -> None:
        answers = False
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                url = self._url or await self._discover()
                status, body = await exchange(self._http, "GET", url)
            if status != 200 or not isinstance(body, dict):
                raise AuthenticationError("invalid_keys", f"The key set was answered with HTTP {status}.")
            self._keys = _read(cast("dict[str, Json]", body))
            self._fetched = self._clock()
            answers = True
        except TimeoutError:
            logger.warning("the key set could not be fetched within %g seconds", FETCH_TIMEOUT)
        except AgentKitError as error:
            logger.warning("the key set could not be fetched: %s", error.message)
        finally:
            self._answers = answers

    async def _discover(self) -> str:
        issuer = self._issuer or ""
        metadata = await find_issuer(self._http, issuer, loopback=stays_local(issuer))
        if metadata.jwks_uri is None:
            raise AuthenticationError("invalid_metadata", "The issuer's metadata names no key set.")
        check_secure(metadata.jwks_uri, "address of the key set", loopback=stays_local(issuer))
        return metadata.jwks_uri


class ReachableKeys:
    """Says so where a key is missing because the key set cannot be fetched: the token may be good."""

    def __init__(self, keys: RemoteKeys) -> None:
        """Look into `keys`."""
        self._keys = keys

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The key with this id.

        Raises:
            TransportError: It is not known, and the key set cannot be fetched.
        """
        key = await self._keys.find(key_id)
        if key is None and not self._keys.answers:
            raise TransportError("The issuer's key set cannot be fetched.")
        return key


def _retrieve(task: asyncio.Task[None]) -> None:
    """Mark the outcome as seen: where nobody waits for the fetch, nobody else looks at it."""
    if not task.cancelled():
        task.exception()


def _read(jwks: Mapping[str, Json]) -> dict[str, PyJWK]:
    listed = jwks.get("keys")
    members = listed[:KEYS_LIMIT] if isinstance(listed, list) else []
    found = {key.key_id or "": key for member in members if (key := _key(member)) is not None}
    if not found:
        raise AuthenticationError("invalid_keys", "The key set holds no usable key.")
    return found


def _key(member: Json) -> PyJWK | None:
    """A key of a set; one that is none, or for something else, does not spoil the others."""
    if not isinstance(member, dict) or not isinstance(member.get("kid"), str | None):
        return None
    if member.get("use") not in (None, "sig") or member.get("alg") not in (None, *ALGORITHMS):
        return None
    try:
        key = PyJWK(member)
    except Exception:
        # Others wrote it, and the library lets through whatever it stumbles over, errors that are none of its own too.
        return None
    return key if key.algorithm_name in ALGORITHMS else None


def _pick(keys: Mapping[str, PyJWK], key_id: str | None) -> PyJWK | None:
    if key_id is not None:
        return keys.get(key_id)
    return next(iter(keys.values())) if len(keys) == 1 else None

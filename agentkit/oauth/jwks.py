"""Key sets: where the verifier finds the public key of a token."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol, cast

import httpx2
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from agentkit.errors import AgentKitError, AuthenticationError
from agentkit.models import Json
from agentkit.oauth.exchange import check_secure, exchange

REFRESH_AFTER: Final = 300.0
RETRY_AFTER: Final = 10.0
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

    One fetch runs at a time, at most every `RETRY_AFTER` seconds, whatever tokens arrive. When the address fails, the
    keys known so far stay in use for a day.
    """

    def __init__(
        self, url: str, http: httpx2.AsyncClient, *, loopback: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Fetch from `url` through `http`.

        Raises:
            AuthenticationError: The address is neither https nor, where `loopback` allows it, on this machine.
        """
        check_secure(url, "address of the key set", loopback=loopback)
        self._url = url
        self._http = http
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._fetched = -math.inf
        self._tried = -math.inf
        self._running: asyncio.Task[None] | None = None

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The key with this id, from the cache or after a fetch."""
        key = _pick(self._keys, key_id) if self._age() < STALE_AFTER else None
        if key is not None and self._age() < REFRESH_AFTER:
            return key
        if self._clock() - self._tried >= RETRY_AFTER or self._running is not None:
            await self._refresh()
            key = _pick(self._keys, key_id) if self._age() < STALE_AFTER else None
        return key

    @property
    def answers(self) -> bool:
        """Whether the address gave a key set when it was asked last."""
        return self._fetched >= self._tried

    def _age(self) -> float:
        return self._clock() - self._fetched

    async def _refresh(self) -> None:
        if self._running is None:
            self._tried = self._clock()
            self._running = asyncio.create_task(self._fetch(), name="agentkit-jwks-fetch")
            self._running.add_done_callback(self._done)
        # A caller that is cancelled leaves the fetch to the others.
        await asyncio.shield(self._running)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running = None
        if not task.cancelled():
            task.exception()

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                status, body = await exchange(self._http, "GET", self._url)
            if status != 200 or not isinstance(body, dict):
                raise AuthenticationError("invalid_keys", f"The key set was answered with HTTP {status}.")
            self._keys = _read(cast("dict[str, Json]", body))
            self._fetched = self._clock()
        except TimeoutError:
            logger.warning("the key set could not be fetched within %g seconds", FETCH_TIMEOUT)
        except AgentKitError as error:
            logger.warning("the key set could not be fetched: %s", error.message)


def _read(jwks: Mapping[str, Json]) -> dict[str, PyJWK]:
    try:
        keys = PyJWKSet.from_dict(dict(jwks)).keys
    except (PyJWTError, TypeError, ValueError, AttributeError):
        raise AuthenticationError("invalid_keys", "The key set holds no usable key.") from None
    return {key.key_id or "": key for key in keys if key.public_key_use in (None, "sig")}


def _pick(keys: Mapping[str, PyJWK], key_id: str | None) -> PyJWK | None:
    if key_id is not None:
        return keys.get(key_id)
    return next(iter(keys.values())) if len(keys) == 1 else None

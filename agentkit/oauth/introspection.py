"""Verify access tokens by asking their issuer (RFC 7662): opaque tokens, and tokens that can be revoked."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Sequence
from typing import Final, cast
from urllib.parse import urlencode

import httpx2

from agentkit.errors import AuthenticationError, ConfigurationError, ConnectionFailed, RequestTimeout, TransportError
from agentkit.models import JsonObject
from agentkit.oauth.discovery import check_endpoint, find_issuer
from agentkit.oauth.exchange import basic_credentials, check_secure, exchange, stays_local
from agentkit.oauth.verified import (
    LEEWAY,
    REMEMBER,
    TOKEN_LIMIT,
    Expectation,
    Memory,
    VerifiedToken,
    invalid_token,
    is_time,
)

REMEMBER_REFUSAL: Final = 5.0
"""Seconds for which a refused token is not asked about again."""

TIMEOUT: Final = 10.0
"""Seconds one token may take, with the discovery of the endpoint and the wait for its turn."""

CONCURRENT: Final = 16
"""Questions that are on their way at once."""

WAITING_LIMIT: Final = 512
"""Different tokens that may wait for an answer; more are told that they cannot be checked now."""

ANSWER_LIMIT: Final = 32_768
"""Bytes of an answer."""

# RFC 6750: what a bearer token is made of.
_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_CLIENT_REFUSED: Final = frozenset({400, 401, 403})


class IntrospectionVerifier:
    """Asks one issuer what a token is worth, and remembers the answer for a short while (MCP-AUTH-04, -05).

    `verify` raises two kinds of errors that a server answers differently:

    - `AuthenticationError` with code `invalid_token`: the token is not valid here; answer 401.
    - `TransportError` (also `ConnectionFailed`, `RequestTimeout`): nobody could say, because the endpoint is down or
      slow, answers nonsense or refuses this server's own credentials; answer 503, for the caller's token may be good.

    A token that was valid is taken for valid for `remember` seconds, even when it is revoked or the endpoint fails
    meanwhile, and never beyond its expiry. Tokens are kept as SHA-256 hashes only.
    """

    def __init__(
        self,
        issuer: str,
        audience: str | Sequence[str],
        client_id: str,
        client_secret: str,
        http: httpx2.AsyncClient,
        *,
        endpoint: str | None = None,
        accept_azp: bool = False,
        audience_optional: bool = False,
        remember: float = REMEMBER,
        remember_refusal: float = REMEMBER_REFUSAL,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Pin whom to ask and what a token must say.

        Args:
            issuer: Compared byte by byte with `iss` where the answer has one (it is optional).
            audience: One of these must be in `aud`.
            client_id: Of this server at the issuer.
            client_secret: Sent to the introspection endpoint only, by Basic authentication.
            http: The connection pool; its headers, cookies and auth are not used.
            endpoint: The introspection endpoint; by default the one that the issuer's metadata names, which must be on
                the issuer's own origin (MCP-OAU-02).
            accept_azp: Take `azp` for an audience too.
            audience_optional: Accept an answer without `aud`, which is optional in RFC 7662. Only for an issuer that
                says `active: false` itself where a token was not meant for the server that asks.
            remember: Seconds a valid token is not asked about again.
            remember_refusal: Seconds a refused token is not asked about again.
            clock: Seconds since the epoch.

        Raises:
            ValueError: Issuer or audience is empty.
            ConfigurationError: The client has no id or no secret.
            AuthenticationError: Issuer or endpoint is neither https nor on this machine, or the client's id or secret
                cannot be sent.
        """
        self.audience = (audience,) if isinstance(audience, str) else tuple(audience)
        self.issuer = issuer
        self._expected = Expectation(issuer, self.audience, accept_azp, audience_optional)
        if not client_id or not client_secret:
            raise ConfigurationError("introspection", "needs the id and the secret of a client at the issuer")
        check_secure(endpoint or issuer, "introspection endpoint" if endpoint else "issuer", loopback=True)
        self._authorization = basic_credentials(client_id, client_secret)
        self._http = http
        self._endpoint = endpoint
        self._discovered: str | None = None
        self._discovery = asyncio.Lock()
        self._remember = remember
        self._remember_refusal = remember_refusal
        self._clock = clock
        self._valid: Memory[VerifiedToken] = Memory()
        # Apart, so that a flood of wrong tokens does not drive the valid ones out.
        self._refused: Memory[str] = Memory()
        self._running: dict[bytes, asyncio.Task[VerifiedToken]] = {}
        self._turns = asyncio.Semaphore(CONCURRENT)

    def __repr__(self) -> str:
        """Names the issuer; client and tokens stay hidden."""
        return f"IntrospectionVerifier({self.issuer!r})"

    async def verify(self, token: str) -> VerifiedToken:
        """Check a token; callers with the same one share one question.

        Where the answer has no `exp`, `expires_at` is the time until which it is remembered; where it has no `sub`,
        the client is the subject.

        Raises:
            AuthenticationError: It is not valid here; `code` is `invalid_token`. The error holds nothing of the token.
            TransportError: Nobody could say whether it is valid.
        """
        if len(token) > TOKEN_LIMIT:
            raise invalid_token("it is too long")
        if not _BEARER.fullmatch(token):
            raise invalid_token("it is no bearer token")
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        known = self._valid.get(digest, now)
        if known is not None:
            return known
        refusal = self._refused.get(digest, now)
        if refusal is not None:
            raise AuthenticationError("invalid_token", refusal, status=401)
        return await self._shared(digest, token)

    async def _shared(self, digest: bytes, token: str) -> VerifiedToken:
        running = self._running.get(digest)
        if running is None:
            if len(self._running) >= WAITING_LIMIT:
                raise TransportError("Too many access tokens wait to be checked.")
            running = asyncio.create_task(self._judge(digest, token), name="agentkit-introspection")
            self._running[digest] = running
            running.add_done_callback(lambda task: self._done(digest, task))
        try:
            # A caller that is cancelled leaves the question to the others.
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if running.cancelled() and caller is not None and not caller.cancelling():
                raise ConnectionFailed("The check of the access token was given up.") from None
            raise

    def _done(self, digest: bytes, task: asyncio.Task[VerifiedToken]) -> None:
        self._running.pop(digest, None)
        if not task.cancelled():
            task.exception()

    async def _judge(self, digest: bytes, token: str) -> VerifiedToken:
        try:
            async with asyncio.timeout(TIMEOUT), self._turns:
                claims = await self._ask(token)
        except TimeoutError:
            raise RequestTimeout(f"The access token could not be checked within {TIMEOUT:g} seconds.") from None
        now = self._clock()
        try:
            valid = self._read(claims, now)
        except AuthenticationError as error:
            self._refused.put(digest, error.message, now, now + self._remember_refusal)
            raise
        self._valid.put(digest, valid, now, min(now + self._remember, valid.expires_at + LEEWAY))
        return valid

    def _read(self, claims: JsonObject, now: float) -> VerifiedToken:
        if claims["active"] is False:
            raise invalid_token("its issuer says that it is not active")
        kind = claims.get("token_type")
        if kind is not None and (not isinstance(kind, str) or kind.lower() not in {"bearer", "access_token"}):
            raise invalid_token("it is no bearer token")
        client = claims.get("client_id", claims.get("azp"))
        defaults: JsonObject = {"iss": self.issuer, "exp": int(now + self._remember), "sub": client}
        told: JsonObject = {name: value for name, value in claims.items() if value is not None}
        if "exp" in told and not is_time(told["exp"]):
            raise invalid_token("it has expired")
        return self._expected.read({**defaults, **told}, now)

    async def _ask(self, token: str) -> JsonObject:
        try:
            endpoint = self._endpoint or await self._discover()
            status, body = await exchange(
                self._http,
                "POST",
                endpoint,
                headers={"authorization": self._authorization, "content-type": "application/x-www-form-urlencoded"},
                content=urlencode({"token": token, "token_type_hint": "access_token"}).encode(),
                limit=ANSWER_LIMIT,
            )
        except AuthenticationError as error:
            raise TransportError(
                f"The access token could not be checked: {error.message}", remedy=error.remedy
            ) from None
        if status in _CLIENT_REFUSED:
            raise TransportError(
                f"The introspection endpoint refused this server (HTTP {status}).",
                remedy="Check the id and the secret that this server has at the issuer, and that it may introspect.",
            )
        answer = cast("JsonObject", body) if isinstance(body, dict) else {}
        if status != 200 or not isinstance(answer.get("active"), bool):
            self._discovered = None
            raise TransportError(f"The introspection endpoint gave no usable answer (HTTP {status}).")
        return answer

    async def _discover(self) -> str:
        async with self._discovery:
            if self._discovered is None:
                local = stays_local(self.issuer)
                metadata = await find_issuer(self._http, self.issuer, loopback=local)
                if metadata.introspection_endpoint is None:
                    raise AuthenticationError(
                        "invalid_metadata",
                        "The issuer's metadata names no introspection endpoint.",
                        remedy="Give the endpoint, or check the tokens as JWTs.",
                    )
                check_endpoint(metadata.introspection_endpoint, "introspection endpoint", self.issuer, loopback=local)
                self._discovered = metadata.introspection_endpoint
            return self._discovered

"""Verify JWTs: issuer, audience and algorithms are pinned, everything unknown is a refusal.

A bearer token is good for whoever holds it, so one that was stolen can be sent again; nothing in the token tells. What
is refused: a token for another resource or of another issuer (a server cannot use at B what it was sent for A), one
that has expired, and one that is bound to a key. Where a token must end before it expires, check by introspection.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jwt
from jwt.exceptions import InvalidTokenError, PyJWTError

from agentkit.models import Json, JsonObject
from agentkit.oauth.jwks import ALGORITHMS, KeySource, StaticKeys
from agentkit.oauth.verified import LEEWAY, REMEMBER, TOKEN_LIMIT, Expectation, Memory, VerifiedToken, invalid_token


class JwtVerifier:
    """Checks JWTs of one issuer for one or several audiences."""

    def __init__(
        self,
        issuer: str,
        audience: str | Sequence[str],
        jwks: KeySource | Mapping[str, Json],
        *,
        algorithms: Sequence[str] = ALGORITHMS,
        accept_azp: bool = False,
        remember: float = REMEMBER,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Pin what a token must say.

        Args:
            issuer: Compared byte by byte.
            audience: One of these must be in `aud`.
            jwks: The issuer's public keys; a set is what it is, a source sees the rotation of keys.
            algorithms: Asymmetric ones only.
            accept_azp: Take `azp` for an audience too, as Corti's tokens need it (MCP-COR-03).
            remember: Seconds for which a valid token is not checked again (MCP-AUTH-05); it is known by its hash.
            clock: Seconds since the epoch.

        Raises:
            ValueError: An algorithm is symmetric or `none`, or issuer or audience is empty.
        """
        self.audience = (audience,) if isinstance(audience, str) else tuple(audience)
        if unsafe := [name for name in algorithms if name not in ALGORITHMS]:
            raise ValueError(f"algorithms must be among {ALGORITHMS}, not {unsafe}")
        self.issuer = issuer
        self._expected = Expectation(issuer, self.audience, accept_azp)
        self._keys: KeySource = StaticKeys(jwks) if isinstance(jwks, Mapping) else jwks
        self._algorithms = tuple(algorithms)
        self._clock = clock
        self._remember = remember
        self._valid: Memory[VerifiedToken] = Memory()

    async def verify(self, token: str) -> VerifiedToken:
        """Check a token.

        Raises:
            AuthenticationError: It is not valid here; `code` is `invalid_token`. The error holds nothing of the token.
        """
        if len(token) > TOKEN_LIMIT:
            raise invalid_token("it is too long")
        if not token.isascii():
            raise invalid_token("it is not a JWT")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._valid.get(digest, self._clock())
        if known is not None:
            return known
        claims = await read_jwt(token, self._keys, self._algorithms)
        now = self._clock()
        valid = self._expected.read(claims, now)
        self._valid.put(digest, valid, now, min(now + self._remember, valid.expires_at + LEEWAY))
        return valid


async def read_jwt(token: str, keys: KeySource, algorithms: Sequence[str] = ALGORITHMS) -> JsonObject:
    """The claims of a token with a good signature; what they say is not checked.

    Raises:
        AuthenticationError: It is no JWT, or not signed by one of the keys; `code` is `invalid_token`.
    """
    try:
        header = jwt.get_unverified_header(token)
    except PyJWTError:
        raise invalid_token("it is not a JWT") from None
    if header.get("alg") not in algorithms:
        raise invalid_token("its algorithm is not accepted")
    key_id: object = header.get("kid")
    key = await keys.find(key_id if isinstance(key_id, str) else None)
    if key is None or key.algorithm_name != header["alg"]:
        raise invalid_token("its key is unknown")
    options: dict[str, Any] = {
        "require": ["exp", "iss", "sub", "aud"],
        # What they say is checked by `Expectation`: against a given clock, and with azp.
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": False,
        "verify_iss": False,
    }
    try:
        return jwt.decode(token, key, algorithms=list(algorithms), options=options)  # pyright: ignore[reportArgumentType]
    except InvalidTokenError as error:
        raise invalid_token(f"{type(error).__name__}") from None

"""Verify access tokens: issuer, audience and algorithms are pinned, everything unknown is a refusal."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import jwt
from jwt.exceptions import InvalidTokenError, PyJWTError

from agentkit.errors import AuthenticationError
from agentkit.models import Json, JsonObject
from agentkit.oauth.jwks import KeySource, StaticKeys

ALGORITHMS: Final = ("ES256", "RS256")
LEEWAY: Final = 10.0
TOKEN_LIMIT: Final = 16_384
REMEMBER: Final = 30.0
REMEMBERED: Final = 1_000
_LATEST: Final = 10**12


@dataclass(frozen=True, slots=True, repr=False)
class VerifiedToken:
    """What a valid token says.

    Attributes:
        subject: Who it is for.
        client_id: The client it was issued to (`client_id` or `azp`), else the subject.
        issuer: Who issued it.
        audience: What it is good for.
        scopes: What it allows.
        expires_at: Seconds since the epoch.
        claims: All of it.
    """

    subject: str
    client_id: str
    issuer: str
    audience: tuple[str, ...]
    scopes: frozenset[str]
    expires_at: int
    claims: Mapping[str, Json]

    @property
    def owner(self) -> str:
        """Owner of what this token creates: `iss|sub` (design section 9)."""
        return f"{self.issuer}|{self.subject}"

    def __repr__(self) -> str:
        """Issuer and scopes; who it is stays hidden."""
        return f"VerifiedToken(issuer={self.issuer!r}, scopes={sorted(self.scopes)})"


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
            jwks: The issuer's public keys.
            algorithms: Asymmetric ones only.
            accept_azp: Take `azp` for an audience too, as Corti's tokens need it (MCP-COR-03).
            remember: Seconds for which a valid token is not checked again (MCP-AUTH-05); it is known by its hash.
            clock: Seconds since the epoch.

        Raises:
            ValueError: An algorithm is symmetric or `none`, or issuer or audience is empty.
        """
        self.audience = (audience,) if isinstance(audience, str) else tuple(audience)
        if not issuer or not self.audience or not all(self.audience):
            raise ValueError("issuer and audience must be given")
        if unsafe := [name for name in algorithms if name not in ALGORITHMS]:
            raise ValueError(f"algorithms must be among {ALGORITHMS}, not {unsafe}")
        self.issuer = issuer
        self._keys: KeySource = StaticKeys(jwks) if isinstance(jwks, Mapping) else jwks
        self._algorithms = tuple(algorithms)
        self._accept_azp = accept_azp
        self._clock = clock
        self._remember = remember
        self._valid: OrderedDict[bytes, tuple[float, VerifiedToken]] = OrderedDict()

    async def verify(self, token: str) -> VerifiedToken:
        """Check a token.

        Raises:
            AuthenticationError: It is not valid here; `code` is `invalid_token`. The error holds nothing of the token.
        """
        if len(token) > TOKEN_LIMIT:
            raise _invalid("it is too long")
        if not token.isascii():
            raise _invalid("it is not a JWT")
        digest = hashlib.sha256(token.encode()).digest()
        until, known = self._valid.get(digest, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        valid = await self._check(token)
        self._valid[digest] = (min(self._clock() + self._remember, valid.expires_at + LEEWAY), valid)
        self._valid.move_to_end(digest)
        while len(self._valid) > REMEMBERED:
            self._valid.popitem(last=False)
        return valid

    async def _check(self, token: str) -> VerifiedToken:
        try:
            header = jwt.get_unverified_header(token)
        except PyJWTError:
            raise _invalid("it is not a JWT") from None
        if header.get("alg") not in self._algorithms:
            raise _invalid("its algorithm is not accepted")
        key_id: object = header.get("kid")
        key = await self._keys.find(key_id if isinstance(key_id, str) else None)
        if key is None or key.algorithm_name != header["alg"]:
            raise _invalid("its key is unknown")
        options: dict[str, Any] = {
            "require": ["exp", "iss", "sub", "aud"],
            # Time is checked against the given clock below, the audience because of azp.
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_aud": False,
        }
        try:
            claims = jwt.decode(token, key, algorithms=list(self._algorithms), issuer=self.issuer, options=options)  # pyright: ignore[reportArgumentType]
        except InvalidTokenError as error:
            raise _invalid(f"{type(error).__name__}") from None
        return self._read(claims)

    def _read(self, claims: JsonObject) -> VerifiedToken:
        now = self._clock()
        expires_at, not_before, subject = claims["exp"], claims.get("nbf"), claims["sub"]
        if not _is_time(expires_at) or expires_at <= now - LEEWAY:
            raise _invalid("it has expired")
        if not_before is not None and (not _is_time(not_before) or not_before > now + LEEWAY):
            raise _invalid("it is not valid yet")
        if not isinstance(subject, str) or not subject:
            raise _invalid("it has no subject")
        audience = _texts(claims["aud"])
        authorized = claims.get("azp")
        accepted = {*audience, *([authorized] if self._accept_azp and isinstance(authorized, str) else [])}
        if accepted.isdisjoint(self.audience):
            raise _invalid("it is for another audience")
        client_id = claims.get("client_id", authorized)
        return VerifiedToken(
            subject=subject,
            client_id=client_id if isinstance(client_id, str) and client_id else subject,
            issuer=self.issuer,
            audience=audience,
            scopes=frozenset(_scopes(claims)),
            expires_at=int(expires_at),
            claims=claims,
        )


def _invalid(why: str) -> AuthenticationError:
    return AuthenticationError("invalid_token", f"The access token is not valid: {why}.", status=401)


def _texts(value: Json) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _scopes(claims: JsonObject) -> list[str]:
    return " ".join(_texts(claims.get("scope")) or _texts(claims.get("scp"))).split()


def _is_time(value: Json) -> TypeGuard[float]:
    """A NumericDate that a clock can reach; a signed token may still say anything."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LATEST

"""What every verifier of access tokens shares: its result, what a token must say, and a bounded memory of answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeGuard, TypeVar

from agentkit.errors import AuthenticationError
from agentkit.models import Json, JsonObject

LEEWAY: Final = 10.0
"""Seconds that two clocks may differ."""

TOKEN_LIMIT: Final = 16_384
"""Characters that a token may have."""

REMEMBER: Final = 30.0
"""Seconds for which a valid token is not checked again (MCP-AUTH-05)."""

REMEMBERED: Final = 1_000
"""So many tokens at most are remembered."""

_LATEST: Final = 10**12
# What Keycloak calls its other tokens: the client may be their audience, but none of them is an access token.
_OTHER_KINDS: Final = frozenset({"id", "refresh", "offline", "logout"})

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a token must say.

    Attributes:
        issuer: Compared byte by byte.
        audience: One of these must be in `aud`.
        accept_azp: Take `azp` for an audience too, as Corti's tokens need it (MCP-COR-03).
        audience_optional: Accept a token that names no audience at all.
        leeway: Seconds that the issuer's clock and this one may differ.
    """

    issuer: str
    audience: tuple[str, ...]
    accept_azp: bool = False
    audience_optional: bool = False
    leeway: float = LEEWAY

    def __post_init__(self) -> None:
        """Refuse to check for nothing.

        Raises:
            ValueError: Issuer or audience is empty.
        """
        if not self.issuer or not self.audience or not all(self.audience):
            raise ValueError("issuer and audience must be given")

    def read(self, claims: JsonObject, now: float) -> VerifiedToken:
        """What the claims say, whose origin was proven before.

        Args:
            claims: With `iss`, `sub` and `exp`.
            now: Seconds since the epoch.

        Raises:
            AuthenticationError: They are not valid here; `code` is `invalid_token`.
        """
        if claims.get("iss") != self.issuer:
            raise invalid_token("it is of another issuer")
        expires_at, not_before, subject = claims.get("exp"), claims.get("nbf"), claims.get("sub")
        if not is_time(expires_at) or expires_at <= now - self.leeway:
            raise invalid_token("it has expired")
        if not_before is not None and (not is_time(not_before) or not_before > now + self.leeway):
            raise invalid_token("it is not valid yet")
        if not isinstance(subject, str) or not subject:
            raise invalid_token("it has no subject")
        if claims.get("cnf") is not None:
            # RFC 8705 and RFC 9449: whoever sends it must prove that he holds a key, which a bearer does not.
            raise invalid_token("it is bound to a key")
        kind = claims.get("typ")
        if isinstance(kind, str) and kind.lower() in _OTHER_KINDS:
            raise invalid_token("it is no access token")
        authorized = claims.get("azp")
        audience = self._audience(claims, authorized)
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

    def _audience(self, claims: JsonObject, authorized: Json) -> tuple[str, ...]:
        audience = _texts(claims.get("aud"))
        accepted = {*audience, *([authorized] if self.accept_azp and isinstance(authorized, str) else [])}
        unnamed = self.audience_optional and claims.get("aud") is None
        if accepted.isdisjoint(self.audience) and not unnamed:
            raise invalid_token("it is for another audience")
        return audience


class Memory(Generic[T]):
    """Answers about tokens by the hash of the token, each for a while, the oldest dropped first."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        """Keep `limit` answers at most."""
        self._limit = limit
        self._known: OrderedDict[bytes, tuple[float, float, T]] = OrderedDict()

    def get(self, digest: bytes, now: float) -> T | None:
        """The answer that is known and still good; one from the future is not, for the clock was set back since."""
        entry = self._known.get(digest)
        return entry[2] if entry is not None and entry[0] <= now < entry[1] else None

    def put(self, digest: bytes, answer: T, now: float, until: float) -> None:
        """Keep an answer from now until a time."""
        self._known[digest] = (now, until, answer)
        self._known.move_to_end(digest)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)


def invalid_token(why: str) -> AuthenticationError:
    """The refusal of a token; `why` holds nothing of it."""
    return AuthenticationError("invalid_token", f"The access token is not valid: {why}.", status=401)


def is_time(value: Json) -> TypeGuard[float]:
    """A NumericDate that a clock can reach; a signed token may still say anything."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LATEST


def _texts(value: Json) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _scopes(claims: JsonObject) -> list[str]:
    return " ".join(_texts(claims.get("scope")) or _texts(claims.get("scp"))).split()

"""The tokens of one tenant: access tokens and id tokens as Keycloak writes them (AUTH-08)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agentkit.models import JsonObject
from agentkit.oauth.issuing import TokenIssuer
from agentkit.oauth.keys import SigningKeys
from agentkit.platform.realm.directory import Person
from agentkit.platform.realm.records import WrongToken
from agentkit.platform.realm.sessions import Session

AUDIENCE: Final = "account"
"""What Keycloak puts into the tokens of every client."""

SOCKET_SCOPES: Final = frozenset({"transcribe", "streams"})
"""A token with one of them reaches the WebSocket endpoints only (AUTH-06)."""

OPENID: Final = ("openid", "profile", "email")
"""What every token is granted."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What a token answer is made from.

    Attributes:
        client_id: Who asks.
        scope: What is granted, space separated.
        lifetime: Seconds the access token lives.
        person: Who signed in; None for the client itself.
        session: The sign-in; None for the client itself.
        nonce: Of the sign-in, for the id token.
        wrong: What is wrong with the access token, on purpose.
    """

    client_id: str
    scope: str
    lifetime: int
    person: Person | None = None
    session: Session | None = None
    nonce: str | None = None
    wrong: WrongToken | None = None


class RealmTokens:
    """Makes the tokens of a tenant."""

    def __init__(self, issuer: str, keys: SigningKeys, clock: Callable[[], float]) -> None:
        """Issue as `issuer` with the platform's keys; `clock` gives seconds since the epoch."""
        self.issuer = issuer
        self._tokens = TokenIssuer(issuer, keys, clock)
        self._keys = keys
        self._clock = clock

    def answer(self, issue: Issue, refresh: tuple[str, float] | None = None) -> JsonObject:
        """The answer of the token endpoint.

        Args:
            issue: What is granted to whom.
            refresh: A refresh token and the seconds it lives.
        """
        access = self._access(issue)
        answer: JsonObject = {
            "access_token": access,
            "expires_in": issue.lifetime,
            "refresh_expires_in": 0 if refresh is None else int(refresh[1]),
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": issue.scope,
        }
        if refresh is not None:
            answer["refresh_token"] = refresh[0]
        if issue.person is not None and issue.session is not None:
            answer["id_token"] = self._id(issue, issue.person, issue.session, access)
            answer["session_state"] = issue.session.id
        return answer

    def _access(self, issue: Issue) -> str:
        claims: JsonObject = {"azp": issue.client_id, "client_id": issue.client_id, "typ": "Bearer"}
        subject = issue.client_id
        if issue.person is not None and issue.session is not None:
            subject = issue.person.subject
            claims |= {"sid": issue.session.id, **told_of(issue.person)}
        if issue.wrong is WrongToken.ISSUER:
            claims["iss"] = f"{self.issuer}-of-somebody-else"
        lifetime = -3600 if issue.wrong is WrongToken.EXPIRED else issue.lifetime
        token = self._tokens.issue(subject, AUDIENCE, issue.scope, lifetime, **claims)
        return _with_wrong_signature(token) if issue.wrong is WrongToken.SIGNATURE else token

    def _id(self, issue: Issue, person: Person, session: Session, access: str) -> str:
        now = int(self._clock())
        claims: JsonObject = {
            "iss": self.issuer,
            "sub": person.subject,
            "aud": issue.client_id,
            "azp": issue.client_id,
            "typ": "ID",
            "iat": now,
            "exp": now + issue.lifetime,
            "auth_time": int(session.started),
            "sid": session.id,
            "at_hash": _half_hash(access),
            **told_of(person),
        }
        if issue.nonce is not None:
            claims["nonce"] = issue.nonce
        return self._keys.sign(claims, kind="JWT")


def told_of(person: Person) -> JsonObject:
    """What tokens and the userinfo endpoint tell of a person."""
    told: JsonObject = {"preferred_username": person.username}
    if person.name:
        told["name"] = person.name
    if person.email:
        told |= {"email": person.email, "email_verified": True}
    return told


def granted(asked: tuple[str, ...], among: frozenset[str] | None = None) -> str:
    """What is granted: the openid trio, and the restricting scopes that were asked for (AUTH-06, AUTH-08).

    Args:
        asked: The scopes of the request.
        among: The restricting scopes of the token that is refreshed: it may become narrower, never wider.
    """
    restricted = dict.fromkeys(scope for scope in asked if scope in SOCKET_SCOPES)
    if among:
        restricted = dict.fromkeys(scope for scope in restricted if scope in among) or dict.fromkeys(sorted(among))
    return " ".join((*OPENID, *restricted))


def _half_hash(access: str) -> str:
    """`at_hash` of OpenID Connect: the left half of the SHA-256 hash."""
    return base64.urlsafe_b64encode(hashlib.sha256(access.encode()).digest()[:16]).decode().rstrip("=")


def _with_wrong_signature(token: str) -> str:
    signed, _, signature = token.rpartition(".")
    # Not the last character: its lowest bits mean nothing.
    return f"{signed}.{'B' if signature[0] != 'B' else 'C'}{signature[1:]}"

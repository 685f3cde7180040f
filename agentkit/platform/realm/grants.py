"""The token endpoint: every grant, refused as Keycloak refuses (AUTH-01 to AUTH-09)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from agentkit.errors import AuthenticationError
from agentkit.models import JsonObject
from agentkit.oauth.token_request import ClientForm, TokenRequest
from agentkit.platform.realm.attempts import Attempts
from agentkit.platform.realm.directory import Directory
from agentkit.platform.realm.records import (
    CLIENT_CREDENTIALS,
    GRANTS,
    PASSWORD,
    REFRESH_TOKEN,
    RealmClient,
    WrongToken,
)
from agentkit.platform.realm.sessions import Refreshed, Sessions
from agentkit.platform.realm.tokens import SOCKET_SCOPES, Issue, RealmTokens, granted

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_WRONG_CLIENT: Final = "The client is unknown, or its credentials are wrong."


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds that tokens live where the client says nothing else."""

    access: int
    refresh: int


class Grants:
    """Answers the token requests of one tenant."""

    def __init__(
        self,
        tenant: str,
        tokens: RealmTokens,
        directory: Directory,
        sessions: Sessions,
        attempts: Attempts,
        lifetimes: Lifetimes,
        clock: Callable[[], float],
    ) -> None:
        """Know everybody who may ask; `clock` gives seconds since the epoch."""
        self._tenant = tenant
        self._tokens = tokens
        self._directory = directory
        self._sessions = sessions
        self._attempts = attempts
        self._lifetimes = lifetimes
        self._clock = clock

    async def answer(self, wanted: TokenRequest, sender: str, wrong: WrongToken | None = None) -> JsonObject:
        """The answer to a token request (AUTH-08).

        Args:
            wanted: The request.
            sender: The address it came from.
            wrong: What shall be wrong with the access token, on purpose.

        Raises:
            AuthenticationError: It is refused; `code` is the OAuth error, `status` the HTTP status.
            TooManyRequests: Too many refused requests came from there.
        """
        with self._attempts.counted(sender):
            client = await self.admit(wanted)
            if wanted.grant_type not in GRANTS:
                raise AuthenticationError("unsupported_grant_type", "This grant_type is not supported.", status=400)
            if not client.may_use(wanted.grant_type):
                raise AuthenticationError(
                    "unauthorized_client", f"The client may not use {wanted.grant_type}.", status=400
                )
            match wanted.grant_type:
                case "client_credentials":
                    return self._tokens.answer(self._issue(client, wanted, granted(wanted.scopes), wrong))
                case "password":
                    return await self._by_password(client, wanted, wrong)
                case "authorization_code":
                    return await self._by_code(client, wanted, wrong)
                case _:
                    return await self._by_refresh_token(client, wanted, wrong)

    async def admit(self, request: TokenRequest | ClientForm, *, confidential: bool = False) -> RealmClient:
        """The client that asks; a public one needs no secret where a person or token stands behind the request.

        Args:
            request: With the client's id and secret.
            confidential: The secret is needed, whoever asks.

        Raises:
            AuthenticationError: 401, the client is unknown or its secret is wrong (AUTH-09).
            TooManyRequests: Too many secrets wait to be checked.
        """
        client = self._directory.client(self._tenant, request.client_id)
        if client is None:
            # As slow as a wrong secret, so that ids cannot be told by the time it takes.
            await self._directory.proves_client(self._tenant, request.client_id, request.client_secret)
            raise AuthenticationError("invalid_client", _WRONG_CLIENT, status=401)
        alone = isinstance(request, TokenRequest) and request.grant_type == CLIENT_CREDENTIALS
        if client.is_public and not alone and not confidential and (not request.client_secret or client.secret is None):
            return client
        if not await self._directory.proves_client(self._tenant, request.client_id, request.client_secret):
            raise AuthenticationError("unauthorized_client", _WRONG_CLIENT, status=401)
        return client

    async def _by_password(self, client: RealmClient, wanted: TokenRequest, wrong: WrongToken | None) -> JsonObject:
        """AUTH-04."""
        username, password = _field(wanted, "username"), _field(wanted, PASSWORD)
        person = await self._directory.sign_in(self._tenant, username, password)
        if person is None:
            raise AuthenticationError("invalid_grant", "The username or the password is wrong.", status=401)
        session = self._sessions.begin(self._tenant, wanted.client_id, username)
        issue = self._issue(client, wanted, granted(wanted.scopes), wrong)
        return await self._opened(client, replace(issue, person=person, session=session))

    async def _by_code(self, client: RealmClient, wanted: TokenRequest, wrong: WrongToken | None) -> JsonObject:
        """AUTH-02, AUTH-03."""
        code = await self._sessions.redeem(_field(wanted, "code"))
        if code is None or code.session.client_id != wanted.client_id or code.session.tenant != self._tenant:
            raise _invalid_grant("The code is not valid: it is unknown, was used, has expired or is another client's.")
        if wanted.form.get("redirect_uri") != code.redirect_uri:
            raise _invalid_grant("The redirect_uri is another one than that of the sign-in.")
        if code.challenge is None and not wanted.client_secret:
            # Who may come without its secret would else come with nothing at all (RFC 9700, 2.1.1).
            raise _invalid_grant("The sign-in had no code_challenge, so the client must send its secret.")
        _check_verifier(code.challenge, wanted.form.get("code_verifier"))
        person = self._directory.person(self._tenant, code.session.username)
        if person is None:
            raise _invalid_grant("Nobody is known any more under the name of the sign-in.")
        scope = granted(wanted.scopes, SOCKET_SCOPES.intersection(code.scopes))
        issue = self._issue(client, wanted, scope, wrong)
        return await self._opened(client, replace(issue, person=person, session=code.session, nonce=code.nonce))

    async def _by_refresh_token(
        self, client: RealmClient, wanted: TokenRequest, wrong: WrongToken | None
    ) -> JsonObject:
        """AUTH-05: each refresh token works once; one that comes again ends its session."""
        text = _field(wanted, REFRESH_TOKEN)
        known = await self.refreshed(text, wanted.client_id)
        person = None if known is None else self._directory.person(self._tenant, known.session.username)
        if known is None or person is None:
            raise _invalid_grant("The refresh token is not valid.")
        if known.expires <= self._clock():
            raise _invalid_grant("The refresh token has expired.")
        scope = granted(wanted.scopes, SOCKET_SCOPES.intersection(known.scope.split()))
        following = None if known.used else await self._sessions.rotate(text, scope, self._waits(client))
        if following is None:
            await self._sessions.end_session(known.session.id, known.session.expires)
            raise _invalid_grant("The refresh token was used before; its session has ended.")
        issue = self._issue(client, wanted, scope, wrong)
        return self._tokens.answer(replace(issue, person=person, session=known.session), following)

    async def refreshed(self, text: str, client_id: str) -> Refreshed | None:
        """What a refresh token of this tenant and client stands for."""
        known = await self._sessions.find(text)
        if known is None or (known.session.client_id, known.session.tenant) != (client_id, self._tenant):
            return None
        return known

    async def _opened(self, client: RealmClient, issue: Issue) -> JsonObject:
        if issue.session is None or not client.may_use(REFRESH_TOKEN):
            return self._tokens.answer(issue)
        return self._tokens.answer(issue, await self._sessions.open(issue.session, issue.scope, self._waits(client)))

    def _issue(self, client: RealmClient, wanted: TokenRequest, scope: str, wrong: WrongToken | None) -> Issue:
        return Issue(wanted.client_id, scope, client.token_lifetime or self._lifetimes.access, wrong=wrong)

    def _waits(self, client: RealmClient) -> float:
        return float(client.refresh_lifetime or self._lifetimes.refresh)


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    """PKCE (RFC 7636): the verifier must fit, and none may come where none was announced."""
    if challenge is None:
        if verifier is not None:
            raise _invalid_grant("A code_verifier came, but the sign-in had no code_challenge.")
        return
    if not verifier:
        raise _invalid_grant("The code_verifier is missing.")
    if not _VERIFIER.fullmatch(verifier):
        raise _invalid_grant("The code_verifier must have 43 to 128 characters of A-Z, a-z, 0-9, and -._~.")
    digest = hashlib.sha256(verifier.encode()).digest()
    if not hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), challenge.encode()):
        raise _invalid_grant("The code_verifier does not fit the code_challenge.")


def _field(wanted: TokenRequest, name: str) -> str:
    value = wanted.form.get(name, "")
    if not value:
        raise AuthenticationError("invalid_request", f"The field {name} is missing.", status=400)
    return value


def _invalid_grant(description: str) -> AuthenticationError:
    return AuthenticationError("invalid_grant", description, status=400)

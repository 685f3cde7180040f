"""What a tenant tells about tokens and people, and how sessions end: userinfo, introspection, revocation, logout."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from agentkit.errors import AuthenticationError
from agentkit.models import JsonObject
from agentkit.oauth.keys import SigningKeys
from agentkit.oauth.token_request import ClientForm
from agentkit.oauth.verify import read_jwt
from agentkit.platform.realm.attempts import Attempts
from agentkit.platform.realm.callers import Bearer, Callers
from agentkit.platform.realm.directory import Directory
from agentkit.platform.realm.grants import Grants
from agentkit.platform.realm.sessions import SESSION_LIFETIME, Sessions
from agentkit.platform.realm.tokens import told_of

_TOLD = ("iss", "sub", "aud", "azp", "client_id", "sid", "scope", "exp", "iat", "jti", "preferred_username")


class Accounts:
    """Answers for one tenant."""

    def __init__(
        self,
        tenant: str,
        issuer: str,
        keys: SigningKeys,
        callers: Callers,
        grants: Grants,
        directory: Directory,
        sessions: Sessions,
        attempts: Attempts,
    ) -> None:
        """Know the tokens and people of the tenant."""
        self._tenant = tenant
        self._issuer = issuer
        self._keys = keys
        self._callers = callers
        self._grants = grants
        self._directory = directory
        self._sessions = sessions
        self._attempts = attempts

    async def userinfo(self, text: str) -> JsonObject:
        """What the tenant tells about the holder of an access token.

        Raises:
            AuthenticationError: 401, the token is not valid here.
        """
        bearer = await self._access(text)
        if bearer is None:
            raise AuthenticationError("invalid_token", "The access token is not valid.", status=401)
        claims = bearer.token.claims
        username = claims.get("preferred_username")
        person = self._directory.person(self._tenant, username) if isinstance(username, str) else None
        told = (
            {"preferred_username": f"service-account-{bearer.token.client_id}"} if person is None else told_of(person)
        )
        return {"sub": bearer.token.subject, **told}

    async def introspect(self, request: ClientForm, sender: str) -> JsonObject:
        """The answer to an introspection request of a client that keeps a secret (RFC 7662).

        Raises:
            AuthenticationError: The client is unknown, or sends no token.
            TooManyRequests: Too many refused requests came from there.
        """
        with self._attempts.counted(sender):
            await self._grants.admit(request, confidential=True)
        bearer = await self._access(request.required("token"))
        if bearer is None:
            return {"active": False}
        claims = bearer.token.claims
        told: JsonObject = {name: claims[name] for name in _TOLD if name in claims}
        return {"active": True, "token_type": "Bearer", **told}

    async def revoke(self, request: ClientForm, sender: str) -> JsonObject:
        """End a token of the client that asks (RFC 7009); of a refresh token the whole session ends.

        Raises:
            AuthenticationError: The client is unknown, or sends no token.
            TooManyRequests: Too many refused requests came from there.
        """
        with self._attempts.counted(sender):
            await self._grants.admit(request)
        text = request.required("token")
        known = await self._grants.refreshed(text, request.client_id)
        if known is not None:
            await self._sessions.end_session(known.session.id, known.session.expires)
            return {}
        bearer = await self._access(text)
        if bearer is not None and bearer.token.client_id == request.client_id:
            await self._sessions.end_token(str(bearer.token.claims["jti"]), bearer.token.expires_at)
        return {}

    async def log_out(self, request: ClientForm, sender: str) -> JsonObject:
        """End the session of a refresh token, as Keycloak's clients do.

        Raises:
            AuthenticationError: The client is unknown, or the refresh token is none of its own.
            TooManyRequests: Too many refused requests came from there.
        """
        with self._attempts.counted(sender):
            await self._grants.admit(request)
            known = await self._grants.refreshed(request.required("refresh_token"), request.client_id)
            if known is None:
                raise AuthenticationError("invalid_grant", "The refresh token is not valid.", status=400)
        await self._sessions.end_session(known.session.id, known.session.expires)
        return {}

    async def leave(self, query: Mapping[str, str]) -> str | None:
        """End the session that an id token names (OpenID Connect, RP-initiated logout).

        Args:
            query: `id_token_hint`, and where the browser shall go then.

        Returns:
            Where the browser goes; None shows it a page.

        Raises:
            AuthenticationError: 400, the id token is none of ours, or the address none of the client's.
        """
        claims = await self._hinted(query.get("id_token_hint", ""))
        session, client_id = claims.get("sid"), claims.get("azp")
        target = query.get("post_logout_redirect_uri")
        if target is not None:
            client = self._directory.client(self._tenant, client_id) if isinstance(client_id, str) else None
            if client is None or not client.redirects_to(target):
                text = "The post_logout_redirect_uri is none of the client's."
                raise AuthenticationError("invalid_request", text, status=400)
        if isinstance(session, str):
            started = claims.get("auth_time")
            ends = (started if isinstance(started, int) else 0) + SESSION_LIFETIME
            await self._sessions.end_session(session, ends)
        if target is None:
            return None
        state = urlencode({"state": query["state"]}) if "state" in query else ""
        return f"{target}{('&' if '?' in target else '?') if state else ''}{state}"

    async def _hinted(self, hint: str) -> JsonObject:
        """The claims of an id token of this tenant; it may have expired, for it only says which session is meant."""
        try:
            claims = await read_jwt(hint, self._keys)
        except AuthenticationError:
            claims: JsonObject = {}
        if claims.get("iss") != self._issuer or claims.get("typ") != "ID":
            text = "The id_token_hint is missing, or is no id token of this tenant."
            raise AuthenticationError("invalid_request", text, status=400)
        return claims

    async def _access(self, text: str) -> Bearer | None:
        """A valid access token of this tenant, or None."""
        try:
            bearer = await self._callers.verify(text)
        except AuthenticationError:
            return None
        return bearer if bearer.tenant == self._tenant else None

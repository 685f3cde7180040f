"""The tenant's Keycloak: token endpoint, authorize endpoint, JWTs (section 3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_KEY = secrets.token_bytes(32)


@dataclass(frozen=True)
class Grant:
    """Whom a token speaks for."""

    client_id: str
    subject: str
    scope: str


@dataclass(frozen=True)
class Code:
    """An authorization code that was handed out."""

    grant: Grant
    redirect_uri: str
    challenge: str | None


class Refused(Exception):
    """A token error of Keycloak (AUTH-09)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.response = JSONResponse({"error": error, "error_description": description}, status)


class Keycloak:
    """The login of one tenant."""

    def __init__(self, double: CortiDouble) -> None:
        """Belong to this double, whose settings it reads at each request."""
        self._double = double
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Grant] = {}
        self._access: dict[str, Grant] = {}
        self.issued: list[str] = []
        """Every access token, in the order of issue."""

    @property
    def routes(self) -> list[Route]:
        """Both path forms (LOC-02)."""
        tails = (("token", self._token, "POST"), ("auth", self._authorize, "GET"))
        return [
            Route(f"{prefix}/{{tenant}}/protocol/openid-connect/{tail}", endpoint, methods=[method])
            for prefix in ("/realms", "")
            for tail, endpoint, method in tails
        ]

    def grant_of(self, token: str) -> Grant | None:
        """Whom an access token speaks for; None when it was not issued here, or revoked."""
        return self._access.get(token)

    def issue(self, grant: Grant) -> str:
        """A new access token."""
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": self._double.token_issuer,
            "sub": grant.subject,
            "azp": grant.client_id,
            "typ": "Bearer",
            "jti": f"{len(self.issued) + 1}",
            "iat": now,
            "exp": now + self._double.expires_in,
            "scope": grant.scope,
        }
        signed = f"{_base64url(_json({'alg': 'HS256', 'typ': 'JWT'}))}.{_base64url(_json(claims))}"
        token = f"{signed}.{_base64url(hmac.digest(_KEY, signed.encode(), 'sha256'))}"
        self._access[token] = grant
        self.issued.append(token)
        return token

    def revoke_access_tokens(self) -> None:
        """No token issued so far is valid any more."""
        self._access.clear()

    def revoke_refresh_tokens(self) -> None:
        """No refresh token issued so far is valid any more."""
        self._refresh.clear()

    async def _token(self, request: Request) -> Response:
        if self._double.token_gate is not None:
            await self._double.token_gate.pass_through()
        if request.path_params["tenant"] != self._double.tenant:
            return JSONResponse({"error": "Realm does not exist"}, 404)
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        try:
            return JSONResponse(self._answer(*self._granted(form)))
        except Refused as refused:
            return refused.response

    def _granted(self, form: dict[str, str]) -> tuple[Grant, bool]:
        """Whom the form speaks for, and whether a user is behind it."""
        grant_type = form.get("grant_type")
        if grant_type is None:
            raise Refused(400, "invalid_request", "Missing form parameter: grant_type")
        client_id = form.get("client_id")
        if client_id is None or client_id != self._double.client_id:
            raise Refused(401, "invalid_client", "Invalid client or Invalid client credentials")
        scope = " ".join(dict.fromkeys(form.get("scope", "").split()))
        match grant_type:
            case "client_credentials":
                self._check_secret(form)
                return Grant(client_id, f"service-account-{client_id}", scope), False
            case "authorization_code":
                return self._redeem(form), True
            case "password":
                return self._login(form, client_id, scope), True
            case "refresh_token":
                if "client_secret" in form:
                    self._check_secret(form)
                return self._renew(form), True
            case _:
                raise Refused(400, "unsupported_grant_type", "Unsupported grant_type")

    def _check_secret(self, form: dict[str, str]) -> None:
        if form.get("client_secret") != self._double.client_secret:
            raise Refused(401, "unauthorized_client", "Invalid client or Invalid client credentials")

    def _redeem(self, form: dict[str, str]) -> Grant:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            raise Refused(400, "invalid_grant", "Code not valid")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refused(400, "invalid_grant", "Incorrect redirect_uri")
        if code.challenge is None:
            self._check_secret(form)
        elif "code_verifier" not in form:
            raise Refused(400, "invalid_grant", "PKCE code verifier not specified")
        elif challenge_of(form["code_verifier"]) != code.challenge:
            raise Refused(400, "invalid_grant", "PKCE verification failed: Code mismatch")
        return code.grant

    def _login(self, form: dict[str, str], client_id: str, scope: str) -> Grant:
        name = form.get("username", "")
        if name not in self._double.users or self._double.users[name] != form.get("password"):
            raise Refused(401, "invalid_grant", "Invalid user credentials")
        return Grant(client_id, name, scope)

    def _renew(self, form: dict[str, str]) -> Grant:
        if "refresh_token" not in form:
            raise Refused(400, "invalid_request", "No refresh token")
        token = form["refresh_token"]
        grant = self._refresh.get(token)
        if grant is None:
            raise Refused(400, "invalid_grant", "Invalid refresh token")
        if self._double.one_time_refresh_tokens:
            del self._refresh[token]
        return grant

    def _answer(self, grant: Grant, is_user: bool) -> dict[str, Any]:
        """AUTH-08."""
        answer: dict[str, Any] = {
            "access_token": self.issue(grant),
            "expires_in": self._double.expires_in,
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": grant.scope or "profile openid email",
        }
        if is_user or self._double.refresh_for_clients:
            refresh = f"refresh-{secrets.token_urlsafe(16)}"
            self._refresh[refresh] = grant
            answer |= {
                "refresh_token": refresh,
                "refresh_expires_in": self._double.refresh_expires_in,
                "session_state": secrets.token_hex(8),
            }
        return answer

    async def _authorize(self, request: Request) -> Response:
        """AUTH-07; the user `self._double.signed_in` has already logged in."""
        query = request.query_params
        redirect_uri = query.get("redirect_uri", "")
        if request.path_params["tenant"] != self._double.tenant:
            return HTMLResponse("<h1>Realm does not exist</h1>", 404)
        if query.get("client_id") != self._double.client_id or not redirect_uri:
            return HTMLResponse("<h1>We are sorry...</h1><p>Client not found.</p>", 400)
        state = {"state": query["state"]} if "state" in query else {}
        method = query.get("code_challenge_method", "S256")
        if query.get("response_type") != "code" or method != "S256":
            return _back(redirect_uri, {"error": "invalid_request", **state})
        code = secrets.token_urlsafe(24)
        grant = Grant(self._double.client_id, self._double.signed_in, query.get("scope", ""))
        self._codes[code] = Code(grant, redirect_uri, query.get("code_challenge"))
        return _back(redirect_uri, {**state, "session_state": secrets.token_hex(8), "code": code})


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def _back(redirect_uri: str, answer: dict[str, str]) -> Response:
    return RedirectResponse(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(answer)}", 302)


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

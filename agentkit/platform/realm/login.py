"""The authorize endpoint: a person signs in on a plain page, and the client gets a code (AUTH-07).

The form carries its request sealed by an HMAC together with a cookie of the browser it was shown to: a form that
somebody else made, or was shown, is refused, and nothing is kept for requests that nobody answers.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Final, cast
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agentkit.errors import AuthenticationError, TooManyRequests
from agentkit.oauth.endpoints import read_form
from agentkit.oauth.token_request import FIELD_LIMIT, FORM_LIMIT
from agentkit.platform.answers import retry_after
from agentkit.platform.realm.attempts import Attempts
from agentkit.platform.realm.authorization import QUERY_LIMIT, SignIn, SignInFailed, SignInRefused, read_sign_in
from agentkit.platform.realm.directory import Directory
from agentkit.platform.realm.pages import login_page, notice_page
from agentkit.platform.realm.sessions import CODE_LIFETIME, Code, Sessions

COOKIE: Final = "agentkit-login"
FORM_LIFETIME: Final = 1_800.0
"""Seconds a person has to fill the form in."""

_COOKIE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_TITLE: Final = "Sign-in is not possible"


class Login:
    """The sign-in of one tenant."""

    def __init__(
        self,
        tenant: str,
        issuer: str,
        directory: Directory,
        sessions: Sessions,
        attempts: Attempts,
        clock: Callable[[], float],
    ) -> None:
        """Know who may sign in; `clock` gives seconds since the epoch."""
        self._tenant = tenant
        self._issuer = issuer
        self._directory = directory
        self._sessions = sessions
        self._attempts = attempts
        self._clock = clock
        self._key = secrets.token_bytes(32)

    async def show(self, request: Request) -> Response:
        """Answer an authorization request with the form, or with what is wrong with it."""
        try:
            sign_in = read_sign_in(_query(request), self._tenant, self._issuer, self._directory)
        except SignInRefused as refused:
            return notice_page(_TITLE, str(refused), 400)
        except SignInFailed as failed:
            return RedirectResponse(failed.location, 302, {"cache-control": "no-store"})
        return self._form(request, sign_in, "auth/login", wrong=False)

    async def answer(self, request: Request) -> Response:
        """Answer a form that was sent: with a code, or with the form again where name or password is wrong."""
        try:
            form = await _form_of(request)
        except AuthenticationError as error:
            return notice_page(_TITLE, error.message, error.status or 400)
        sign_in = self._opened(request, form.get("request", ""), form.get("proof", ""))
        if sign_in is None:
            text = "This form is too old, or was made for another browser. Go back to the application and start again."
            return notice_page(_TITLE, text, 400)
        username = form.get("username", "")
        try:
            with self._attempts.counted(sender_of(request)):
                person = await self._directory.sign_in(self._tenant, username, form.get("password", ""))
                if person is None:
                    raise AuthenticationError("invalid_grant", "The username or the password is wrong.", status=400)
        except AuthenticationError:
            return self._form(request, sign_in, "login", wrong=True)
        except TooManyRequests as error:
            return notice_page(_TITLE, "Too many sign-ins failed. Wait a little.", 429, retry_after(error))
        session = self._sessions.begin(self._tenant, sign_in.client_id, username)
        code = self._sessions.hand_out(
            Code(
                session,
                sign_in.redirect_uri,
                sign_in.challenge,
                sign_in.nonce,
                sign_in.scopes,
                self._clock() + CODE_LIFETIME,
            )
        )
        # 303: the browser must not send the password on (RFC 9700, 4.12).
        location = sign_in.answer(self._issuer, session_state=session.id, code=code)
        return RedirectResponse(location, 303, {"cache-control": "no-store"})

    def _form(self, request: Request, sign_in: SignIn, action: str, *, wrong: bool) -> Response:
        browser = request.cookies.get(COOKIE, "")
        if not _COOKIE.fullmatch(browser):
            browser = secrets.token_urlsafe(32)
        content = {**asdict(sign_in), "until": self._clock() + FORM_LIFETIME}
        sealed = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
        hidden = {"request": sealed, "proof": self._proof(sealed, browser)}
        page = login_page(action, hidden, tenant=self._tenant, client_id=sign_in.client_id, wrong=wrong)
        page.set_cookie(
            COOKIE,
            browser,
            max_age=int(FORM_LIFETIME),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return page

    def _opened(self, request: Request, sealed: str, proof: str) -> SignIn | None:
        """The request a form carries, if we made the form for this browser and not too long ago."""
        browser = request.cookies.get(COOKIE, "")
        if not _COOKIE.fullmatch(browser):
            return None
        if not hmac.compare_digest(self._proof(sealed, browser).encode(), proof.encode("utf-8", "surrogatepass")):
            return None
        content = cast("dict[str, object]", json.loads(base64.urlsafe_b64decode(sealed)))
        if cast("float", content["until"]) <= self._clock():
            return None
        values = {field.name: content[field.name] for field in fields(SignIn)}
        values["scopes"] = tuple(cast("list[str]", values["scopes"]))
        return SignIn(**values)  # pyright: ignore[reportArgumentType]

    def _proof(self, sealed: str, browser: str) -> str:
        text = f"{self._tenant}\0{browser}\0{sealed}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, "sha256").hex()


def sender_of(request: Request) -> str:
    """The address a request came from."""
    return request.client.host if request.client is not None else ""


def _query(request: Request) -> list[tuple[str, str]]:
    """The fields of the query; none where it is too long or no text."""
    query = bytes(request.scope.get("query_string", b""))
    try:
        if len(query) > QUERY_LIMIT:
            return []
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=FIELD_LIMIT, errors="strict")
    except ValueError:
        return []


async def _form_of(request: Request) -> dict[str, str]:
    """The fields of a form that a browser sent.

    Raises:
        AuthenticationError: It is none, is too large or too slow.
    """
    body = await read_form(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELD_LIMIT, errors="strict")
    except ValueError:
        pairs = []
    if kind != "application/x-www-form-urlencoded" or not pairs or len(body) > FORM_LIMIT:
        raise AuthenticationError("invalid_request", "The request is not a form.", status=400)
    return dict(pairs)

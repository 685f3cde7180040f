"""Where a tenant lies: with and without `/realms` in front (LOC-01, LOC-02)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from agentkit.errors import AuthenticationError
from agentkit.models import JsonObject
from agentkit.oauth.endpoints import NO_STORE, client_endpoint, token_endpoint
from agentkit.oauth.exchange import origin_of, stays_local
from agentkit.oauth.token_request import ClientForm, TokenRequest
from agentkit.platform.origins import is_origin
from agentkit.platform.planes import Plane
from agentkit.platform.problems import answering, logged
from agentkit.platform.realm.callers import bearer_of
from agentkit.platform.realm.login import sender_of
from agentkit.platform.realm.pages import notice_page
from agentkit.platform.realm.realms import Realm
from agentkit.platform.realm.records import WrongToken
from agentkit.platform.services import services_of
from agentkit.wire.errors import encode_oauth_error

WRONG_TOKEN: Final = "agentkit.wrong_token"  # noqa: S105 - a key, no secret
"""The key of the request's scope that says what shall be wrong with the token it fetches."""

_Answer = Callable[[Request, Realm], Awaitable[Response]]
_CACHED: Final = {"cache-control": "public, max-age=60"}


def login_routes() -> list[Route]:
    """Everything below a tenant."""
    endpoints: dict[str, dict[str, _Answer]] = {
        "/protocol/openid-connect/token": {"POST": _token},
        "/protocol/openid-connect/token/introspect": {"POST": _introspect},
        "/protocol/openid-connect/revoke": {"POST": _revoke},
        "/protocol/openid-connect/auth": {"GET": _authorize},
        "/protocol/openid-connect/auth/login": {"POST": _login},
        "/protocol/openid-connect/userinfo": {"GET": _userinfo, "POST": _userinfo},
        "/protocol/openid-connect/logout": {"GET": _leave, "POST": _log_out},
        "/protocol/openid-connect/certs": {"GET": _certs},
        "/.well-known/openid-configuration": {"GET": _metadata},
    }
    # RFC 8414 puts the issuer's path behind the well-known one.
    at = [(f"{prefix}/{{tenant}}{path}", methods) for path, methods in endpoints.items() for prefix in ("/realms", "")]
    at.append(("/.well-known/oauth-authorization-server/realms/{tenant}", {"GET": _metadata}))
    return [Route(path, answering(_by_method(methods), refused), methods=list(methods)) for path, methods in at]


async def refused(_request: Request, error: Exception) -> Response:
    """The answer of an error that no endpoint has answered itself, as Keycloak spells errors (AUTH-09)."""
    if isinstance(error, HTTPException):
        return JSONResponse(Plane.LOGIN.error(error.status_code, error.detail), error.status_code, error.headers)
    text = f"The server failed; look for {logged(error)} in its log."
    return JSONResponse(Plane.LOGIN.error(500, text), 500, NO_STORE)


def _by_method(methods: dict[str, _Answer]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        realm = services_of(request).realms.realm(str(request.path_params["tenant"]))
        if realm is None:
            return JSONResponse(encode_oauth_error("Realm does not exist", "There is no such tenant."), 404)
        return await methods["GET" if request.method == "HEAD" else request.method](request, realm)

    return endpoint


async def _token(request: Request, realm: Realm) -> Response:
    if _is_of_foreign_page(request):
        text = "Scripts of this page may not fetch tokens; name its origin in the settings of the platform."
        return JSONResponse(encode_oauth_error("access_denied", text), 403, NO_STORE)
    wrong: WrongToken | None = request.scope.get(WRONG_TOKEN)

    async def answer(wanted: TokenRequest) -> JsonObject:
        return await realm.grants.answer(wanted, sender_of(request), wrong)

    return await token_endpoint(answer)(request)


def _is_of_foreign_page(request: Request) -> bool:
    """Whether a script asks whose page nobody named: its host may be a name that was made to mean this machine.

    To the browser it is of the platform's own origin then, and could read what a client gets that everybody knows.
    """
    origin, settings = request.headers.get("origin"), services_of(request).settings
    if origin is None or origin in (*settings.origins, origin_of(settings.url)):
        return False
    return not (is_origin(origin) and stays_local(origin))


async def _introspect(request: Request, realm: Realm) -> Response:
    async def answer(form: ClientForm) -> JsonObject:
        return await realm.accounts.introspect(form, sender_of(request))

    return await client_endpoint(answer)(request)


async def _revoke(request: Request, realm: Realm) -> Response:
    async def answer(form: ClientForm) -> JsonObject:
        return await realm.accounts.revoke(form, sender_of(request))

    return await client_endpoint(answer)(request)


async def _log_out(request: Request, realm: Realm) -> Response:
    async def answer(form: ClientForm) -> JsonObject:
        return await realm.accounts.log_out(form, sender_of(request))

    answered = await client_endpoint(answer)(request)
    return Response(status_code=204, headers=NO_STORE) if answered.status_code == 200 else answered


async def _authorize(request: Request, realm: Realm) -> Response:
    return await realm.login.show(request)


async def _login(request: Request, realm: Realm) -> Response:
    return await realm.login.answer(request)


async def _leave(request: Request, realm: Realm) -> Response:
    try:
        target = await realm.accounts.leave(dict(request.query_params))
    except AuthenticationError as error:
        return notice_page("Sign-out is not possible", error.message, error.status or 400)
    if target is None:
        return notice_page("Signed out", "You are signed out. This page can be closed.")
    return RedirectResponse(target, 302, NO_STORE)


async def _userinfo(request: Request, realm: Realm) -> Response:
    try:
        return JSONResponse(
            await realm.accounts.userinfo(bearer_of(request.headers.get("authorization"))), headers=NO_STORE
        )
    except AuthenticationError as error:
        challenge = {"www-authenticate": 'Bearer error="invalid_token"'}
        body = encode_oauth_error(error.code, error.message)
        return JSONResponse(body, error.status or 401, {**NO_STORE, **challenge})


async def _certs(request: Request, realm: Realm) -> Response:
    del realm
    return JSONResponse(services_of(request).realms.keys.jwks(), headers=_CACHED)


async def _metadata(request: Request, realm: Realm) -> Response:
    del request
    return JSONResponse(realm.metadata, headers=_CACHED)

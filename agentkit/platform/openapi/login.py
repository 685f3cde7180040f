"""The login as a document (section 3 of the API contract)."""

from __future__ import annotations

from typing import Final

from agentkit.models import JsonObject
from agentkit.platform.openapi.grammar import (
    ANYTHING,
    FORM,
    Operation,
    listed,
    query,
    record,
    ref,
    text,
    variable,
    whole,
)
from agentkit.platform.openapi.v2 import Paths

SCHEMAS: Final[dict[str, JsonObject]] = {
    "TokenRequest": record(
        {
            "grant_type": {
                "type": "string",
                "enum": ["client_credentials", "authorization_code", "password", "refresh_token"],
            }
        },
        {
            "client_id": text(),
            "client_secret": text(),
            "scope": text(),
            "code": text(),
            "redirect_uri": text(),
            "code_verifier": text(),
            "username": text(),
            "password": text(),
            "refresh_token": text(),
        },
    ),
    "TokenForm": record({"token": text()}, {"client_id": text(), "client_secret": text(), "token_type_hint": text()}),
    "LogoutForm": record({"refresh_token": text()}, {"client_id": text(), "client_secret": text()}),
    "TokenAnswer": record(
        {
            "access_token": text(),
            "token_type": text(),
            "expires_in": whole(1),
            "refresh_expires_in": whole(),
            "not-before-policy": whole(),
            "scope": text(),
        },
        {"refresh_token": text(), "id_token": text(), "session_state": text()},
    ),
}
"""What the login takes and gives (AUTH-01 to AUTH-08)."""

_TENANT: Final = variable(
    "tenant", {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"}, "The tenant; `base` by default."
)
_PLACE: Final = "/realms/{tenant}/protocol/openid-connect"

PATHS: Final[Paths] = {
    f"{_PLACE}/token": (
        (_TENANT,),
        {
            "post": Operation(
                "fetchToken",
                "A token, by any grant (AUTH-01 to AUTH-05).",
                {200: ref("TokenAnswer")},
                (401, 403),
                body=ref("TokenRequest"),
                media_type=FORM,
            )
        },
    ),
    f"{_PLACE}/token/introspect": (
        (_TENANT,),
        {
            "post": Operation(
                "introspectToken",
                "What a token says.",
                {200: record({"active": {"type": "boolean"}})},
                (401,),
                body=ref("TokenForm"),
                media_type=FORM,
            )
        },
    ),
    f"{_PLACE}/revoke": (
        (_TENANT,),
        {
            "post": Operation(
                "revokeToken", "A token ends.", {200: ANYTHING}, (401,), body=ref("TokenForm"), media_type=FORM
            )
        },
    ),
    f"{_PLACE}/logout": (
        (_TENANT,),
        {"post": Operation("logOut", "A session ends.", {204: None}, (401,), body=ref("LogoutForm"), media_type=FORM)},
    ),
    f"{_PLACE}/userinfo": (
        (_TENANT,),
        {"get": Operation("getUserinfo", "Who holds the bearer.", {200: record({"sub": text()})}, (401,))},
    ),
    f"{_PLACE}/certs": (
        (_TENANT,),
        {"get": Operation("getKeys", "The public keys.", {200: record({"keys": listed(ANYTHING)})})},
    ),
    "/realms/{tenant}/.well-known/openid-configuration": (
        (_TENANT,),
        {"get": Operation("getDiscovery", "Where everything is.", {200: record({"issuer": text()})})},
    ),
}
"""The login; each address works without `/realms`, too (LOC-02)."""

AUTHORIZE: Final[JsonObject] = {
    "parameters": [_TENANT],
    "get": {
        "operationId": "authorize",
        "summary": "The page on which a person signs in; it leads back to redirect_uri with a code (AUTH-07).",
        "tags": ["login"],
        "parameters": [
            query(name, text(), "See RFC 6749, RFC 7636 and OpenID Connect.")
            for name in (
                "response_type",
                "client_id",
                "redirect_uri",
                "scope",
                "state",
                "nonce",
                "code_challenge",
                "code_challenge_method",
                "prompt",
            )
        ],
        "responses": {
            "200": {"description": "The form.", "content": {"text/html": {"schema": text()}}},
            "302": {"description": "What is wrong, told to the client."},
            "400": {
                "description": "No client of the tenant, or none of its addresses.",
                "content": {"text/html": {"schema": text()}},
            },
            "404": {
                "description": "There is no such tenant.",
                "content": {"application/json": {"schema": ref("OAuthError")}},
            },
            "429": {
                "description": "Too often.",
                "content": {"application/json": {"schema": ref("OAuthError")}},
            },
        },
    },
}
AUTHORIZE_PATH: Final = f"{_PLACE}/auth"

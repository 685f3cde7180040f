"""The token endpoint, and what its tokens open; the secret goes to the endpoint that a client would send it to."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, cast

from agentkit.errors import AuthenticationError
from agentkit.mcp.client.authorizers import RENEW_EARLY
from agentkit.mcp.verification.checks import Group, Problem, Skip
from agentkit.mcp.verification.discovery import OAUTH_ONLY
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.site import Site
from agentkit.oauth.discovery import fetch_client_token
from agentkit.oauth.exchange import origin_of
from agentkit.oauth.tokens import IssuedToken

TOKENS: Final = Group("token", needs=("token.fetch",), only=OAUTH_ONLY)
AUDIENCE: Final = Group("token", needs=("token.fetch", "auth.entry"), only=OAUTH_ONLY)

WRONG_SECRET: Final = "agentkit-verify-wrong-secret"  # noqa: S105
_METHODS: Final = ("client_secret_basic", "client_secret_post")


@TOKENS.check(
    "token.fetch",
    "Client id and secret get a token",
    "Check the client's registration: grant client_credentials, its scopes, its resources.",
    "MCP-COR-04",
    "MCPAUTH-07",
    needs=("discovery.client",),
)
async def fetch(site: Site) -> Sequence[Problem]:
    """Exactly as a client does it."""
    try:
        site.seen.issued = await _fetch(site)
    except AuthenticationError as error:
        return [Problem(error.message, remedy=error.remedy)]
    endpoint = site.seen.issuer.token_endpoint if site.seen.issuer else ""
    site.seen.token_caching = site.noted.noted.get(endpoint, {}).get("cache-control", "")
    return []


@TOKENS.check(
    "token.methods",
    "Every announced way to authenticate works",
    "Accept Basic (both halves form-encoded) and the two fields in the body, or announce what is accepted.",
    "MCP-XCH-03",
    "MCP-ERA-05",
)
async def methods(site: Site) -> Sequence[Problem]:
    """Basic and post, where they are announced."""
    problems: list[Problem] = []
    offered = site.seen.issuer.token_endpoint_auth_methods if site.seen.issuer else ()
    for method in _METHODS:
        if method not in offered:
            continue
        try:
            await _fetch(site, method=method)
        except AuthenticationError as error:
            problems.append(Problem(f"{method}: {error.message}"))
    return problems


@TOKENS.check(
    "token.defaults",
    "A token is given without scope and resource too",
    "Fall back to what the client is registered for: some clients send neither.",
    "MCP-XCH-04",
    warning=True,
)
async def defaults(site: Site) -> Sequence[Problem]:
    """The TypeScript SDK sends no scope."""
    try:
        await _fetch(site, bare=True)
    except AuthenticationError as error:
        return [Problem(f"without scope and resource: {error.message}")]
    return []


@TOKENS.check(
    "token.no-store",
    "Token answers are not stored on the way",
    "Send Cache-Control: no-store with every token answer.",
    "MCP-XCH-07",
    warning=True,
)
async def no_store(site: Site) -> Sequence[Problem]:
    """`Cache-Control: no-store`."""
    return (
        [] if "no-store" in site.seen.token_caching.lower() else [Problem("token answers lack Cache-Control: no-store")]
    )


@TOKENS.check(
    "token.lifetime",
    "The token says how long it is valid, and that is long enough",
    f"Send expires_in, and more than {RENEW_EARLY:g} seconds: clients renew that early.",
    "MCP-OAU-03",
    warning=True,
)
async def lifetime(site: Site) -> Sequence[Problem]:
    """`expires_in`."""
    seconds = site.seen.issued.expires_in if site.seen.issued else None
    if seconds is None:
        return [Problem("the token answer lacks expires_in")]
    return (
        []
        if seconds > RENEW_EARLY
        else [Problem(f"the token is valid for {seconds:g} seconds: each call fetches a new one")]
    )


@TOKENS.check(
    "token.wrong-secret",
    "A wrong secret is refused with 401 invalid_client",
    "Answer 401 with the error invalid_client.",
    "MCP-XCH-07",
)
async def wrong_secret(site: Site) -> Sequence[Problem]:
    """Neither a token nor a broken server."""
    try:
        await _fetch(site, secret=WRONG_SECRET)
    except AuthenticationError as error:
        if (error.status, error.code) == (401, "invalid_client"):
            return []
        mild = error.status in {400, 401}
        text = f"a wrong secret is refused with HTTP {error.status} and {error.code}"
        return [Problem(text, severity=Verdict.WARNING if mild else None)]
    return [Problem("any secret gets a token")]


@AUDIENCE.check(
    "token.audience",
    "Tokens for other resources do not open the server",
    "Issue tokens for the resource that is asked for, and let the server check `aud`.",
    "MCP-AUTH-03",
    "MCP-XCH-07",
    "MCP-ERA-04",
)
async def audience(site: Site) -> Sequence[Problem]:
    """A token for a resource that does not exist is refused by one of the two."""
    elsewhere = f"{origin_of(site.url)}/agentkit-verify/another-resource"
    try:
        issued = await _fetch(site, resource=elsewhere)
    except AuthenticationError:
        return []
    answer = await site.knock(site.headers_for(issued.access_token))
    if answer.status in {401, 403}:
        return []
    meant_for = _audience(issued.access_token)
    if meant_for is None:
        raise Skip("the token is opaque: whom it is meant for cannot be seen")
    if elsewhere in meant_for:
        return [Problem("a token that was issued for another resource opens the server")]
    text = "the authorization server does not heed `resource`: its tokens are the same for every server"
    return [Problem(text, severity=Verdict.WARNING)]


async def _fetch(
    site: Site,
    *,
    secret: str | None = None,
    method: str | None = None,
    resource: str | None = None,
    bare: bool = False,
) -> IssuedToken:
    """A token by the client-credentials grant, as the client asks for it but for what is given here."""
    client, issuer, protected = site.client, site.seen.issuer, site.seen.resource
    if client is None or issuer is None or protected is None:
        raise Skip("there is no client id and secret")
    if method is not None:
        issuer = replace(issuer, token_endpoint_auth_methods=(method,))
    scope = client.scope or site.seen.challenge.scope or " ".join(protected.scopes_supported) or None
    issued = await site.within(
        fetch_client_token(
            site.noted,
            issuer,
            client.client_id,
            client.client_secret if secret is None else secret,
            scope=None if bare else scope,
            resource=None if bare else resource or protected.resource,
        )
    )
    site.took_token(issued.access_token)
    return issued


def _audience(token: str) -> tuple[str, ...] | None:
    """`aud` of a JWT that nobody has checked; None for any other token."""
    try:
        claims: object = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    except (ValueError, IndexError, RecursionError):
        return None
    if not isinstance(claims, dict):
        return None
    found = cast("dict[str, object]", claims).get("aud")
    return tuple(str(item) for item in cast("list[object]", found)) if isinstance(found, list) else (str(found),)

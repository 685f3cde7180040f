"""`verify_server`: all checks, one after another, within one time limit."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from statistics import median
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import anyio

from agentkit.errors import SpecError
from agentkit.mcp.client.authorization import ApiKey, BearerToken, McpAuth, OAuthClientCredentials
from agentkit.mcp.client.input import checked_address
from agentkit.mcp.client.pool import HttpPool, new_pool
from agentkit.mcp.logs import withhold_content
from agentkit.mcp.verification.arguments import BAD
from agentkit.mcp.verification.auth import ENTRY, REFUSALS
from agentkit.mcp.verification.behaviour import ANNOTATIONS, ECHO, ORDER, SPEED
from agentkit.mcp.verification.calls import CALLS
from agentkit.mcp.verification.checks import Check, Run
from agentkit.mcp.verification.discovery import DISCOVERY
from agentkit.mcp.verification.issuer import ISSUER
from agentkit.mcp.verification.naming import NAMING, SERVER
from agentkit.mcp.verification.protocol import CLIENT, PROTOCOL
from agentkit.mcp.verification.reach import REACH
from agentkit.mcp.verification.report import VerificationReport
from agentkit.mcp.verification.rpc import SENDABLE
from agentkit.mcp.verification.schemas import SCHEMAS
from agentkit.mcp.verification.site import Site, Thresholds
from agentkit.mcp.verification.tokens import AUDIENCE, TOKENS
from agentkit.models import JsonObject
from agentkit.specs import Authorization

DEFAULT_REQUEST_TIMEOUT: Final = 10.0
DEFAULT_TIME_LIMIT: Final = 120.0

_GROUPS: Final = (
    REACH, REFUSALS, DISCOVERY, ISSUER, TOKENS, ENTRY, AUDIENCE, PROTOCOL, SERVER, NAMING, SCHEMAS, ANNOTATIONS, CLIENT,
    ORDER, CALLS, BAD, SPEED, ECHO,
)  # fmt: skip

CHECKS: Final[tuple[Check, ...]] = tuple(check for group in _GROUPS for check in group.checks)
"""All checks in the order in which they run."""


async def verify_server(
    url: str,
    *,
    auth: Authorization | str = Authorization.NONE,
    credential: McpAuth | None = None,
    calls: Mapping[str, JsonObject] | None = None,
    call_safe: bool = False,
    thresholds: Thresholds | None = None,
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT,
    time_limit: float = DEFAULT_TIME_LIMIT,
    http: HttpPool | None = None,
) -> VerificationReport:
    """Check that an MCP server is fit to be an expert's.

    No tool is run unless `calls` or `call_safe` says so. Bad arguments, wrong by a tool's own schema, are tried with
    tools only that say they only read. The credential is sent as a client sends it: a token to this address, a secret
    to the token endpoint that discovery leads to. What a hostile server does costs no more than `time_limit` seconds,
    and nothing it says becomes part of the report without the secrets taken out.

    Args:
        url: The address as it is to be registered.
        auth: As what it is to be registered.
        credential: A `BearerToken` for `bearer` and `inherit`, an `ApiKey` for `apiKey`, `OAuthClientCredentials` for
            `oauth2.0`; None for `none`.
        calls: Tools to call, with their arguments.
        call_safe: Call the tools that say that they only read and need no argument.
        thresholds: From where on something is a warning.
        request_timeout: Seconds one request may take.
        time_limit: Seconds everything may take; what is not done by then is reported.
        http: Carries the requests, for an in-process server; by default each connection is a real one.

    Raises:
        SpecError: The address is no http or https URL or holds a user or password, there is no such way of
            authorization, the credential does not go with it, or cannot stand in a header.
    """
    auth = _read_word(auth)
    _check(url, auth, credential)
    withhold_content()
    async with AsyncExitStack() as stack:
        pool = http or await stack.enter_async_context(new_pool())
        # One that keeps no connection makes a new one for every request.
        fresh = http or await stack.enter_async_context(new_pool(idle=0))
        site = Site(
            url,
            auth,
            credential,
            pool,
            fresh,
            timeout=request_timeout,
            thresholds=thresholds or Thresholds(),
            calls=calls or {},
            call_safe=call_safe,
        )
        run = Run(site)
        deadline = anyio.current_time() + time_limit
        for check in CHECKS:
            await run.run(check, deadline)
    shown = urlunsplit(urlsplit(url)._replace(query="", fragment=""))
    return VerificationReport(site.quoted(shown, 1_000)[1:-1], auth, tuple(run.findings), _measurements(site))


def _read_word(auth: Authorization | str) -> Authorization:
    try:
        return Authorization(auth)
    except ValueError:
        words = ", ".join(Authorization)
        raise SpecError("auth", "is no way of authorization", remedy=f"Take one of {words}.") from None


def _check(url: str, auth: Authorization, credential: McpAuth | None) -> None:
    checked_address("url", url)
    match auth, credential:
        case (Authorization.NONE, None) | (Authorization.OAUTH2, OAuthClientCredentials()):
            return
        case (Authorization.BEARER | Authorization.INHERIT, BearerToken(token=secret)) | (
            Authorization.API_KEY,
            ApiKey(key=secret),
        ):
            if not SENDABLE.fullmatch(secret):
                remedy = "Check it for line breaks."
                raise SpecError("credential", "is empty or holds a character that no header takes", remedy=remedy)
        case _:
            raise SpecError("credential", f"{auth.value} takes {_TAKES.get(auth, 'a token')}")


_TAKES: Final = {
    Authorization.NONE: "no credential",
    Authorization.OAUTH2: "client id and secret",
    Authorization.API_KEY: "an ApiKey",
}


def _measurements(site: Site) -> dict[str, float]:
    found: dict[str, float] = {}
    for what, seconds in site.seen.timings.items():
        found[f"{what}_ms_median"] = round(median(seconds) * 1_000, 1)
        found[f"{what}_ms_max"] = round(max(seconds) * 1_000, 1)
    listing = site.seen.listing
    if listing.pages:
        found |= {"tools": len(listing.tools), "list_pages": listing.pages, "list_characters": listing.size}
    if site.seen.results:
        found["answer_characters_max"] = max(called.size for called in site.seen.results)
    return found

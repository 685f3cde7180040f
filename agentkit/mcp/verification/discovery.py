"""From the 401 to the authorization server, as mcp.md section 12 has it; nothing secret is sent here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.mcp.verification.checks import Group, Problem, Skip
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.site import Site
from agentkit.models import JsonObject
from agentkit.oauth.discovery import (
    is_same_issuer,
    resource_metadata_addresses,
)
from agentkit.oauth.exchange import check_secure, origin_of, stays_local
from agentkit.specs import Authorization

OAUTH_ONLY: Final = frozenset({Authorization.OAUTH2})
DISCOVERY: Final = Group("discovery", needs=("discovery.resource",), only=OAUTH_ONLY)

METADATA: Final = {"accept": "application/json"}
"""How metadata are asked for."""


@DISCOVERY.check(
    "discovery.resource",
    "The server says which authorization server it trusts (RFC 9728)",
    "Serve protected-resource metadata at /.well-known/oauth-protected-resource<path> and name it in the challenge.",
    "MCP-ERA-04",
    "MCP-HOST-02",
    "MCP-XCH-06",
    needs=("auth.challenge",),
)
async def resource(site: Site) -> Sequence[Problem]:
    """The metadata are where one of three ways leads."""
    named = site.seen.challenge.resource_metadata
    path_form, root_form = resource_metadata_addresses(site.url)
    if named is not None:
        check_secure(named, "address of the metadata in the challenge", loopback=stays_local(site.url))
        if origin_of(named) != origin_of(site.url):
            return [Problem("the challenge names metadata on another origin")]
    found: dict[str, JsonObject] = {}
    for place in dict.fromkeys(filter(None, (named, path_form, root_form))):
        answer = await site.wire.send("GET", place, METADATA)
        if answer.status == 200 and answer.message is not None:
            found[place] = answer.message
    site.seen.resource_places = tuple(found)
    if named is not None and named not in found:
        return [Problem("the challenge names metadata that are not there")]
    if not found:
        return [Problem("there are no metadata: neither in the challenge nor at the two well-known places")]
    site.seen.resource_document = found[next(iter(found))]
    return []


@DISCOVERY.check(
    "discovery.resource-places",
    "The metadata are found in every way",
    "Serve them at the path form, and name that address as resource_metadata in the challenge.",
    "MCP-XCH-06",
    warning=True,
)
async def resource_places(site: Site) -> Sequence[Problem]:
    """Clients that read no challenge ask the path form."""
    problems: list[Problem] = []
    if site.seen.challenge.resource_metadata is None:
        problems.append(Problem("the challenge does not say where the metadata are"))
    if resource_metadata_addresses(site.url)[0] not in site.seen.resource_places:
        problems.append(Problem("the metadata are not at the path form of the well-known address"))
    return problems


@DISCOVERY.check(
    "discovery.resource-identity",
    "The metadata are about this address",
    "Say the address that is registered with Corti, byte by byte, as `resource`.",
    "MCP-ERA-04",
    "MCP-XCH-07",
)
async def resource_identity(site: Site) -> Sequence[Problem]:
    """`resource` equals the address."""
    found = site.seen.resource_document.get("resource")
    if found == site.url:
        return []
    origin = origin_of(site.url)
    near = found in {site.url.rstrip("/"), origin, f"{origin}/"}
    text = f"the metadata say that the resource is {site.quoted(found, 120)}, not this address"
    return [Problem(text, severity=Verdict.WARNING if near else None)]


@DISCOVERY.check(
    "discovery.authorization-servers",
    "It names its authorization server",
    "List the issuer, an https address, as authorization_servers.",
    "MCP-ERA-04",
    needs=("discovery.resource-identity",),
)
async def authorization_servers(site: Site) -> Sequence[Problem]:
    """A list of addresses, with the pinned issuer in it."""
    found = site.seen.resource_document.get("authorization_servers")
    named = [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
    if not named:
        return [Problem("authorization_servers names no authorization server")]
    pinned = (site.client.issuer if site.client else None) or named[0]
    meant = next((item for item in named if is_same_issuer(item, pinned)), None)
    if meant is None:
        return [Problem("authorization_servers does not name the issuer that was given", remedy="Check --issuer.")]
    site.seen.issuer_named = meant
    check_secure(site.seen.issuer_named, "authorization server", loopback=stays_local(site.url))
    return []


@DISCOVERY.check(
    "discovery.bearer-methods",
    "Tokens travel in the header",
    'Say bearer_methods_supported: ["header"].',
    "V2-AUTH-01",
    warning=True,
)
async def bearer_methods(site: Site) -> Sequence[Problem]:
    """`bearer_methods_supported` offers the header, and not the query."""
    found = site.seen.resource_document.get("bearer_methods_supported")
    if not isinstance(found, list):
        return []
    problems = [] if "header" in found else [Problem("bearer_methods_supported does not offer header")]
    return [*problems, *([Problem("bearer_methods_supported offers query")] if "query" in found else [])]


@DISCOVERY.check(
    "discovery.challenge-scope",
    "The challenge names the scope",
    "Put scope into the challenge: clients ask for exactly that.",
    "MCP-AUTH-07",
    "MCP-ERA-04",
    warning=True,
)
async def challenge_scope(site: Site) -> Sequence[Problem]:
    """`scope` in `WWW-Authenticate`, where the server knows scopes."""
    if not site.seen.resource_document.get("scopes_supported"):
        raise Skip("the server knows no scopes")
    return (
        [] if site.seen.challenge.scope else [Problem("the challenge names no scope, although the server knows scopes")]
    )

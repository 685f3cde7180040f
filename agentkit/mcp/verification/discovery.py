"""From the 401 to the token endpoint, step by step as mcp.md section 12 has it; nothing secret is sent here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.errors import AuthenticationError
from agentkit.mcp.verification.checks import Group, Problem, Skip
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.site import Site
from agentkit.models import JsonObject
from agentkit.oauth.discovery import find_issuer, find_resource, issuer_metadata_addresses, resource_metadata_addresses
from agentkit.oauth.exchange import check_secure, origin_of, stays_local
from agentkit.specs import Authorization

OAUTH_ONLY: Final = frozenset({Authorization.OAUTH2})
DISCOVERY: Final = Group("discovery", needs=("discovery.issuer",), only=OAUTH_ONLY)

_JSON: Final = {"accept": "application/json"}


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
        answer = await site.wire.send("GET", place, _JSON)
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
    needs=("discovery.resource",),
)
async def resource_places(site: Site) -> Sequence[Problem]:
    """Clients that read no challenge ask the path form."""
    problems: list[Problem] = []
    if site.seen.challenge.resource_metadata is None:
        problems.append(Problem("the challenge does not say where they are"))
    if resource_metadata_addresses(site.url)[0] not in site.seen.resource_places:
        problems.append(Problem("they are not at the path form"))
    return problems


@DISCOVERY.check(
    "discovery.resource-identity",
    "The metadata are about this address",
    "Say the address that is registered with Corti, byte by byte, as `resource`.",
    "MCP-ERA-04",
    "MCP-XCH-07",
    needs=("discovery.resource",),
)
async def resource_identity(site: Site) -> Sequence[Problem]:
    """`resource` equals the address."""
    found = site.seen.resource_document.get("resource")
    if found == site.url:
        return []
    origin = origin_of(site.url)
    near = found in {site.url.rstrip("/"), origin, f"{origin}/"}
    text = f"resource is {site.quoted(found, 120)}"
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
        return [Problem("authorization_servers names none")]
    pinned = site.client.issuer if site.client else None
    if pinned is not None and pinned not in named:
        return [Problem("it does not name the issuer that was given", remedy="Check --issuer, byte by byte.")]
    site.seen.issuer_named = pinned or named[0]
    check_secure(site.seen.issuer_named, "authorization server", loopback=stays_local(site.url))
    return []


@DISCOVERY.check(
    "discovery.bearer-methods",
    "Tokens travel in the header",
    'Say bearer_methods_supported: ["header"].',
    "V2-AUTH-01",
    warning=True,
    needs=("discovery.resource",),
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
    needs=("discovery.resource",),
)
async def challenge_scope(site: Site) -> Sequence[Problem]:
    """`scope` in `WWW-Authenticate`, where the server knows scopes."""
    if not site.seen.resource_document.get("scopes_supported"):
        raise Skip("the server knows no scopes")
    return [] if site.seen.challenge.scope else [Problem("it does not, although the server knows scopes")]


@DISCOVERY.check(
    "discovery.issuer",
    "The authorization server publishes metadata (RFC 8414 or OpenID Connect)",
    "Serve them at /.well-known/oauth-authorization-server<path of the issuer>.",
    "MCP-XCH-06",
    "MCP-XCH-07",
    needs=("discovery.authorization-servers",),
)
async def issuer(site: Site) -> Sequence[Problem]:
    """A document at one of the three forms."""
    for place in issuer_metadata_addresses(site.seen.issuer_named):
        answer = await site.wire.send("GET", place, _JSON)
        if answer.status == 200 and answer.message is not None:
            site.seen.issuer_documents[place] = answer.message
    if not site.seen.issuer_documents:
        return [Problem(f"{site.quoted(site.seen.issuer_named, 120)} has none at any of the well-known places")]
    site.seen.issuer_document = next(iter(site.seen.issuer_documents.values()))
    return []


@DISCOVERY.check(
    "discovery.issuer-places",
    "Its metadata are at every place that clients ask",
    "Serve the same document at the other places too; a vendor's server is as it is.",
    "MCP-XCH-06",
    warning=True,
)
async def issuer_places(site: Site) -> Sequence[Problem]:
    """Three forms, or the two root forms of an issuer without path."""
    missing = [
        place for place in issuer_metadata_addresses(site.seen.issuer_named) if place not in site.seen.issuer_documents
    ]
    return [Problem(f"there are none at {site.quoted(place, 120)}") for place in missing]


@DISCOVERY.check(
    "discovery.issuer-identity",
    "The issuer is the same everywhere, byte by byte",
    "Let `issuer` be exactly what authorization_servers says: no slash more or less.",
    "MCP-XCH-01",
)
async def issuer_identity(site: Site) -> Sequence[Problem]:
    """`issuer` in every document."""
    found = {document.get("issuer") == site.seen.issuer_named for document in site.seen.issuer_documents.values()}
    if found == {True}:
        return []
    said = site.quoted(site.seen.issuer_document.get("issuer"), 120)
    return [Problem(f"{site.quoted(site.seen.issuer_named, 120)} calls itself {said}")]


@DISCOVERY.check(
    "discovery.token-endpoint",
    "The token endpoint is safe to send a secret to",
    "Name an https address on the issuer's own origin as token_endpoint.",
    "MCP-OAU-02",
)
async def token_endpoint(site: Site) -> Sequence[Problem]:
    """Https (or this machine), and the issuer's origin."""
    found = site.seen.issuer_document.get("token_endpoint")
    if not isinstance(found, str):
        return [Problem("there is no token_endpoint")]
    check_secure(found, "token endpoint", loopback=stays_local(site.url))
    if origin_of(found) != origin_of(site.seen.issuer_named):
        return [Problem(f"it is on another origin: {site.quoted(origin_of(found), 120)}")]
    return []


@DISCOVERY.check(
    "discovery.authorization-endpoint",
    "There is an authorization_endpoint",
    "Name one, although nobody is sent there: both official SDKs refuse metadata without it.",
    "MCP-XCH-02",
    "MCP-OAU-02",
)
async def authorization_endpoint(site: Site) -> Sequence[Problem]:
    """A field that clients insist on."""
    found = site.seen.issuer_document.get("authorization_endpoint")
    return [] if isinstance(found, str) and found else [Problem("the metadata have none")]


@DISCOVERY.check(
    "discovery.s256",
    "S256 is announced",
    'Say code_challenge_methods_supported: ["S256"].',
    "MCP-XCH-02",
    warning=True,
)
async def s256(site: Site) -> Sequence[Problem]:
    """`code_challenge_methods_supported`."""
    found = site.seen.issuer_document.get("code_challenge_methods_supported")
    return [] if isinstance(found, list) and "S256" in found else [Problem("it is not")]


@DISCOVERY.check(
    "discovery.auth-methods",
    "Basic and post are announced",
    "Accept client_secret_basic and client_secret_post, and say so.",
    "MCP-XCH-03",
    "MCP-ERA-05",
    warning=True,
)
async def auth_methods(site: Site) -> Sequence[Problem]:
    """`token_endpoint_auth_methods_supported`."""
    found = site.seen.issuer_document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    offered = [
        item for item in ("client_secret_basic", "client_secret_post") if isinstance(found, list) and item in found
    ]
    if not offered:
        return [Problem("neither is: a client with a secret cannot authenticate", severity=Verdict.ERROR)]
    return [] if len(offered) == 2 else [Problem(f"only {offered[0]} is")]


@DISCOVERY.check(
    "discovery.grant",
    "The grant client_credentials is announced",
    "List client_credentials in grant_types_supported.",
    "MCPAUTH-07",
    "MCP-COR-04",
)
async def grant(site: Site) -> Sequence[Problem]:
    """`grant_types_supported`."""
    found = site.seen.issuer_document.get("grant_types_supported")
    if found is None:
        return [Problem("grant_types_supported is left out", severity=Verdict.WARNING)]
    return [] if isinstance(found, list) and "client_credentials" in found else [Problem("it is not")]


@DISCOVERY.check(
    "discovery.client",
    "The client of this library finds the way",
    "See what the other checks say.",
    "MCP-OAU-02",
    needs=("discovery.issuer-identity", "discovery.token-endpoint"),
)
async def client(site: Site) -> Sequence[Problem]:
    """The same functions that a client uses."""
    try:
        site.seen.resource = await site.within(find_resource(site.noted, site.url, site.seen.challenge))
        loopback = stays_local(site.url)
        site.seen.issuer = await site.within(find_issuer(site.noted, site.seen.issuer_named, loopback=loopback))
    except AuthenticationError as error:
        return [Problem(error.message, remedy=error.remedy)]
    return []

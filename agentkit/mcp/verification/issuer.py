"""What the authorization server says about itself, and the way from there to its token endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.errors import AuthenticationError
from agentkit.mcp.verification.checks import Group, Problem
from agentkit.mcp.verification.discovery import METADATA, OAUTH_ONLY
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.site import Site
from agentkit.oauth.discovery import find_issuer, find_resource, is_same_issuer, issuer_metadata_addresses
from agentkit.oauth.exchange import check_secure, origin_of, stays_local

ISSUER: Final = Group("discovery", needs=("discovery.issuer",), only=OAUTH_ONLY)


@ISSUER.check(
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
        answer = await site.wire.send("GET", place, METADATA)
        if answer.status == 200 and answer.message is not None:
            site.seen.issuer_documents[place] = answer.message
    if not site.seen.issuer_documents:
        return [
            Problem(f"{site.quoted(site.seen.issuer_named, 120)} publishes no metadata at any of the well-known places")
        ]
    site.seen.issuer_document = next(iter(site.seen.issuer_documents.values()))
    return []


@ISSUER.check(
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
    return [Problem(f"the metadata are not at {site.quoted(place, 120)}") for place in missing]


@ISSUER.check(
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
    said = site.seen.issuer_document.get("issuer")
    # The slash of an empty path is what pydantic makes of an address; this library's client minds nothing else.
    documents = site.seen.issuer_documents.values()
    slash = all(is_same_issuer(document.get("issuer"), site.seen.issuer_named) for document in documents)
    text = f"{site.quoted(site.seen.issuer_named, 120)} calls itself {site.quoted(said, 120)}"
    return [Problem(text, severity=Verdict.WARNING if slash else None)]


@ISSUER.check(
    "discovery.token-endpoint",
    "The token endpoint is safe to send a secret to",
    "Name an https address on the issuer's own origin as token_endpoint.",
    "MCP-OAU-02",
)
async def token_endpoint(site: Site) -> Sequence[Problem]:
    """Https (or this machine), and the issuer's origin."""
    found = site.seen.issuer_document.get("token_endpoint")
    if not isinstance(found, str):
        return [Problem("the metadata name no token_endpoint")]
    check_secure(found, "token endpoint", loopback=stays_local(site.url))
    if origin_of(found) != origin_of(site.seen.issuer_named):
        return [Problem(f"the token endpoint is on another origin: {site.quoted(origin_of(found), 120)}")]
    return []


@ISSUER.check(
    "discovery.authorization-endpoint",
    "There is an authorization_endpoint",
    "Name one, although nobody is sent there: both official SDKs refuse metadata without it.",
    "MCP-XCH-02",
    "MCP-OAU-02",
)
async def authorization_endpoint(site: Site) -> Sequence[Problem]:
    """A field that clients insist on."""
    found = site.seen.issuer_document.get("authorization_endpoint")
    return [] if isinstance(found, str) and found else [Problem("the metadata name no authorization_endpoint")]


@ISSUER.check(
    "discovery.s256",
    "S256 is announced",
    'Say code_challenge_methods_supported: ["S256"].',
    "MCP-XCH-02",
    warning=True,
)
async def s256(site: Site) -> Sequence[Problem]:
    """`code_challenge_methods_supported`."""
    found = site.seen.issuer_document.get("code_challenge_methods_supported")
    return (
        []
        if isinstance(found, list) and "S256" in found
        else [Problem("code_challenge_methods_supported does not name S256")]
    )


@ISSUER.check(
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
        return [
            Problem(
                "Basic and post are not announced: a client with a secret cannot authenticate",
                severity=Verdict.ERROR,
            )
        ]
    return [] if len(offered) == 2 else [Problem(f"{offered[0]} is the only way that is announced")]


@ISSUER.check(
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
    return (
        []
        if isinstance(found, list) and "client_credentials" in found
        else [Problem("grant_types_supported does not name it")]
    )


@ISSUER.check(
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

"""From a protected resource to a token: RFC 9728 and RFC 8414 discovery and the client-credentials grant.

The order is that of mcp.md section 12. A client secret is sent to exactly one place: the token endpoint that the
metadata of the issuer names, on the issuer's own origin (MCP-OAU-02).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode, urlsplit

import httpx2

from agentkit.errors import AuthenticationError, WireError
from agentkit.oauth.exchange import basic_credentials, check_secure, exchange, origin_of, stays_local
from agentkit.oauth.tokens import IssuedToken

_LONGEST_CHALLENGE = 131_072
"""Characters; more are not looked at."""

# From each word on once: a server that sends thousands of letters must not keep the event loop busy.
_PARAMETER = re.compile(r'(?<![a-zA-Z_])([a-zA-Z_]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]+))')
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a `WWW-Authenticate: Bearer` header asks for."""

    resource_metadata: str | None = None
    scope: str | None = None
    error: str | None = None

    @classmethod
    def parse(cls, header: str | None) -> Challenge:
        """Read the header; a missing or foreign one asks for nothing."""
        _, found, rest = (header or "")[:_LONGEST_CHALLENGE].partition("Bearer")
        parameters = {m[1].lower(): m[2] or m[3] for m in _PARAMETER.finditer(rest)} if found else {}
        return cls(parameters.get("resource_metadata"), parameters.get("scope"), parameters.get("error"))


@dataclass(frozen=True, slots=True)
class ResourceMetadata:
    """What a protected resource says about itself (RFC 9728)."""

    resource: str
    authorization_servers: tuple[str, ...]
    scopes_supported: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssuerMetadata:
    """What an authorization server says about itself (RFC 8414); only the token endpoint is checked already."""

    issuer: str
    token_endpoint: str
    jwks_uri: str | None
    token_endpoint_auth_methods: tuple[str, ...]
    introspection_endpoint: str | None = None


async def find_resource(http: httpx2.AsyncClient, url: str, challenge: Challenge) -> ResourceMetadata:
    """Find the metadata of a protected resource.

    Args:
        http: The connection pool.
        url: The resource, for example the address of an MCP server.
        challenge: What its 401 said; an address of metadata in it counts only on the resource's own origin.

    Raises:
        AuthenticationError: There is none, it is about another resource, or it names no authorization server.
        TransportError: The server cannot be reached.
    """
    for address in _resource_metadata_addresses(url, challenge):
        status, document = await exchange(http, "GET", address)
        if status == 200 and isinstance(document, dict):
            return _read_resource(url, cast("dict[str, object]", document))
    raise AuthenticationError(
        "no_metadata",
        "The server asks for authorization but publishes no protected-resource metadata.",
        remedy="Use a bearer token for this server, or let it serve RFC 9728 metadata.",
    )


async def find_issuer(http: httpx2.AsyncClient, issuer: str, *, loopback: bool = False) -> IssuerMetadata:
    """Find the metadata of an authorization server.

    Args:
        http: The connection pool.
        issuer: Its identifier (`is_same_issuer`).
        loopback: Whether it may be on this machine, over plain http.

    Raises:
        AuthenticationError: There is none, it is of another issuer, or its token endpoint is on another origin.
        TransportError: The server cannot be reached.
    """
    check_secure(issuer, "issuer", loopback=loopback)
    for address in issuer_metadata_addresses(issuer):
        status, document = await exchange(http, "GET", address)
        if status == 200 and isinstance(document, dict):
            return _read_issuer(issuer, cast("dict[str, object]", document), loopback)
    raise AuthenticationError("no_metadata", "The authorization server publishes no metadata.")


async def fetch_client_token(
    http: httpx2.AsyncClient,
    issuer: IssuerMetadata,
    client_id: str,
    client_secret: str,
    *,
    scope: str | None = None,
    resource: str | None = None,
) -> IssuedToken:
    """Ask for a token by the client-credentials grant, with Basic authentication where the server offers it.

    Raises:
        AuthenticationError: The server refused; `code` is its `error`.
        TransportError: The server cannot be reached.
    """
    form = {"grant_type": "client_credentials"}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if "client_secret_basic" in issuer.token_endpoint_auth_methods:
        headers["authorization"] = basic_credentials(client_id, client_secret)
    else:
        form |= {"client_id": client_id, "client_secret": client_secret}
    form |= {"resource": resource} if resource else {}
    form |= {"scope": scope} if scope else {}
    try:
        content = urlencode(form).encode()
    except UnicodeError:
        raise AuthenticationError("invalid_request", "The token request holds no text that can be sent.") from None
    status, body = await exchange(http, "POST", issuer.token_endpoint, headers=headers, content=content)
    if status != 200:
        code = _error_code(body, client_secret)
        raise AuthenticationError(
            code, f"The token endpoint refused the client: {code} (HTTP {status}).", status=status
        )
    try:
        return IssuedToken.decode(body)
    except WireError as error:
        raise AuthenticationError("invalid_answer", f"{error.detail[:1].upper()}{error.detail[1:]}.") from None


def is_same_issuer(one: object, other: str) -> bool:
    """Whether two identifiers name the same issuer: byte by byte (MCP-XCH-01), but for the slash of an empty path.

    Servers whose settings are pydantic URLs, FastMCP's for one, write `https://auth.example/` for an issuer that calls
    itself `https://auth.example`: the same origin, and the same addresses of metadata.
    """
    return one == other or (isinstance(one, str) and one.rstrip("/") == other.rstrip("/") == origin_of(other))


def resource_metadata_addresses(url: str) -> tuple[str, str]:
    """Where the metadata of a resource lies: the path form, then the root form."""
    root = f"{origin_of(url)}/.well-known/oauth-protected-resource"
    return root + urlsplit(url).path.rstrip("/"), root


def issuer_metadata_addresses(issuer: str) -> tuple[str, ...]:
    """Where the metadata of an issuer lies, in the order in which clients ask (mcp.md section 12, step 3)."""
    origin, path = origin_of(issuer), urlsplit(issuer).path.rstrip("/")
    addresses = [
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}/.well-known/openid-configuration{path}",
        f"{origin}{path}/.well-known/openid-configuration",
    ]
    return tuple(dict.fromkeys(addresses))


def _resource_metadata_addresses(url: str, challenge: Challenge) -> Iterator[str]:
    named = challenge.resource_metadata
    if named:
        check_secure(named, "address of the protected-resource metadata", loopback=stays_local(url))
        if origin_of(named) != origin_of(url):
            raise AuthenticationError("invalid_metadata", "The challenge names metadata on another origin.")
        yield named
    yield from dict.fromkeys(address for address in resource_metadata_addresses(url) if address != named)


def _read_resource(url: str, document: Mapping[str, object]) -> ResourceMetadata:
    resource = document.get("resource")
    origin = origin_of(url)
    if not isinstance(resource, str) or resource not in {url, url.rstrip("/"), origin, f"{origin}/"}:
        raise AuthenticationError("invalid_metadata", "The protected-resource metadata is about another resource.")
    servers = _texts(document.get("authorization_servers"))
    if not servers:
        raise AuthenticationError("invalid_metadata", "The protected-resource metadata names no authorization server.")
    return ResourceMetadata(resource, servers, _texts(document.get("scopes_supported")))


def _read_issuer(issuer: str, document: Mapping[str, object], loopback: bool) -> IssuerMetadata:
    if not is_same_issuer(document.get("issuer"), issuer):
        raise AuthenticationError("invalid_metadata", "The authorization server's metadata is of another issuer.")
    endpoint = document.get("token_endpoint")
    if not isinstance(endpoint, str):
        raise AuthenticationError("invalid_metadata", "The authorization server's metadata names no token endpoint.")
    check_endpoint(endpoint, "token endpoint", issuer, loopback=loopback)
    introspection = document.get("introspection_endpoint")
    keys = document.get("jwks_uri")
    # RFC 8414: a server that lists no method accepts Basic.
    methods = _texts(document.get("token_endpoint_auth_methods_supported")) or ("client_secret_basic",)
    return IssuerMetadata(
        issuer,
        endpoint,
        keys if isinstance(keys, str) else None,
        methods,
        introspection if isinstance(introspection, str) else None,
    )


def check_endpoint(endpoint: str, what: str, issuer: str, *, loopback: bool) -> None:
    """Refuse an endpoint to which no secret for this issuer may be sent (MCP-OAU-02).

    Raises:
        AuthenticationError: It is no safe address, or not on the issuer's own origin.
    """
    check_secure(endpoint, what, loopback=loopback)
    if origin_of(endpoint) != origin_of(issuer):
        raise AuthenticationError("invalid_metadata", f"The {what} is not on the origin of its issuer.")


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item for item in cast("list[object]", value)[:100] if isinstance(item, str) and item)


def _error_code(body: object, secret: str) -> str:
    code = cast("dict[str, object]", body).get("error") if isinstance(body, dict) else None
    is_code = isinstance(code, str) and _ERROR_CODE.fullmatch(code) and secret not in code
    return str(code) if is_code else "no_error_code"

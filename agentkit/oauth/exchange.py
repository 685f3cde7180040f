"""One bounded HTTP exchange with an authorization server: no redirects, no cookies, no client defaults."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote_plus, urlsplit

import httpx2

from agentkit.errors import AuthenticationError, ConnectionFailed, RequestTimeout
from agentkit.oauth.loopback import is_loopback

BODY_LIMIT: Final = 262_144
"""Bytes that a metadata document, a key set or a token answer may have."""


async def exchange(
    http: httpx2.AsyncClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    limit: int = BODY_LIMIT,
) -> tuple[int, object]:
    """Send one request and read its JSON answer.

    Args:
        http: The connection pool; its headers, cookies and auth are not used.
        method: The HTTP method.
        url: Where to; a redirect is answered with its status and not followed.
        headers: Of the request.
        content: The body.
        limit: Bytes that the answer may have.

    Returns:
        The status, and the JSON document or None where the body is none.

    Raises:
        ConnectionFailed: No connection.
        RequestTimeout: No answer in the time of the pool.
        AuthenticationError: The body is larger than `limit`, or compressed, which nobody asked for; or the address,
            which others named, is none.
    """
    # A compressed answer has no size before it is unpacked.
    plain = {"accept": "application/json", "accept-encoding": "identity"}
    try:
        request = httpx2.Request(method, url, headers={**plain, **(headers or {})}, content=content)
    except (httpx2.InvalidURL, UnicodeError):
        raise AuthenticationError("invalid_metadata", "An address in the metadata is not a URL.") from None
    host = urlsplit(url).netloc
    if http.is_closed:
        raise ConnectionFailed(f"{host} cannot be reached: the client is closed.")
    try:
        response = await http.send(request, stream=True, auth=None, follow_redirects=False)
        try:
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise AuthenticationError("invalid_answer", f"The answer of {host} is compressed.")
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > limit:
                    raise AuthenticationError("answer_too_large", f"The answer of {host} is larger than {limit} bytes.")
        finally:
            await response.aclose()
    except httpx2.TimeoutException:
        raise RequestTimeout(f"{host} did not answer in time.") from None
    except httpx2.RequestError as error:
        raise ConnectionFailed(f"{host} cannot be reached ({type(error).__name__}).") from None
    try:
        return response.status_code, json.loads(body)
    except (ValueError, RecursionError):
        return response.status_code, None


def basic_credentials(client_id: str, client_secret: str) -> str:
    """The `Authorization` header of a client: both parts form-encoded (RFC 6749, 2.3.1; MCP-XCH-03).

    Raises:
        AuthenticationError: One of them is no text that can be sent.
    """
    try:
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()
    except UnicodeError:
        raise AuthenticationError("invalid_client", "The client's id or secret is no text that can be sent.") from None
    return f"Basic {base64.b64encode(pair).decode()}"


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, in lower case and without a default port."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def stays_local(url: str) -> bool:
    """Whether a URL stays on this machine."""
    return is_loopback(urlsplit(url).hostname or "")


def check_secure(url: str, what: str, *, loopback: bool) -> None:
    """Refuse an address to which no secret may be sent.

    Args:
        url: The address, found in a document of the server.
        what: What it is, for the error.
        loopback: Whether plain http to this machine is allowed; only where the server itself is on this machine.

    Raises:
        AuthenticationError: It is neither https nor an allowed loopback address, or holds a user or a fragment.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise AuthenticationError("invalid_metadata", f"The {what} is not a URL.") from None
    if not url.isprintable():  # a parser leaves line breaks out
        raise AuthenticationError("invalid_metadata", f"The {what} is not a URL.")
    secure = parts.scheme == "https" or (parts.scheme == "http" and loopback and stays_local(url))
    if not secure or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise AuthenticationError(
            "invalid_metadata",
            f"The {what} is not an https address.",
            remedy="No secret is sent there; plain http is accepted between loopback addresses only.",
        )

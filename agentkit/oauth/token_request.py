"""Read what a client sends to an authorization server."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from agentkit.errors import AuthenticationError

FORM_LIMIT: Final = 16_384
FIELD_LIMIT: Final = 50

_NEVER_ENCODED: Final = re.compile(r"[^A-Za-z0-9._~!*'()+%-]|%(?![0-9A-Fa-f]{2})")
"""What stands in no form-encoded text, so the text is none."""


@dataclass(frozen=True, slots=True, repr=False)
class ClientForm:
    """A form with the client's credentials taken out of header or form.

    Attributes:
        client_id: From Basic authentication or the form.
        client_secret: Empty for a public client.
        resources: RFC 8707 resource indicators, the only field that may be given several times.
        form: All other fields.
    """

    client_id: str
    client_secret: str
    resources: tuple[str, ...]
    form: Mapping[str, str]

    def __repr__(self) -> str:
        """Hides all of it: a form may hold a token."""
        return "ClientForm(<hidden>)"

    def required(self, name: str) -> str:
        """A field that must be there.

        Raises:
            AuthenticationError: It is missing or empty; the code is `invalid_request`.
        """
        value = self.form.get(name, "")
        if not value:
            raise _bad(f"The field {name} is missing.")
        return value


@dataclass(frozen=True, slots=True, repr=False)
class TokenRequest:
    """A token request with the client's credentials taken out of header or form.

    Attributes:
        grant_type: For example `client_credentials`.
        client_id: From Basic authentication or the form.
        client_secret: Empty for a public client.
        scopes: What is asked for; empty when nothing is.
        resources: RFC 8707 resource indicators; empty when there is none.
        form: All other fields.
    """

    grant_type: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    form: Mapping[str, str]

    def __repr__(self) -> str:
        """Shows the grant, hides the client."""
        return f"TokenRequest(grant_type={self.grant_type!r}, client=<hidden>)"


def read_client_form(content_type: str, authorization: str | None, body: bytes) -> ClientForm:
    """Read a form with the client in a Basic header or in the form (MCP-XCH-03).

    Args:
        content_type: Of the request.
        authorization: The `Authorization` header, or None.
        body: The form.

    Raises:
        AuthenticationError: `code` is the OAuth error, `status` the HTTP status to answer.
    """
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise _bad("Send the request as application/x-www-form-urlencoded.")
    if len(body) > FORM_LIMIT:
        raise _bad("The request is too large.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELD_LIMIT, errors="strict")
    except ValueError:
        raise _bad("The request is not a form.") from None
    form: dict[str, str] = {}
    resources: list[str] = []
    for name, value in pairs:
        if name == "resource":
            resources.append(value)
        elif name in form:
            raise _bad(f"The field {name if name.isidentifier() else '*'} is given twice.")
        else:
            form[name] = value
    client_id, client_secret = _client(authorization, form)
    return ClientForm(client_id, client_secret, tuple(resources), form)


def read_token_request(content_type: str, authorization: str | None, body: bytes) -> TokenRequest:
    """Read a token request with the client in a Basic header or in the form (MCP-XCH-03).

    Args:
        content_type: Of the request.
        authorization: The `Authorization` header, or None.
        body: The form.

    Raises:
        AuthenticationError: `code` is the OAuth error, `status` the HTTP status to answer.
    """
    read = read_client_form(content_type, authorization, body)
    grant_type = read.required("grant_type")
    form = {name: value for name, value in read.form.items() if name not in {"grant_type", "scope"}}
    scopes = tuple(dict.fromkeys(read.form.get("scope", "").split()))
    return TokenRequest(grant_type, read.client_id, read.client_secret, scopes, read.resources, form)


def invalid_client(description: str = "The client is unknown or its secret is wrong.") -> AuthenticationError:
    """The refusal of a client, the same for an unknown id and a wrong secret."""
    return AuthenticationError("invalid_client", description, status=401)


def _client(authorization: str | None, form: dict[str, str]) -> tuple[str, str]:
    posted_id, posted_secret = form.pop("client_id", ""), form.pop("client_secret", "")
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return posted_id, posted_secret
    if posted_secret:
        raise _bad("Authenticate the client in the header or in the form, not in both.")
    try:
        quoted_id, found, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise invalid_client("The Basic header cannot be read.") from None
    if not found:
        raise invalid_client("The Basic header cannot be read.")
    client_id = _unquoted(quoted_id)
    if posted_id not in {"", client_id}:
        raise _bad("The header and the form name different clients.")
    return client_id, _unquoted(secret)


def _unquoted(part: str) -> str:
    """RFC 6749 has both parts form-encoded; the official TypeScript SDK sends them as they are (MCP-XCH-03)."""
    return part if _NEVER_ENCODED.search(part) else unquote_plus(part)


def _bad(description: str) -> AuthenticationError:
    return AuthenticationError("invalid_request", description, status=400)

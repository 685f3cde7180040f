"""What an authorization request asks for, and what is wrong with it (AUTH-07, RFC 6749, RFC 7636, RFC 9207)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from agentkit.errors import AgentKitError
from agentkit.platform.realm.directory import Directory
from agentkit.platform.realm.records import AUTHORIZATION_CODE, RealmClient

QUERY_LIMIT: Final = 8_192
"""Characters the query of an authorization request may have."""

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class SignInRefused(AgentKitError):
    """An authorization request that leads nowhere: the person is told, and no browser is sent anywhere."""


class SignInFailed(AgentKitError):
    """An authorization request whose client is told why, at its redirect URI.

    Attributes:
        location: Where the browser is sent.
    """

    def __init__(self, location: str) -> None:
        """Know where to send the browser."""
        super().__init__("The sign-in failed; its client is told why.")
        self.location = location


@dataclass(frozen=True, slots=True)
class SignIn:
    """An authorization request that a person may answer.

    Attributes:
        client_id: Who asks.
        redirect_uri: Where the answer goes, exactly one of the client's.
        state: Comes back with the answer; None where the client sent none.
        scopes: What is asked for.
        challenge: The `S256` challenge of PKCE, or None.
        nonce: Comes back in the id token, or None.
    """

    client_id: str
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    challenge: str | None
    nonce: str | None

    def answer(self, issuer: str, **fields: str) -> str:
        """The redirect URI with an answer, the state and the issuer (RFC 9207)."""
        state = {} if self.state is None else {"state": self.state}
        query = urlencode({**state, "iss": issuer, **fields})
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{query}"


def read_sign_in(pairs: Sequence[tuple[str, str]], tenant: str, issuer: str, directory: Directory) -> SignIn:
    """Check an authorization request.

    Args:
        pairs: The fields of its query, in order.
        tenant: Whose people may answer it.
        issuer: Says who answers.
        directory: Knows the clients.

    Raises:
        SignInRefused: The client or its redirect URI is unknown.
        SignInFailed: Something else is wrong.
    """
    fields = dict(pairs)
    repeated = {name for name in fields if sum(one == name for one, _ in pairs) > 1}
    client_id, redirect_uri = fields.get("client_id", ""), fields.get("redirect_uri", "")
    client = directory.client(tenant, client_id)
    if client is None or repeated & {"client_id", "redirect_uri"}:
        raise SignInRefused("The client is not known here.", remedy="Check client_id, and the clients of the platform.")
    if not client.redirects_to(redirect_uri):
        raise SignInRefused(
            "The redirect_uri is none of the client's.", remedy="Write it into redirect_uris of the client, exactly."
        )
    sign_in = SignIn(
        client_id,
        redirect_uri,
        fields.get("state"),
        tuple(dict.fromkeys(fields.get("scope", "").split())),
        fields.get("code_challenge"),
        fields.get("nonce"),
    )
    fault = ("invalid_request", "A field is given twice.") if repeated else _fault(client, fields)
    if fault is not None:
        raise SignInFailed(sign_in.answer(issuer, error=fault[0], error_description=fault[1]))
    return sign_in


def _fault(client: RealmClient, fields: dict[str, str]) -> tuple[str, str] | None:
    """Error and description of what is wrong with a request of a known client."""
    if fields.get("response_type") != "code":
        return "unsupported_response_type", "Only response_type=code is offered."
    if not client.may_use(AUTHORIZATION_CODE):
        return "unauthorized_client", "The client may not use authorization_code."
    if fields.get("response_mode", "query") != "query":
        return "invalid_request", "Only response_mode=query is offered."
    if "request" in fields or "request_uri" in fields:
        return "request_not_supported", "Send the fields of the request themselves."
    challenge, method = fields.get("code_challenge"), fields.get("code_challenge_method")
    if challenge is None and method is not None:
        return "invalid_request", "The code_challenge is missing."
    if challenge is not None and (method != "S256" or not _CHALLENGE.fullmatch(challenge)):
        return "invalid_request", "The code_challenge must be one of the method S256."
    if challenge is None and client.secret is None:
        return "invalid_request", "A client without secret needs PKCE: send a code_challenge."
    if "none" in fields.get("prompt", "").split():
        return "login_required", "Nobody is signed in."
    return None

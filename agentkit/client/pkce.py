"""Signing a person in: where to send them, and the proof that the code is ours (AUTH-03, AUTH-07, RFC 7636)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from agentkit.client.config import resolve_place
from agentkit.client.grants import check_redirect_uri, check_scopes, check_verifier, scope_of
from agentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from agentkit.client.endpoints import Endpoints

_PROFILE: Final = "profile"


@dataclass(frozen=True, slots=True)
class Pkce:
    """The secret of one sign-in; keep it where the person's session is kept, and use it once.

    Attributes:
        verifier: Presented with the code, 43 to 128 characters.
    """

    verifier: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what no token endpoint takes.

        Raises:
            ConfigurationError: It is no verifier.
        """
        check_verifier("Pkce.verifier", self.verifier)

    @classmethod
    def new(cls) -> Self:
        """A verifier of 384 random bits."""
        import secrets

        return cls(secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """What the address of the sign-in shows of the verifier: its SHA-256 hash (`S256`)."""
        import base64
        import hashlib

        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def authorize_url(
    *,
    redirect_uri: str,
    client_id: str | None = None,
    pkce: Pkce | None = None,
    scopes: tuple[str, ...] = (),
    state: str | None = None,
    environment: str | Endpoints | None = None,
    tenant: str | None = None,
    base_url: str | None = None,
    allow_http: bool = False,
) -> str:
    """The address at which a person signs in (AUTH-07).

    ```python
    pkce = Pkce.new()
    state = secrets.token_urlsafe(32)
    url = authorize_url(redirect_uri="https://app.example.org/callback", pkce=pkce, state=state)
    # Keep pkce and state in the person's session and redirect to url. The browser comes back to
    # redirect_uri with state and code; compare the state with yours, then:
    grant = AuthorizationCodeGrant(client_id, code, redirect_uri, code_verifier=pkce.verifier)
    async with AsyncCorti(auth=grant) as corti:
        ...
    ```

    The place is found as for a client: argument, variable, `.env`.

    Args:
        redirect_uri: Where the browser comes back to with the code; registered for the client.
        client_id: Variable `CORTI_CLIENT_ID`.
        pkce: Binds the code to this sign-in; leave it out only for a client that keeps a secret.
        scopes: Asked for beside `openid` and `profile`.
        state: Comes back with the code; compare it, so that nobody slips in a sign-in of their own.
        environment: Region or four addresses; variable `CORTI_ENVIRONMENT`.
        tenant: Variable `CORTI_TENANT_NAME`, default `base`.
        base_url: Address of a local or private platform; variable `CORTI_BASE_URL`.
        allow_http: Accept unencrypted http to other hosts than this machine.

    Raises:
        ConfigurationError: A setting is missing or wrong; the error names it.
    """
    from urllib.parse import quote, urlencode

    endpoints, realm, client_id = resolve_place(
        environment=environment, tenant=tenant, base_url=base_url, client_id=client_id, allow_http=allow_http
    )
    check_redirect_uri(redirect_uri)
    check_scopes("authorize_url", scopes)
    if state is not None and not (state and state.isascii() and state.isprintable()):
        raise ConfigurationError("state", "is empty or not plain ASCII", remedy="Use secrets.token_urlsafe(32).")
    query = {
        "response_type": "code",
        "scope": scope_of(scopes, _PROFILE),
        "client_id": client_id,
        "redirect_uri": redirect_uri,
    }
    if pkce is not None:
        query |= {"code_challenge": pkce.challenge, "code_challenge_method": "S256"}
    if state is not None:
        query["state"] = state
    return f"{endpoints.login}/{quote(realm, safe='')}/protocol/openid-connect/auth?{urlencode(query, quote_via=quote)}"

"""Credentials for MCP servers: typed, bound to one server by name, and never data (design D4).

On the wire they are data parts of the first message of a context (`MCPAUTH-*`). Here they are values that show nothing
of themselves: `build` turns one into a part, `extract` takes all of them out of a message before anything else sees it,
and the `Vault` keeps them, in process memory only, for the life of a context.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from agentkit.errors import CredentialError, SpecError

if TYPE_CHECKING:
    from agentkit.models import Json, JsonObject, Message, Part

K = TypeVar("K")

AUTH_PART_TYPES: Final = frozenset({"token", "credentials"})
"""The `type` words, lower-cased, that make a data part an auth part (MCPAUTH-01)."""


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A bearer token for the MCP server registered as `mcp_name`, for `bearer` servers and in place of `inherit`."""

    mcp_name: str
    token: str

    def __post_init__(self) -> None:
        """Refuse what the wire would refuse (MCPAUTH-10)."""
        _require_name(self.mcp_name)
        _require_token(self.mcp_name, self.token)

    def __repr__(self) -> str:
        """Names the server, hides the token."""
        return f"Token(mcp_name={self.mcp_name!r}, token=<hidden>)"


@dataclass(frozen=True, slots=True, repr=False)
class ClientCredentials:
    """Client id and secret for the MCP server registered as `mcp_name`, for `oauth2.0` servers (MCPAUTH-07)."""

    mcp_name: str
    client_id: str
    client_secret: str

    def __post_init__(self) -> None:
        """Refuse what the wire would refuse (MCPAUTH-10)."""
        _require_name(self.mcp_name)
        _require_pair(self.mcp_name, self.client_id, self.client_secret)

    def __repr__(self) -> str:
        """Names the server, hides id and secret."""
        return f"ClientCredentials(mcp_name={self.mcp_name!r}, client_id=<hidden>, client_secret=<hidden>)"


Credential = Token | ClientCredentials
"""What authorizes calls to one MCP server."""


def _checked(credentials: object) -> list[Credential]:
    given = list(cast("Iterable[object]", credentials)) if isinstance(credentials, Iterable) else [None]
    if not all(isinstance(one, Token | ClientCredentials) for one in given):
        raise SpecError("credentials", "must be a list of Token and ClientCredentials")
    return cast("list[Credential]", given)


class Credentials(Mapping[str, Credential]):
    """Credentials by the name of their MCP server; names are trimmed and case-sensitive (MCPAUTH-03)."""

    __slots__ = ("_by_name",)

    def __init__(self, credentials: Iterable[Credential] = ()) -> None:
        """Collect credentials.

        Raises:
            CredentialError: Two of them name the same server (MCPAUTH-09).
            SpecError: It is something else than credentials.
        """
        self._by_name: dict[str, Credential] = {}
        for credential in _checked(credentials):
            name = credential.mcp_name.strip()
            if name in self._by_name:
                raise CredentialError(
                    "mcp_auth_duplicate_name",
                    f"Two credentials name the MCP server {name!r}.",
                    mcp_name=name,
                    remedy="Send one token or one pair of client credentials per server.",
                )
            self._by_name[name] = credential

    def __getitem__(self, name: str) -> Credential:
        """The credential for a server."""
        return self._by_name[name.strip()]

    def __iter__(self) -> Iterator[str]:
        """The names of the servers."""
        return iter(self._by_name)

    def __len__(self) -> int:
        """How many servers have a credential."""
        return len(self._by_name)

    def __repr__(self) -> str:
        """Names the servers only."""
        return f"Credentials({', '.join(map(repr, self._by_name))})"

    def merged(self, later: Credentials) -> Credentials:
        """These and the later ones; a later one replaces an earlier one for the same server."""
        return Credentials({**self._by_name, **later._by_name}.values())

    def secrets(self) -> frozenset[str]:
        """All secret values, for checks that look for leaks; do not print them."""
        found: set[str] = set()
        for credential in self._by_name.values():
            match credential:
                case Token(token=token):
                    found.add(token)
                case ClientCredentials(client_secret=secret):
                    found.add(secret)
        return frozenset(found)


NO_CREDENTIALS: Final = Credentials()


def build(credential: Credential) -> Part:
    """The data part that carries a credential to Corti (section 10 of the API contract).

    Args:
        credential: A token or a pair of client credentials.

    Returns:
        A data part; its repr shows its size only.
    """
    from agentkit.models import Part  # here, because making a client must not load pydantic

    match credential:
        case Token(mcp_name=name, token=token):
            return Part(data={"type": "token", "mcp_name": name.strip(), "token": token})
        case ClientCredentials(mcp_name=name, client_id=client_id, client_secret=secret):
            return Part(
                data={
                    "type": "credentials",
                    "mcp_name": name.strip(),
                    "client_id": client_id,
                    "client_secret": secret,
                }
            )


def attach(message: Message, credentials: Iterable[Credential]) -> Message:
    """The message with one auth part per credential behind its own parts.

    Raises:
        CredentialError: Two credentials name the same server (MCPAUTH-09).
    """
    parts = tuple(build(credential) for credential in Credentials(credentials).values())
    return message.model_copy(update={"parts": message.parts + parts}) if parts else message


def is_auth_part(part: Part) -> bool:
    """Whether a part carries a credential, complete or not (MCPAUTH-01, MCPAUTH-12)."""
    return _auth_fields(part) is not None


def extract(message: Message) -> tuple[Message, Credentials]:
    """Take all auth parts out of a message (MCPAUTH-15).

    Args:
        message: As it came in; it may have no part left afterwards (MCPAUTH-17).

    Returns:
        The message without auth parts, and the credentials that were in it.

    Raises:
        CredentialError: A part lacks a field (MCPAUTH-10), or two name the same server (MCPAUTH-09).
    """
    kept: list[Part] = []
    found: list[Credential] = []
    for part in message.parts:
        fields = _auth_fields(part)
        if fields is None:
            kept.append(part)
        else:
            found.append(_read(fields))
    if not found:
        return message, NO_CREDENTIALS
    return message.model_copy(update={"parts": tuple(kept)}), Credentials(found)


def withhold(value: Json, secrets: Collection[str]) -> Json:
    """What somebody else said, without the secrets it was told; names of fields included."""
    match value:
        case str():
            return withhold_text(value, secrets)
        case list():
            return [withhold(item, secrets) for item in value]
        case dict():
            return {withhold_text(key, secrets): withhold(item, secrets) for key, item in value.items()}
        case _:
            return value


def withhold_text(text: str, secrets: Iterable[str]) -> str:
    """The same for a text, in which a secret may also stand as in JSON."""
    for secret in filter(None, secrets):
        for spelling in (secret, json.dumps(secret)[1:-1]):
            text = text.replace(spelling, "<hidden>")
    return text


class Vault(Generic[K]):
    """Credentials per context, or what a room keeps together with them, in process memory only (design D13).

    Bounded: when `capacity` contexts hold something, the one unused for longest is forgotten, and its next turn that
    needs a credential ends in `auth-required`.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        """Make an empty vault for at most `capacity` contexts."""
        self._capacity = capacity
        self._by_context: OrderedDict[Hashable, K] = OrderedDict()

    def keep(self, context: Hashable, kept: K) -> None:
        """Remember what belongs to a context; the key must contain tenant and owner."""
        self._by_context[context] = kept
        self._by_context.move_to_end(context)
        while len(self._by_context) > self._capacity:
            self._by_context.popitem(last=False)

    def look_up(self, context: Hashable) -> K | None:
        """What belongs to a context, or None."""
        kept = self._by_context.get(context)
        if kept is not None:
            self._by_context.move_to_end(context)
        return kept

    def forget(self, context: Hashable) -> None:
        """Drop what belongs to a context."""
        self._by_context.pop(context, None)

    def __repr__(self) -> str:
        """Shows how many contexts there are."""
        return f"Vault({len(self._by_context)} contexts)"


def _auth_fields(part: Part) -> JsonObject | None:
    if not isinstance(part.data, dict):
        return None
    kind = part.data.get("type")
    return part.data if isinstance(kind, str) and kind.lower() in AUTH_PART_TYPES else None


def _read(fields: JsonObject) -> Credential:
    name = _text(fields.get("mcp_name"))
    _require_name(name)
    name = name.strip()
    if str(fields["type"]).lower() == "token":
        return Token(name, _text(fields.get("token")))
    return ClientCredentials(name, _text(fields.get("client_id")), _text(fields.get("client_secret")))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _require_name(name: str) -> None:
    if not name.strip():
        raise CredentialError(
            "mcp_auth_missing_name",
            "A credential names no MCP server.",
            remedy="Set mcp_name to the name under which the server is registered.",
        )


def _require_token(name: str, token: str) -> None:
    if not token.strip():
        raise CredentialError(
            "mcp_auth_missing_token",
            f"The credential for the MCP server {name.strip()!r} has no token.",
            mcp_name=name.strip(),
            remedy="Give the bearer token in the field token.",
        )


def _require_pair(name: str, client_id: str, client_secret: str) -> None:
    if not client_id.strip() or not client_secret.strip():
        raise CredentialError(
            "mcp_auth_missing_credentials",
            f"The credential for the MCP server {name.strip()!r} lacks client_id or client_secret.",
            mcp_name=name.strip(),
            remedy="Give both, client_id and client_secret.",
        )

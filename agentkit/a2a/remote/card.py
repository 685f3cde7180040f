"""What a client takes from an agent card of A2A 1.0 or 0.3, and which of its interfaces it uses (A2A-CLI-01)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

from agentkit.errors import RemoteAgentError, RemoteProtocolError, WireError
from agentkit.models import AgentSkill, Json, JsonObject
from agentkit.oauth.exchange import origin_of, stays_local
from agentkit.wire.card import decode_skill

_MAJOR_MINOR: Final = re.compile(r"(\d{1,3})\.(\d{1,3})(\.\d{1,3})*")
_MOST_SKILLS: Final = 200
_MOST_INTERFACES: Final = 50
_LONGEST_WORD: Final = 2_000
_CORTI_V1: Final = re.compile(r"/agents/[0-9a-f-]{36}(/v1)?/?")

Dialect = tuple[str, str]
"""A binding and Major.Minor of the protocol, for example `("JSONRPC", "1.0")`."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One way to reach an agent.

    Attributes:
        url: Where.
        binding: `JSONRPC`, `HTTP+JSON`, `GRPC` or another word.
        version: Major.Minor (A2A-VER-05).
        tenant: What requests carry as tenant (A2A-TEN-01).
    """

    url: str
    binding: str
    version: str
    tenant: str | None = None

    @property
    def dialect(self) -> Dialect:
        """Binding and version."""
        return self.binding, self.version


@dataclass(frozen=True, slots=True)
class RemoteCard:
    """An agent card as a client uses it; what it says of itself is not trusted, only bounded.

    Attributes:
        document: The card as it came, which is what a signature is over.
        url: Where it came from; empty for one that was given.
        name: The agent's name.
        description: What it is for.
        skills: What it can do; one that does not fit is left out.
        interfaces: In the order of the card.
        streaming: Whether it offers streams.
        extensions: URIs of the extensions it knows.
        required_extensions: URIs of those a client must know too.
        token_url: The token endpoint for the client-credentials grant; None where it has none.
        scope: What tokens are asked for there.
    """

    document: JsonObject
    url: str
    name: str
    description: str
    skills: tuple[AgentSkill, ...]
    interfaces: tuple[Interface, ...]
    streaming: bool
    extensions: frozenset[str]
    required_extensions: frozenset[str]
    token_url: str | None = None
    scope: str | None = None


def read_card(agent: str, document: Json, url: str = "") -> RemoteCard:
    """Read a card of either version; `supportedInterfaces` decide where a document holds both.

    Raises:
        RemoteProtocolError: It is no card, or names no interface.
    """
    if not isinstance(document, dict):
        raise RemoteProtocolError(agent, "its card is no JSON object.")
    capabilities = _object(document.get("capabilities"))
    extensions = [_object(one) for one in _list(capabilities.get("extensions"))]
    interfaces = tuple(_interfaces(document))[:_MOST_INTERFACES] or tuple(_legacy_interfaces(document))
    if not interfaces:
        raise RemoteProtocolError(agent, "its card names no interface.", remedy="Check that the address is an agent's.")
    for interface in interfaces:
        _check_address(agent, interface.url, url)
    token_url, scope = _token_endpoint(document)
    return RemoteCard(
        document=document,
        url=url,
        name=_word(document.get("name")),
        description=_word(document.get("description")),
        skills=tuple(_skills(document)),
        interfaces=interfaces,
        streaming=capabilities.get("streaming") is True,
        extensions=frozenset(_word(one.get("uri")) for one in extensions),
        required_extensions=frozenset(_word(one.get("uri")) for one in extensions if one.get("required") is True),
        token_url=token_url,
        scope=scope,
    )


def choose_interface(agent: str, card: RemoteCard, spoken: Collection[Dialect]) -> Interface:
    """The first interface of the card that is spoken here (A2A-CLI-01).

    HTTP+JSON of A2A 0.3 comes last: Corti's v1 has paths of that form and another data model, and what reads it so
    loses everything without an error (A2A-CO-02, A2A-CO-03).

    Raises:
        RemoteAgentError: There is none.
    """
    known = [one for one in card.interfaces if one.dialect in spoken and not _is_corti_v1_rest(one)]
    best = next((one for one in known if one.dialect != ("HTTP+JSON", "0.3")), known[0] if known else None)
    if best is None:
        offered = ", ".join(sorted({f"{_shown(one.binding)} {one.version}" for one in card.interfaces}))
        raise RemoteAgentError(
            agent,
            f"none of its interfaces is spoken here: {offered}.",
            remedy='GRPC needs pip install "corti-agentkit[grpc]"; else let it serve JSONRPC or HTTP+JSON of A2A 1.0.',
        )
    return best


def _interfaces(document: JsonObject) -> Iterator[Interface]:
    for entry in map(_object, _list(document.get("supportedInterfaces"))):
        if url := _word(entry.get("url")):
            binding = _word(entry.get("protocolBinding")).upper()
            yield Interface(url, binding, _version(entry, "1.0"), _word(entry.get("tenant")) or None)


def _legacy_interfaces(document: JsonObject) -> Iterator[Interface]:
    version = _version(document, "0.3")
    # 0.2 has the same JSON-RPC methods and data as 0.3.
    version = "0.3" if version == "0.2" else version
    seen: set[tuple[str, str]] = set()
    first: JsonObject = {"url": document.get("url"), "transport": document.get("preferredTransport") or "JSONRPC"}
    more = map(_object, _list(document.get("additionalInterfaces"))[:_MOST_INTERFACES])
    for entry in (first, *more):
        url, binding = _word(entry.get("url")), _word(entry.get("transport")).upper()
        if url and (url, binding) not in seen:
            seen.add((url, binding))
            yield Interface(url, binding, version)


def _version(entry: JsonObject, default: str) -> str:
    match = _MAJOR_MINOR.fullmatch(_word(entry.get("protocolVersion")).strip())
    return f"{match[1]}.{match[2]}" if match else default


def _skills(document: JsonObject) -> Iterator[AgentSkill]:
    for index, entry in enumerate(_list(document.get("skills"))[:_MOST_SKILLS]):
        try:
            yield decode_skill(entry, f"card.skills[{index}]")
        except WireError:
            continue


def _token_endpoint(document: JsonObject) -> tuple[str | None, str | None]:
    """Where the card says that the client-credentials grant leads, and the scopes that it requires."""
    for name, scheme in _object(document.get("securitySchemes")).items():
        fields = _object(scheme)
        oauth = _object(fields.get("oauth2SecurityScheme")) or (fields if fields.get("type") == "oauth2" else {})
        flow = _object(_object(oauth.get("flows")).get("clientCredentials"))
        if token_url := _word(flow.get("tokenUrl")):
            return token_url, " ".join(_required_scopes(document, name)) or None
    return None, None


def _required_scopes(document: JsonObject, scheme: str) -> list[str]:
    for entry in map(_object, _list(document.get("securityRequirements"))):
        wanted = _object(_object(entry.get("schemes")).get(scheme)).get("list")
        if wanted is not None:
            return [word for word in _list(wanted) if isinstance(word, str)]
    for entry in map(_object, _list(document.get("security"))):
        if scheme in entry:
            return [word for word in _list(entry[scheme]) if isinstance(word, str)]
    return []


def _check_address(agent: str, address: str, card_url: str) -> None:
    """A card may lead to its own origin, to https anywhere, and on this machine to this machine; no credential leaks.

    gRPC addresses may come without scheme.
    """
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        fits = bool(parts.hostname) and not (parts.username or parts.password) and address.isprintable()
        _ = parts.port
    except ValueError:
        fits, parts = False, None
    if not fits or parts is None:
        raise RemoteProtocolError(agent, "its card names an address that is none.")
    if not card_url or parts.scheme in {"https", "grpcs"} or origin_of(address) == origin_of(card_url):
        return
    if parts.hostname == urlsplit(card_url).hostname or (stays_local(address) and stays_local(card_url)):
        return
    raise RemoteProtocolError(
        agent,
        "its card leads to another host without TLS; nothing is sent there.",
        remedy="Let the card name https addresses.",
    )


def _is_corti_v1_rest(interface: Interface) -> bool:
    parts = urlsplit(interface.url)
    ours = (parts.hostname or "").endswith(".corti.app") or _CORTI_V1.search(parts.path) is not None
    return ours and interface.dialect == ("HTTP+JSON", "0.3")


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return cast("list[Json]", value) if isinstance(value, list) else []


def _word(value: Json) -> str:
    return value[:_LONGEST_WORD] if isinstance(value, str) else ""


def _shown(word: str) -> str:
    return word[:40] if word.isprintable() else "?"

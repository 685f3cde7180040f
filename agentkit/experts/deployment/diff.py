"""What differs between an MCP server as it is registered and as it shall be, in the words of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from agentkit.experts.deployment.plan import FieldChange

if TYPE_CHECKING:
    from agentkit.models import ConnectorInfo, McpServerInfo
    from agentkit.specs import McpServerSpec

_SAME_WORDS: Final = {"oauth2.1": "oauth2.0", "oauth2": "oauth2.0"}  # an old answer enum (CON-06), v2's word
_HIDDEN: Final = "<hidden>"

Facts = Mapping[str, str | None]
"""What an MCP server is, by field; None where it has nothing."""


def facts_of_v1(server: McpServerInfo) -> Facts:
    """A server as v1 shows it (V1-OBJ-10)."""
    return {
        "url": server.url or None,
        "authorization": _word(server.authorization_type),
        "scope": server.authorization_scope or None,
        "transport": server.transport_type,
        "redirect_url": server.redirect_url or None,
        "description": server.description or None,
    }


def facts_of_v2(connector: ConnectorInfo) -> Facts:
    """A server as v2 shows it (V2-OBJ-05, V2-OBJ-10)."""
    auth = connector.auth
    return {
        "url": connector.url or None,
        "authorization": _word(auth.type) if auth else "none",
        "scope": (auth.scope if auth else None) or None,
        "redirect_url": (auth.redirect_url if auth else None) or None,
        "auth_ref": (auth.ref if auth else None) or None,
        "enabled": _flag(connector.enabled),
    }


def wanted_of_v1(server: McpServerSpec) -> Facts:
    """A server as v1 shall show it."""
    return {
        "url": server.url,
        "authorization": server.authorization.value,
        "scope": server.scope or None,
        "transport": server.transport.value,
        "redirect_url": server.redirect_url or None,
        "description": server.description or None,
    }


def wanted_of_v2(server: McpServerSpec) -> Facts:
    """A server as v2 shall show it."""
    return {
        "url": server.url,
        "authorization": server.authorization.value,
        "scope": server.scope or None,
        "redirect_url": server.redirect_url or None,
        "auth_ref": server.auth_ref,
        "enabled": _flag(server.enabled),
    }


def changed_facts(name: str, old: Facts, new: Facts) -> tuple[FieldChange, ...]:
    """The fields of a server that differ."""
    keys = dict.fromkeys([*old, *new])
    return tuple(
        FieldChange(f"servers.{name}.{key}", _shown(key, old.get(key)), _shown(key, new.get(key)))
        for key in keys
        if old.get(key) != new.get(key)
    )


def summary(facts: Facts) -> str:
    """A server in one line, for one that comes or goes."""
    details = [f"{key} {value}" for key, value in facts.items() if key in {"scope", "auth_ref"} and value]
    return ", ".join([_shown("url", facts.get("url")) or "without URL", facts.get("authorization") or "none", *details])


def same_text(old: str | None, new: str | None) -> bool:
    """Whether two texts say the same; white space around them and the kind of line ends say nothing.

    A server may take away the one, an editor write the other.
    """
    return _plain(old) == _plain(new)


def text_change(field: str, old: str | None, new: str | None) -> tuple[FieldChange, ...]:
    """A text that differs, or nothing."""
    return () if same_text(old, new) else (FieldChange(field, old or None, new or None),)


def hidden_url(url: str) -> str:
    """A URL without user, password, query and fragment: people put tokens there (V2-AUTH-01)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _HIDDEN
    place = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, place, parts.path, "", ""))
    return bare if bare == url else f"{bare} {_HIDDEN}"


def _shown(key: str, value: str | None) -> str | None:
    return hidden_url(value) if value is not None and key.endswith("url") else value


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


def _word(authorization: str) -> str:
    return _SAME_WORDS.get(authorization, authorization)


def _flag(value: bool) -> str:
    return "true" if value else "false"

"""Stored secrets, and where they may be sent: whoever may make an agent chooses its addresses (V2-OBJ-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentkit.errors import ConfigurationError
from agentkit.oauth.exchange import origin_of, stays_local
from agentkit.platform.origins import check_origins


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret that connectors name, for the servers it is meant for.

    Attributes:
        value: A token, a key, or `client_id:client_secret`.
        origins: Of the MCP servers that get it, for example `https://ehr.example.org`; empty is this machine only.
        tenants: Whose agents may name it; empty is all.
    """

    value: str = field(repr=False)
    origins: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could be sent nowhere.

        Raises:
            ConfigurationError: A field does not fit; the error names it.
        """
        if not self.value:
            raise ConfigurationError("value", "is empty")
        check_origins(self.origins)

    def goes_to(self, url: str) -> bool:
        """Whether the server at an address gets it."""
        return origin_of(url) in self.origins if self.origins else stays_local(url)


class StoredSecrets:
    """The secrets of a platform by name."""

    def __init__(self, given: Mapping[str, str | StoredSecret]) -> None:
        """Keep them; a plain text is for servers on this machine."""
        self._kept = {name: StoredSecret(one) if isinstance(one, str) else one for name, one in given.items()}

    def find(self, name: str | None, tenant: str) -> StoredSecret | None:
        """The secret of a name that agents of a tenant may name."""
        found = None if name is None else self._kept.get(name)
        return found if found is not None and (not found.tenants or tenant in found.tenants) else None

"""The file of `agentkit serve platform --clients FILE`: tenants, clients, people, named secrets and web pages, as TOML.

```toml
tenants = ["base", "clinic"]
origins = ["http://localhost:3000"]     # web pages whose scripts may call the platform

[clients]
nightly-job = "its-secret"              # a client that keeps a secret, and may use every grant

[clients.ward-app]                      # a browser app: no secret, sign-in with PKCE
redirect_uris = ["http://localhost:3000/callback"]
grants = ["authorization_code", "refresh_token"]
token_lifetime = 300

[users.ada]
password = "her-password"               # or password_hash, made by agentkit.oauth.hash_secret
name = "Ada Example"
email = "ada@example.org"

[secrets]                               # what a connector names in auth.ref
calculator = "a-key"                    # for MCP servers on this machine only

[secrets.ehr]
value = "a-bearer-token"
origins = ["https://ehr.example.org"]   # no other server gets it, whatever address an agent's author writes
tenants = ["clinic"]                    # whose agents may name it; left out: all
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar, cast

from agentkit.errors import ConfigurationError
from agentkit.oauth.secrets import hash_secret, is_hash
from agentkit.platform.realm.records import RealmClient, RealmUser
from agentkit.platform.settings import PlatformSettings
from agentkit.platform.stored_secrets import StoredSecret

_T = TypeVar("_T")
_Table = dict[str, object]


@dataclass(frozen=True, slots=True)
class ClientsFile:
    """What a clients file says; secrets of clients and passwords are hashes.

    Attributes:
        tenants: The realms; empty where the file names none.
        clients: By client id.
        users: People by the name they sign in with.
        secrets: Named secrets of connectors.
        origins: Of web pages; empty where the file names none.
    """

    tenants: tuple[str, ...]
    clients: Mapping[str, RealmClient]
    users: Mapping[str, RealmUser]
    secrets: Mapping[str, StoredSecret] = field(repr=False)
    origins: tuple[str, ...] = ()

    def applied(self, settings: PlatformSettings) -> PlatformSettings:
        """Settings with what the file says.

        Raises:
            ConfigurationError: It does not fit the rest, for example a client of a tenant that is none.
        """
        return replace(
            settings,
            tenants=self.tenants or settings.tenants,
            clients=self.clients,
            users=self.users,
            secrets=self.secrets,
            origins=self.origins or settings.origins,
        )


def read_clients_file(path: Path) -> ClientsFile:
    """Read a clients file; each plain secret costs some 50 ms of CPU, for only its hash is kept.

    Raises:
        ConfigurationError: The file cannot be read or does not fit; the error names table and key, never a value.
    """
    try:
        content: _Table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # tomllib recurses, and knows no limit of digits
        raise ConfigurationError("--clients", "names no readable TOML file", remedy="Check path and syntax.") from None
    document = _Reader("", content)
    clients = document.table("clients")
    users, secrets = document.table("users"), document.table("secrets")
    tenants, origins = document.texts("tenants"), document.texts("origins")
    document.end()
    if not clients:
        raise ConfigurationError(
            "--clients", "names a file without clients", remedy='Write a table [clients] with lines like id = "secret".'
        )
    return ClientsFile(
        tenants,
        {name: _client(f"clients.{name}", value) for name, value in clients.items()},
        {name: _user(f"users.{name}", value) for name, value in users.items()},
        {name: _secret(f"secrets.{name}", value) for name, value in secrets.items()},
        origins,
    )


def _client(place: str, value: object) -> RealmClient:
    if isinstance(value, str):
        return RealmClient(secret=_hashed(place, value))
    entry = _Reader.of(place, value, 'a secret as text, or a table with "redirect_uris", "secret" and so on')
    secret = entry.hashed("secret")
    grants = entry.texts("grants") if "grants" in entry else None
    fields = {
        "secret": secret,
        "public": entry.flag("public"),
        "redirect_uris": entry.texts("redirect_uris"),
        "grants": grants,
        "token_lifetime": entry.seconds("token_lifetime"),
        "refresh_lifetime": entry.seconds("refresh_lifetime"),
        "tenants": entry.texts("tenants"),
    }
    entry.end()
    return _made(place, lambda: RealmClient(**fields))  # pyright: ignore[reportArgumentType]


def _user(place: str, value: object) -> RealmUser:
    entry = _Reader.of(place, value, 'a table with "password"')
    password = entry.hashed("password")
    if password is None:
        raise ConfigurationError(f"{place}.password", "is missing", remedy="Give password or password_hash.")
    name, email, tenants = entry.text("name"), entry.text("email"), entry.texts("tenants")
    entry.end()
    return _made(place, lambda: RealmUser(password, name, email, tenants))


def _secret(place: str, value: object) -> StoredSecret:
    if value == "":
        raise ConfigurationError(place, "must not be empty")
    if isinstance(value, str):
        return StoredSecret(value)
    entry = _Reader.of(place, value, 'a secret as text, or a table with "value" and "origins"')
    secret, origins, tenants = entry.text("value"), entry.texts("origins"), entry.texts("tenants")
    entry.end()
    return _made(place, lambda: StoredSecret(secret, origins, tenants))


def _made(place: str, make: Callable[[], _T]) -> _T:
    try:
        return make()
    except ConfigurationError as error:
        told = error.message.removeprefix(f"{error.setting}: ")
        raise ConfigurationError(f"{place}.{error.setting}", told, remedy=error.remedy) from None


def _hashed(place: str, secret: str) -> str:
    if not secret:
        raise ConfigurationError(place, "must not be empty")
    return hash_secret(secret)


class _Reader:
    """One table, read key by key; what is left over is a mistake."""

    def __init__(self, place: str, table: _Table) -> None:
        self._place = place
        self._table = dict(table)

    @classmethod
    def of(cls, place: str, value: object, wanted: str) -> _Reader:
        if not isinstance(value, dict):
            raise ConfigurationError(place, f"must be {wanted}")
        return cls(place, cast("_Table", value))

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def table(self, key: str) -> _Table:
        value = self._table.pop(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "must be a table")
        return cast("_Table", value)

    def text(self, key: str) -> str:
        value = self._table.pop(key, "")
        if not isinstance(value, str):
            raise self._wrong(key, "must be text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._table.pop(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, "must be a list of texts")
        entries = cast("list[object]", value)
        if not all(isinstance(entry, str) and entry for entry in entries):
            raise self._wrong(key, "must be a list of texts")
        return tuple(cast("list[str]", entries))

    def flag(self, key: str) -> bool:
        value = self._table.pop(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, "must be true or false")
        return value

    def seconds(self, key: str) -> int | None:
        value = self._table.pop(key, None)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self._wrong(key, "must be a whole number of seconds")
        return value

    def hashed(self, key: str) -> str | None:
        """The hash of what stands under `key`, or the one under `key_hash`; never both."""
        plain, given = key in self._table, f"{key}_hash" in self._table
        if plain and given:
            raise self._wrong(key, f"stands beside {key}_hash; give one of the two")
        if given:
            found = self.text(f"{key}_hash")
            if not is_hash(found):
                raise self._wrong(f"{key}_hash", "is no hash of agentkit.oauth.hash_secret")
            return found
        return _hashed(self._name(key), self.text(key)) if plain else None

    def end(self) -> None:
        """Refuse what nobody has read."""
        for key in self._table:
            raise self._wrong(key, "is not known", remedy="See the example in the README.")

    def _name(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def _wrong(self, key: str, message: str, remedy: str | None = None) -> ConfigurationError:
        return ConfigurationError(self._name(key), message, remedy=remedy)

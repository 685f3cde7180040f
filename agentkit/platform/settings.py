"""What a platform is told when it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, cast

from agentkit.compose import Agent
from agentkit.errors import ConfigurationError
from agentkit.interviewing import Interpreter
from agentkit.memory import Embedder
from agentkit.platform.agents.registry import RegistryEntry
from agentkit.platform.faults.rules import Faults
from agentkit.platform.origins import check_origins, has_origin
from agentkit.platform.realm.records import LONGEST, RealmClient, RealmUser
from agentkit.platform.shortfalls import Shortfall
from agentkit.platform.stored_secrets import StoredSecret
from agentkit.reasoning import Reasoner
from agentkit.specs import ExpertSpec, RemoteAgentSpec
from agentkit.web.bounds import Bounds
from agentkit.web.limits import Limits

if TYPE_CHECKING:
    from agentkit.mcp.client.pool import HttpPool

DEFAULT_URL: Final = "http://127.0.0.1:8700"
DEFAULT_SERVERS_URL: Final = "http://127.0.0.1:8701"
DEFAULT_TENANT: Final = "base"
DEFAULT_CLIENTS: Final[Mapping[str, str]] = MappingProxyType({"local-client": "local-secret"})
"""Client id and secret for development on one's own machine (LOC-04)."""

DEFAULT_TRAFFIC: Final = Limits(rate=1_000.0, burst=10_000, concurrent=2_000, concurrent_per_caller=500)
"""What no application under development comes near, and no runaway loop takes from the others."""

_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""It stands in addresses and in a header."""

_REGION: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class PlatformLimits:
    """What bounds the work and the memory of a platform.

    Attributes:
        bounds: How much one request may bring, and how long a client may take to send or to read.
        decisions: The most decisions of reasoners for one message, those of experts included.
        delegations: The most pieces of work given to experts for one message, by the agents it uses too.
        tool_calls: The most tool calls for one message.
        expert_calls: The most tool calls of one expert for one piece of work; then it fails, and the others go on.
        turn_seconds: How long the work on one message may take.
        turns_per_caller: Messages of one caller that are worked on at once; one more is answered 429.
        output_bytes: The most that the experts of one message may find and say, as JSON.
        tool_result_bytes: The largest result of one tool call; a larger one is a failure that says so.
        agent_depth: How deep agents may use agents.
        history: The most earlier turns shown to a reasoner.
        observations: The most earlier tool results shown to a reasoner.
        contexts: For how many contexts credentials and tool lists are kept in memory.
        connected_contexts: How many idle contexts keep their connections to MCP servers.
        ephemeral_lifetime: After it an ephemeral agent is deleted (V1-AGENT-05).
        context_lifetime: So long after what happened last in it a context is erased that v1 opened (CTX-04), or whose
            agent is gone; one that v2 opened is kept (CON-09).
    """

    bounds: Bounds = field(default_factory=lambda: Bounds(body=4 * 1024 * 1024, part=4 * 1024 * 1024))
    decisions: int = 64
    delegations: int = 8
    tool_calls: int = 32
    expert_calls: int = 8
    turn_seconds: float = 300.0
    turns_per_caller: int = 500
    output_bytes: int = 4 * 1024 * 1024
    tool_result_bytes: int = 512 * 1024
    agent_depth: int = 3
    history: int = 40
    observations: int = 40
    contexts: int = 1000
    connected_contexts: int = 32
    ephemeral_lifetime: timedelta = timedelta(hours=24)
    context_lifetime: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        """Refuse what no work could keep to.

        Raises:
            ConfigurationError: A limit is negative or no number; the error names it.
        """
        for limit in fields(self):
            value: object = getattr(self, limit.name)
            if isinstance(value, timedelta):
                value = value.total_seconds()
            if isinstance(value, int | float) and not value >= 0:
                raise ConfigurationError(f"limits.{limit.name}", "must not be negative")


class RemoteAgents(Protocol):
    """Makes agents that are reached over A2A; `agentkit.a2a.remote_agent` is one."""

    def __call__(self, spec: RemoteAgentSpec, *, inherit: bool, http: HttpPool) -> Agent:
        """The agent of a spec.

        Args:
            spec: Its address and name.
            inherit: Pass on the token of whoever asks.
            http: Connections to use; they stay the platform's.
        """
        ...


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """Everything a local platform can be told; each field has a default for development.

    Attributes:
        database: An SQLite file, as path or `sqlite:///` URL, or `postgresql://...`; None keeps everything in memory.
        url: The address clients use, without a path: issuer and cards are made from it.
        tenants: The realms there are (ENV-04).
        clients: Client ids, each with its secret or with all that is to be said of it (LOC-04).
        users: The people who can sign in, by username; a file for clients and users is read by
            `agentkit.platform.realm.clients_file.read_clients_file`.
        origins: Of the web pages whose scripts may call the login and the API, for example `http://localhost:3000`. By
            default none: any page could fetch a token with the client that everybody knows.
        login_url: Where tokens say they come from, in place of `{url}/realms`.
        issuer_environment: A region, for example `eu`: tokens say that they come from Corti's login there, so that
            clients that read the environment out of a token accept it (ENV-05, LOC-06). In place of `login_url`.
        token_lifetime: Seconds a token lives (AUTH-08).
        refresh_lifetime: Seconds a refresh token may wait.
        reasoner: Decides for orchestrators and experts; None takes the rules, which need no model.
        interpreter: Reads the answers in interviews; None takes the deterministic one, which needs no model (QN-E2).
        time_zone: What "today" means in interviews with people who do not tell their zone (QN-17); an IANA name.
        embedder: Lets the memory of contexts go by meaning as well as by words (extra `semantic`), for example
            `agentkit.memory.minilm.MiniLM()`.
        registry: Experts on offer beside the installed ones; one of the same name replaces an installed one. A
            `RegistryEntry` takes a configuration, too.
        expert_urls: The address of the MCP server of an installed expert, by the expert's name; the default is the
            server's place under `servers_url`.
        servers_url: Where `agentkit serve` puts the bundled MCP servers.
        http: Makes the HTTP client for calls to MCP servers; the platform closes it.
        mcp_timeout: Seconds an MCP server has for an answer.
        remote_agents: Makes the agent of an `a2a` connector (V2-OBJ-07), for example `agentkit.a2a.remote_agent`;
            without it such connectors cannot be asked.
        secrets: Stored secrets by the name that an MCP connector's `auth.ref` gives (V2-OBJ-10), each with the servers
            it is for, as `agentkit.platform.stored_secrets.StoredSecret`; a plain text is for servers on this machine.
        durable: Turns survive the process (extra `durable`; needs a database): they go on where a crash stopped them.
        secret_key: Seals static tokens: 32 bytes as URL-safe base64. None takes `AGENTKIT_SECRET_KEY`, else a key file
            beside the database (design D13).
        limits: What bounds the work.
        clock: The time, with time zone; tests move it.
        traffic: How much one caller, and all of them, may ask for at once and how often; beyond it 429.
        faults: What goes wrong on purpose, for the tests of callers; None lets nobody ask for it.
        trace_content: Keep what was asked and answered with the traces, too: for development, never with data of
            patients (design D11).
        otlp_endpoint: A collector that gets the traces, for example `http://localhost:4318` (extra `otlp`).
        faithful: Reproduce where Corti's own server falls short of its contract: everywhere, or in these points only.
    """

    database: str | Path | None = None
    url: str = DEFAULT_URL
    tenants: tuple[str, ...] = (DEFAULT_TENANT,)
    clients: Mapping[str, str | RealmClient] = field(default_factory=lambda: DEFAULT_CLIENTS, repr=False)
    users: Mapping[str, RealmUser] = field(default_factory=lambda: MappingProxyType(dict[str, RealmUser]()), repr=False)
    origins: tuple[str, ...] = ()
    login_url: str | None = None
    issuer_environment: str | None = None
    token_lifetime: int = 300
    refresh_lifetime: int = 1800
    reasoner: Reasoner | None = None
    interpreter: Interpreter | None = None
    time_zone: str = "UTC"
    embedder: Embedder | None = None
    registry: tuple[ExpertSpec | RegistryEntry, ...] = ()
    expert_urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(dict[str, str]()))
    servers_url: str = DEFAULT_SERVERS_URL
    http: Callable[[], HttpPool] | None = None
    mcp_timeout: float = 30.0
    remote_agents: RemoteAgents | None = None
    secrets: Mapping[str, str | StoredSecret] = field(
        default_factory=lambda: MappingProxyType(dict[str, str]()), repr=False
    )
    durable: bool = False
    secret_key: str | None = field(default=None, repr=False)
    limits: PlatformLimits = PlatformLimits()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    traffic: Limits = DEFAULT_TRAFFIC
    faults: Faults | None = None
    trace_content: bool = False
    otlp_endpoint: str | None = None
    faithful: bool | frozenset[Shortfall] = False

    def __post_init__(self) -> None:
        """Refuse settings that could only fail later.

        Raises:
            ConfigurationError: A setting does not fit; the error names it.
        """
        if not has_origin(self.url):
            raise ConfigurationError("url", "must be an absolute http or https URL", remedy=f"Try {DEFAULT_URL}.")
        if not self.tenants or not all(_TENANT.fullmatch(tenant) for tenant in self.tenants):
            raise ConfigurationError(
                "tenants", "at least one is needed, of letters, digits, dots, hyphens, underscores"
            )
        if not all(client and secret for client, secret in self.clients.items()):
            raise ConfigurationError("clients", "every client needs an id and a secret")
        self._check_login()
        if self.durable and self.database is None:
            raise ConfigurationError("durable", "needs a database", remedy="Give a file to keep what was done in.")
        if self.mcp_timeout <= 0:
            raise ConfigurationError("mcp_timeout", "must be more than zero seconds")
        check_origins(self.origins)
        for name, secret in self.secrets.items():
            if not secret:
                raise ConfigurationError(f"secrets.{name}", "is empty")
        if not _is_faithfulness(self.faithful):
            raise ConfigurationError(
                "faithful", "must be True, False, or a set of shortfalls", remedy=f"Known are {', '.join(Shortfall)}."
            )

    def _check_login(self) -> None:
        for name in ("token_lifetime", "refresh_lifetime"):
            if not 1 <= getattr(self, name) <= LONGEST:
                raise ConfigurationError(name, f"must be from 1 to {LONGEST} seconds")
        if self.issuer_environment is not None:
            if self.login_url is not None:
                raise ConfigurationError("issuer_environment", "was given beside login_url", remedy="Give one of them.")
            if not _REGION.fullmatch(self.issuer_environment):
                raise ConfigurationError("issuer_environment", "is no region", remedy="Corti's are eu and us.")
        for table, entries in (("clients", self.clients), ("users", self.users), ("secrets", self.secrets)):
            for name, one in entries.items():
                if not isinstance(one, str) and (foreign := {*one.tenants} - {*self.tenants}):
                    text = f"names {min(foreign)}, which is none of the tenants"
                    raise ConfigurationError(f"{table}.{name}.tenants", text)

    def issuer(self, tenant: str) -> str:
        """Where the tokens of a tenant say they come from: the login URL with the realm (LOC-06)."""
        if self.issuer_environment is not None:
            return f"https://auth.{self.issuer_environment}.corti.app/realms/{tenant}"
        return f"{(self.login_url or self.url.rstrip('/') + '/realms').rstrip('/')}/{tenant}"

    def falls_short(self, shortfall: Shortfall) -> bool:
        """The platform does here as little as Corti's own server does."""
        return self.faithful if isinstance(self.faithful, bool) else shortfall in self.faithful


def _is_faithfulness(value: object) -> bool:
    if isinstance(value, set | frozenset):
        return frozenset(Shortfall).issuperset(cast("frozenset[object]", value))
    return isinstance(value, bool)

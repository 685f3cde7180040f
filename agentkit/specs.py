"""What an author writes: agents, experts and the MCP servers they use.

A spec says what shall be; `agentkit.models` says what a server answers. Specs are frozen, checked on construction, and
know nothing of a wire generation. They are plain dataclasses: pydantic alone would cost more than `import httpx2`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from agentkit.errors import SpecError

if TYPE_CHECKING:
    from agentkit.models import JsonObject

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class Authorization(StrEnum):
    """How an MCP server wants to be authorized (V1-OBJ-05, section 10)."""

    NONE = "none"
    BEARER = "bearer"
    INHERIT = "inherit"
    OAUTH2 = "oauth2.0"


class Transport(StrEnum):
    """How an MCP server is reached (V1-OBJ-05)."""

    STREAMABLE_HTTP = "streamable_http"
    SSE = "sse"
    STDIO = "stdio"


class AgentType(StrEnum):
    """What kind of agent Corti makes (V1-OBJ-01)."""

    ORCHESTRATOR = "orchestrator"
    EXPERT = "expert"
    INTERVIEWING_EXPERT = "interviewing-expert"


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServerSpec:
    """An MCP server that an expert uses.

    Attributes:
        name: The name credentials are bound to (`mcp_name`); unique within an agent.
        url: The server's address.
        authorization: How it wants to be authorized.
        transport: How it is reached; `oauth2.0` needs `streamable_http` (MCPAUTH-07).
        scope: The OAuth scope to ask for.
        redirect_url: For user grants.
        description: What the server is for.
        token: A static bearer kept by Corti (V1-OBJ-05), hidden in the repr; prefer a `Token` per conversation.

    Raises:
        SpecError: A field is wrong; the error names it.
    """

    name: str
    url: str
    authorization: Authorization = Authorization.NONE
    transport: Transport = Transport.STREAMABLE_HTTP
    scope: str | None = None
    redirect_url: str | None = None
    description: str | None = None
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check the fields."""
        _words(self, "name")
        _http_url(self, "url")
        _set(self, "authorization", _word(self, "authorization", Authorization))
        _set(self, "transport", _word(self, "transport", Transport))
        _optional_texts(self, "scope", "redirect_url", "description", "token")
        if self.authorization is Authorization.OAUTH2 and self.transport is not Transport.STREAMABLE_HTTP:
            raise SpecError("McpServerSpec.authorization", "oauth2.0 needs the transport streamable_http")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertSpec:
    """A custom expert: MCP servers under a prompt (EXP-01).

    Attributes:
        name: Unique within the agent.
        description: What it is good for; the orchestrator chooses by it.
        prompt: How it shall work; None leaves it to the server.
        servers: The MCP servers it uses.

    Raises:
        SpecError: A field is wrong; the error names it.
    """

    name: str
    description: str
    prompt: str | None = None
    servers: Sequence[McpServerSpec] = ()

    def __post_init__(self) -> None:
        """Check the fields."""
        _words(self, "name")
        _words(self, "description")
        _optional_texts(self, "prompt")
        _set(self, "servers", _items(self, "servers", McpServerSpec))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertReferenceSpec:
    """An expert of the registry, or another agent, used as an expert (V1-OBJ-04, V1-AGENT-06).

    Attributes:
        id: Wins over the name.
        name: Of the registry entry.
        prompt: Appended to the registry prompt.
        config: Merged over the registry defaults.

    Raises:
        SpecError: A field is wrong, or neither id nor name is given.
    """

    id: str | None = None
    name: str | None = None
    prompt: str | None = None
    config: JsonObject | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        _optional_texts(self, "id", "name", "prompt")
        if not self.id and not self.name:
            raise SpecError("ExpertReferenceSpec.name", "give the id or the name of the expert")


AnyExpert = ExpertSpec | ExpertReferenceSpec | str
"""A custom expert, a reference, or the name of a registry expert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """An agent: an orchestrator with experts.

    Attributes:
        name: The agent's name.
        description: What it is for.
        prompt: The orchestrator's prompt; None takes the server's default.
        experts: Custom experts, references, or names of registry experts.
        servers: MCP servers of the agent itself (V1-OBJ-01).
        agent_type: None takes the server's default.
        ephemeral: Hidden from lists and deleted by the server in time (V1-AGENT-05).

    Raises:
        SpecError: A field is wrong, or two experts or two MCP servers share a name.
    """

    name: str
    description: str
    prompt: str | None = None
    experts: Sequence[AnyExpert] = ()
    servers: Sequence[McpServerSpec] = ()
    agent_type: AgentType | None = None
    ephemeral: bool = False

    def __post_init__(self) -> None:
        """Check the fields."""
        _words(self, "name")
        _words(self, "description")
        _optional_texts(self, "prompt")
        _set(self, "experts", _items(self, "experts", ExpertSpec, ExpertReferenceSpec, str))
        _set(self, "servers", _items(self, "servers", McpServerSpec))
        if self.agent_type is not None:
            _set(self, "agent_type", _word(self, "agent_type", AgentType))
        _check_names("AgentSpec", self.experts, self.servers)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanges:
    """What to change about an agent; None leaves a field as it is, a sequence replaces the old one (V1-AGENT-03).

    Raises:
        SpecError: A field is wrong, or two experts or two MCP servers share a name.
    """

    name: str | None = None
    description: str | None = None
    prompt: str | None = None
    experts: Sequence[AnyExpert] | None = None
    servers: Sequence[McpServerSpec] | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        for name in ("name", "description"):
            if getattr(self, name) is not None:
                _words(self, name)
        _optional_texts(self, "prompt")
        if self.experts is not None:
            _set(self, "experts", _items(self, "experts", ExpertSpec, ExpertReferenceSpec, str))
        if self.servers is not None:
            _set(self, "servers", _items(self, "servers", McpServerSpec))
        _check_names("AgentChanges", self.experts or (), self.servers or ())


def _check_names(root: str, experts: Sequence[AnyExpert], servers: Sequence[McpServerSpec]) -> None:
    """Names must be unique over the whole agent: credentials are bound to the server's, delegation to the expert's."""
    seen_experts: set[str] = set()
    seen_servers: set[str] = set()
    _check_servers(f"{root}.servers", servers, seen_servers)
    for index, expert in enumerate(experts):
        if not isinstance(expert, ExpertSpec):
            continue
        if expert.name in seen_experts:
            raise SpecError(f"{root}.experts[{index}].name", f"another expert is called {expert.name!r}")
        seen_experts.add(expert.name)
        _check_servers(f"{root}.experts[{index}].servers", expert.servers, seen_servers)


def _check_servers(path: str, servers: Sequence[McpServerSpec], seen: set[str]) -> None:
    for index, server in enumerate(servers):
        name = server.name.strip()
        if name in seen:
            raise SpecError(
                f"{path}[{index}].name",
                f"another MCP server is called {name!r}",
                remedy="Credentials are bound to the name, so it must be unique within the agent.",
            )
        seen.add(name)


def _at(spec: object, name: str) -> str:
    return f"{type(spec).__name__}.{name}"


def _set(spec: object, name: str, value: object) -> None:
    object.__setattr__(spec, name, value)


def _words(spec: object, name: str) -> None:
    value: object = getattr(spec, name)
    if not isinstance(value, str) or not value.strip():
        raise SpecError(_at(spec, name), "must be a text that is not empty")


def _optional_texts(spec: object, *names: str) -> None:
    for name in names:
        value: object = getattr(spec, name)
        if value is not None and not isinstance(value, str):
            raise SpecError(_at(spec, name), "must be a text or None")


def _word(spec: object, name: str, words: type[E]) -> E:
    try:
        return words(getattr(spec, name))
    except ValueError:
        known = ", ".join(repr(word.value) for word in words)
        raise SpecError(_at(spec, name), f"must be one of {known}") from None


def _items(spec: object, name: str, *kinds: type[T]) -> tuple[T, ...]:
    value: object = getattr(spec, name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise SpecError(_at(spec, name), "must be a list")
    items: list[T] = []
    for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if not isinstance(item, kinds) or item == "":
            known = ", ".join(kind.__name__ for kind in kinds)
            raise SpecError(f"{_at(spec, name)}[{index}]", f"must be one of: {known}")
        items.append(item)
    return tuple(items)


def _http_url(spec: object, name: str) -> None:
    value: object = getattr(spec, name)
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc:
        raise SpecError(_at(spec, name), "must be an absolute http or https URL")
    if parts.username or parts.password or parts.query:
        raise SpecError(
            _at(spec, name),
            "must hold no user, password or query",
            remedy="Credentials travel as Token or ClientCredentials.",
        )

"""Who works for an agent, as data: its experts, the agents it uses, its outputs, and the MCP servers behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import SecretStr

from agentkit.errors import SpecError
from agentkit.models import JsonObject
from agentkit.specs import Authorization, Transition, Transport


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """An MCP server as it is reached.

    Attributes:
        name: What credentials are bound to, trimmed (MCPAUTH-03).
        scope: The OAuth scope to ask for.
        ref: The name of a stored secret (V2-OBJ-10).
        token: Its static bearer, where it has one (V1-OBJ-05).
    """

    name: str
    url: str
    authorization: Authorization
    transport: Transport = Transport.STREAMABLE_HTTP
    scope: str | None = None
    ref: str | None = None
    token: SecretStr | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """A tool of the agent itself, whose call ends the turn (V2-OBJ-08)."""

    name: str
    schema: JsonObject = field(repr=False)
    description: str = ""
    transition: Transition = Transition.COMPLETE


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """Somebody who works: the agent itself, or one to whom work can be delegated.

    Attributes:
        id: Of the connector, or of the agent at the top; stable while the connector is unchanged.
        name: Unique among its siblings.
        description: What it is good for; the orchestrator chooses by it.
        prompt: How it shall work.
        servers: The MCP servers whose tools it has, for an expert.
        members: Who works for it, for an agent.
        outputs: The tools that end its turn, for an agent.
        url: Where it is, for an agent that is reached over A2A (V2-OBJ-07).
        is_agent: It decides who works and does no specialist work itself (ORCH-01).
        recalls: It searches the memory of the context.
        interviews: It leads the user through questionnaires (section 13).
        gone: Why it cannot be asked: what it referred to is not there any more.
    """

    id: str
    name: str
    description: str = ""
    prompt: str = field(default="", repr=False)
    servers: tuple[ServerPlan, ...] = ()
    members: tuple[MemberPlan, ...] = ()
    outputs: tuple[OutputPlan, ...] = ()
    url: str | None = None
    is_agent: bool = False
    recalls: bool = False
    interviews: bool = False
    gone: str | None = None

    def all_servers(self) -> Iterator[ServerPlan]:
        """The MCP servers of the whole tree, each name once."""
        seen: set[str] = set()
        for server in self.every_server():
            if server.name not in seen:
                seen.add(server.name)
                yield server

    def every_server(self) -> Iterator[ServerPlan]:
        """The MCP servers of the whole tree as they stand there."""
        yield from self.servers
        for member in self.members:
            yield from member.every_server()

    def every_remote(self) -> Iterator[MemberPlan]:
        """The agents of the whole tree that are reached over A2A."""
        if self.url is not None:
            yield self
        for member in self.members:
            yield from member.every_remote()


def refuse_ambiguous_names(plan: MemberPlan) -> None:
    """Credentials are bound to names, so one name must not stand for two places.

    Raises:
        SpecError: Two MCP servers at different addresses share a name, so a credential could reach the wrong one.
    """
    places: dict[str, str] = {}
    for server in plan.every_server():
        if places.setdefault(server.name, server.url) != server.url:
            raise SpecError(
                "mcpServers",
                f"two MCP servers of this agent and the agents it uses are called {server.name!r}",
                remedy="Rename one of them: credentials are bound to the name.",
            )

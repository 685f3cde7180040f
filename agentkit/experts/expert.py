"""An expert as its author writes it: functions and a prompt, or an installed server and a prompt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, TypeVar, Unpack, overload

from agentkit.errors import SpecError
from agentkit.experts.checks import check_own_server, check_texts, read_authorization, read_name
from agentkit.experts.events import WorkerResult
from agentkit.experts.options import SessionOptions
from agentkit.experts.prompt import read_prompt
from agentkit.experts.session import ExpertSession
from agentkit.specs import Authorization, ExpertSpec, McpServerSpec

if TYPE_CHECKING:
    from agentkit.mcp import ToolServer
    from agentkit.models import Message

_F = TypeVar("_F", bound=Callable[..., Awaitable[object]])


class ToolOptions(TypedDict, total=False):
    """What `Expert.tool` may be told about a tool; the same as `ToolServer.tool`, which explains each."""

    name: str | None
    title: str | None
    read_only: bool
    idempotent: bool | None
    destructive: bool
    open_world: bool
    timeout: float
    input_limit: int
    output_limit: int
    scopes: Sequence[str]


class Expert:
    """An expert: what it is good for, how it works, and its tools.

    It has tools of its own, or those of an installed MCP server. It can be registered (`spec`), served
    (`agentkit.serve`, `agentkit serve module:expert`) and asked directly (`call`).

    Example:
        ```python
        expert = Expert("lab-lookup", description="Looks up laboratory results.", prompt=Path("prompt.md"))

        @expert.tool
        async def latest_results(patient: str, codes: list[str] | None = None) -> LabPage:
            "The latest results of a patient."
        ```

    Attributes:
        name: Its name in an agent.
        description: What it is good for; an orchestrator chooses by it.
        prompt: How it shall work; None leaves it to the platform.
        server_name: The name its MCP server is registered under; credentials are bound to it.
        authorization: How that server wants to be authorized where nothing else is said.
        installed_server: The entry point of the server whose tools it uses; None when it has tools of its own.
        version: Of its own server.
    """

    def __init__(
        self,
        name: str,
        *,
        description: str,
        prompt: str | Path | None = None,
        server: str | None = None,
        server_name: str | None = None,
        authorization: Authorization | str = Authorization.BEARER,
        title: str | None = None,
        version: str = "",
        instructions: str | None = None,
        lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None,
        max_concurrency: int | None = None,
    ) -> None:
        """Describe an expert; tools are added with `tool`.

        Args:
            name: Its name: letters, digits, `.`, `_` and `-`, at most 64. It is part of its address.
            description: What it is good for.
            prompt: How it shall work: a text, or the file of it (UTF-8; a relative path begins at the working
                directory).
            server: The entry point under `agentkit.servers` whose tools it uses, instead of tools of its own.
            server_name: The name its MCP server is registered under; by default `server`, else the expert's name.
            authorization: How its server wants to be authorized.
            title: Names its own server for people.
            version: Of its own server.
            instructions: How a model should use its own server; the description where none are given.
            lifespan: Entered when its own server starts, or a direct session begins; left at the end.
            max_concurrency: How many calls of its own tools may run at once; None is any number.

        Raises:
            SpecError: An argument does not fit; the error names it.
        """
        self.name: Final = read_name("Expert.name", name)
        check_texts({"description": description}, {"title": title, "version": version, "instructions": instructions})
        check_own_server(server, lifespan=lifespan, instructions=instructions, max_concurrency=max_concurrency)
        self.description: Final = description
        self.prompt: Final = read_prompt("Expert.prompt", prompt)
        self.installed_server: Final = None if server is None else read_name("Expert.server", server)
        self.server_name: Final = read_name(
            "Expert.server_name", (server or name) if server_name is None else server_name
        )
        self.authorization: Final = read_authorization("Expert.authorization", authorization)
        self.version: Final = version
        self._title = title
        self._instructions = instructions
        self._lifespan = lifespan or nullcontext
        self._max_concurrency = max_concurrency
        self._server: ToolServer | None = None

    def __repr__(self) -> str:
        """Name and where the tools come from."""
        own = list(self._server.tool_names) if self._server and self.installed_server is None else []
        tools = f"server={self.installed_server!r}" if self.installed_server else f"tools={own}"
        return f"Expert({self.name!r}, {tools})"

    @property
    def server(self) -> ToolServer:
        """The MCP server with its tools; an installed one is made on first use, over its default database.

        Raises:
            SpecError: The expert has no tools, or its installed server cannot be loaded.
        """
        if self._server is None:
            if self.installed_server is None:
                raise SpecError(
                    f"Expert({self.name!r})",
                    "has no tools",
                    remedy="Decorate async functions with @expert.tool, or name an installed server with server=...",
                )
            from agentkit.experts.discovery import load_server  # here, because it knows experts

            self._server = load_server(self.installed_server)(None)
        return self._server

    @property
    def loaded_server(self) -> ToolServer | None:
        """Its server where it is at hand: tools of its own, or an installed one that was used before."""
        return self._server

    @overload
    def tool(self, function: _F, /) -> _F: ...

    @overload
    def tool(self, /, **options: Unpack[ToolOptions]) -> Callable[[_F], _F]: ...

    def tool(self, function: _F | None = None, /, **options: Unpack[ToolOptions]) -> _F | Callable[[_F], _F]:
        """Make an async function a tool: `@expert.tool`, or `@expert.tool(title=..., timeout=...)`.

        Args:
            function: The function, where the decorator stands without parentheses.
            options: As `agentkit.mcp.ToolServer.tool` takes them.

        Returns:
            The function as it is, or a decorator that leaves it so.

        Raises:
            SpecError: The function cannot be a tool, its name is taken, or the expert uses an installed server.
        """
        if self.installed_server is not None:
            raise SpecError(
                f"Expert({self.name!r}).tool",
                f"it uses the tools of the server {self.installed_server} and can have none of its own",
                remedy="Leave server= out, or add the tool to that server.",
            )
        register = self._own_server().tool(**options)
        return register if function is None else register(function)

    def spec(
        self,
        url: str,
        *,
        authorization: Authorization | str | None = None,
        scope: str | None = None,
        server_name: str | None = None,
    ) -> ExpertSpec:
        """The expert as an agent takes it.

        Args:
            url: The address of its MCP server.
            authorization: How that server wants to be authorized; None takes the expert's.
            scope: The OAuth scope to ask for.
            server_name: Another name to register the server under.

        Raises:
            SpecError: The address or a name does not fit.
        """
        chosen = self.authorization if authorization is None else read_authorization("authorization", authorization)
        server = McpServerSpec(name=server_name or self.server_name, url=url, authorization=chosen, scope=scope)
        return ExpertSpec(name=self.name, description=self.description, prompt=self.prompt, servers=(server,))

    def session(self, **options: Unpack[SessionOptions]) -> ExpertSession:
        """A conversation with the expert, without an agent and without Corti: `async with expert.session() as session`.

        Args:
            options: Who decides, where the tools are, and what was said before; see `SessionOptions`.

        Raises:
            SpecError: The expert has no tools, or an option does not fit.
        """
        return ExpertSession(self, **options)

    async def call(self, message: str | Message, **options: Unpack[SessionOptions]) -> WorkerResult:
        """Ask the expert one thing, without an agent and without Corti.

        Its own tools are called in this process, with the limits and checks that hosting has; with `url` they are
        called where they are served.

        Args:
            message: What to say.
            options: As for `session`.

        Returns:
            Text, state, data and steps; look at the `state`.

        Raises:
            McpAuthRequired: The server at `url` wants another credential, or any.
            SpecError: The expert has no tools, an option does not fit, or the message says nothing.
            AgentKitError: The reasoner cannot go on.
        """
        async with self.session(**options) as session:
            return await session.call(message)

    def _own_server(self) -> ToolServer:
        if self._server is None:
            from agentkit.mcp import ToolServer  # here, because an expert without functions needs no MCP SDK

            self._server = ToolServer(
                self.server_name,
                title=self._title,
                description=self.description,
                instructions=self._instructions,
                version=self.version,
                lifespan=self._lifespan,
                max_concurrency=self._max_concurrency,
            )
        return self._server

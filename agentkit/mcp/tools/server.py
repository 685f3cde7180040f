"""An MCP server of tools: functions in, schemas, limits and neutral errors out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final, TypeVar, overload

from mcp_types import ToolAnnotations

from agentkit.errors import SpecError
from agentkit.mcp.hosting.stdio import stdio_streams
from agentkit.mcp.logs import withhold_content
from agentkit.mcp.tools.guarded import GuardedServer, Limits
from agentkit.mcp.tools.running import Lifespan, SharedLifespan

DEFAULT_TIMEOUT: Final = 30.0
DEFAULT_INPUT_LIMIT: Final = 100_000
DEFAULT_OUTPUT_LIMIT: Final = 400_000

_F = TypeVar("_F", bound=Callable[..., Awaitable[object]])


class ToolServer:
    """An MCP server made of async functions.

    A tool's docstring is its description and is text for the model (MCP-SRV-02); its `Args` section, or
    `Annotated[..., Field(description="...")]`, describes the parameters. The schema of what it returns becomes the
    output schema: a pydantic model, dataclass, TypedDict or dict as it is, a list or a text under `result`. A result
    with a method `to_text() -> str` decides the readable text itself. Every call has limits of time and size. Failures
    have one shape (`ToolError`); what an unexpected exception says stays on the server and out of its log (MCP-LOG-02).

    Example:
        ```python
        server = ToolServer("loans", version="1.0")

        @server.tool
        async def find_book(title: Annotated[str, Field(description="Words of the title")]) -> Books:
            "Find books by their title."
        ```
    """

    def __init__(
        self,
        name: str,
        *,
        title: str | None = None,
        description: str | None = None,
        instructions: str | None = None,
        version: str = "",
        lifespan: Lifespan = nullcontext,
        max_concurrency: int | None = None,
    ) -> None:
        """Make a server without tools; the logging configuration of the process stays as it is (MCP-LOG-01).

        Args:
            name: Names the server for programs.
            title: Names it for people.
            description: What it is for.
            instructions: How a model should use it; the description where none are given.
            version: Of the server.
            lifespan: Entered when something begins to serve the server, left when nothing does any more: once, however
                many apps and paths there are. What it raises keeps the app from starting. The SDK's in-process client
                does not enter it.
            max_concurrency: How many calls of its tools may run at once, in all apps together; one more is a failure
                with the code `busy` that says when to try again. None is any number.

        Raises:
            SpecError: The name is empty, or no call may run.
        """
        if not name.strip():
            raise SpecError("ToolServer.name", "must not be empty")
        if max_concurrency is not None and max_concurrency < 1:
            raise SpecError("ToolServer.max_concurrency", "must be positive")
        self._lifespan = SharedLifespan(lifespan)
        self._mcp = GuardedServer(
            name,
            max_concurrency,
            title=title,
            description=description,
            instructions=instructions or description,
            version=version,
        )

    @property
    def name(self) -> str:
        """The server's name."""
        return self._mcp.name

    @property
    def title(self) -> str | None:
        """The name for people."""
        return self._mcp.title

    @property
    def description(self) -> str | None:
        """What the server is for."""
        return self._mcp.description

    @property
    def instructions(self) -> str | None:
        """How a model should use the server; the description where none were given."""
        return self._mcp.instructions

    @property
    def version(self) -> str:
        """The server's version."""
        return self._mcp.version

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The tools in the order in which they were registered and are listed (MCP-SRV-03)."""
        return self._mcp.tool_names

    @property
    def is_read_only(self) -> bool:
        """None of its tools changes anything, as their authors said."""
        return self._mcp.is_read_only

    @property
    def tool_scopes(self) -> frozenset[str]:
        """The scopes that single tools need, besides those of the server."""
        return self._mcp.tool_scopes

    @property
    def mcp(self) -> GuardedServer:
        """The MCP server underneath, for in-process clients and for what this class does not offer."""
        return self._mcp

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Enter the server's lifespan, unless somebody is in it already; the last who leaves leaves it."""
        return self._lifespan.held()

    async def run_stdio(self, *, grace: float = 10.0) -> None:
        """Serve one client over stdin and stdout, until it closes its end or the process is told to stop.

        Returns when stdin ends or SIGTERM or SIGINT arrives; calls that run then have `grace` seconds to finish. What
        tools and libraries print goes to stderr meanwhile; what is printed before it is called may spoil the wire.
        There is no authorization (MCP-AUTH-09).

        Raises:
            Exception: What entering the lifespan raises.
        """
        withhold_content()
        async with stdio_streams(grace) as (incoming, outgoing), self.lifespan():
            await self._mcp.serve(incoming, outgoing)

    async def drain(self, grace: float) -> None:
        """Before the lifespan is left: let running calls finish within `grace` seconds, then cancel them.

        Does nothing while something else serves the server too.
        """
        if self._lifespan.holders <= 1:
            await self._mcp.calls.drain(grace)

    def __repr__(self) -> str:
        """Name and tools."""
        return f"ToolServer({self.name!r}, tools={list(self.tool_names)})"

    @overload
    def tool(self, function: _F) -> _F: ...

    @overload
    def tool(
        self,
        function: None = None,
        *,
        name: str | None = None,
        title: str | None = None,
        read_only: bool = True,
        idempotent: bool | None = None,
        destructive: bool = False,
        open_world: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        input_limit: int = DEFAULT_INPUT_LIMIT,
        output_limit: int = DEFAULT_OUTPUT_LIMIT,
        scopes: Sequence[str] = (),
    ) -> Callable[[_F], _F]: ...

    def tool(
        self,
        function: _F | None = None,
        *,
        name: str | None = None,
        title: str | None = None,
        read_only: bool = True,
        idempotent: bool | None = None,
        destructive: bool = False,
        open_world: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        input_limit: int = DEFAULT_INPUT_LIMIT,
        output_limit: int = DEFAULT_OUTPUT_LIMIT,
        scopes: Sequence[str] = (),
    ) -> _F | Callable[[_F], _F]:
        """Register an async function as a tool: `@server.tool`, or with options `@server.tool(title="...")`.

        Args:
            function: The function, where the decorator has no options.
            name: The tool's name; the function's name when left out.
            title: The name for people.
            read_only: The tool changes nothing. Callers rely on it: a call whose answer was lost is sent again, and
                `agentkit experts verify` tries wrong arguments. A tool that writes, orders or sends says False.
            idempotent: Repeating a call changes nothing more; by default what `read_only` says.
            destructive: The tool may delete or overwrite.
            open_world: The tool reaches beyond this server's own data.
            timeout: Seconds one call may take.
            input_limit: Characters that the arguments of one call may have together.
            output_limit: Bytes that text and structured content of one answer may have together, each as UTF-8.
            scopes: Scopes that the token of a caller needs for this tool, besides those of the server. The tool is
                listed for everybody; without the scope a call fails with the code `insufficient-scope`. A static token
                and an API key have no scopes. Without authorization nothing is checked.

        Returns:
            The function as it is, or a decorator that leaves it as it is.

        Raises:
            SpecError: The function is not async, has no docstring, has a parameter or a result that no JSON schema
                describes, its name is taken, a limit is not positive, or the scopes are one text.
        """
        if function is not None and not callable(function):
            problem = f"is a {type(function).__name__}; it must be an async function"
            raise SpecError(f"{self.name}.tool", problem, remedy="Options are given by name: tool(name=...).")
        if isinstance(scopes, str):
            raise SpecError(f"{self.name}.scopes", "is one text", remedy='Give a tuple, for example ("labs.write",).')
        self._check_kinds(str, name=name, title=title)
        self._check_kinds(
            bool, read_only=read_only, idempotent=idempotent, destructive=destructive, open_world=open_world
        )
        self._check_kinds(float, timeout=timeout, input_limit=input_limit, output_limit=output_limit)
        self._check_kinds(str, **{f"scopes[{number}]": scope for number, scope in enumerate(scopes)})
        annotations = ToolAnnotations(
            title=title,
            read_only_hint=read_only,
            idempotent_hint=read_only if idempotent is None else idempotent,
            destructive_hint=destructive,
            open_world_hint=open_world,
        )
        limits = Limits(timeout, input_limit, output_limit, frozenset(scopes))

        def register(function: _F) -> _F:
            self._mcp.register(function, name, title, annotations, limits)
            return function

        return register if function is None else register(function)

    def _check_kinds(self, kind: type[object], **options: object) -> None:
        """Refuse options of another kind; the SDK's own errors for them name neither server nor option."""
        allowed = (int, float) if kind is float else (kind,)
        for option, value in options.items():
            if value is not None and (not isinstance(value, allowed) or (kind is float and isinstance(value, bool))):
                raise SpecError(f"{self.name}.{option}", f"is a {type(value).__name__}; it must be a {kind.__name__}")

"""An MCP server of tools: functions in, schemas, limits and neutral errors out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from typing import Final, ParamSpec, TypeVar

from mcp.server import MCPServer
from mcp_types import ToolAnnotations

from agentkit.errors import SpecError
from agentkit.mcp.guarded import GuardedServer, Limits

DEFAULT_TIMEOUT: Final = 30.0
DEFAULT_OUTPUT_LIMIT: Final = 400_000

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
"""What a server opens and closes with the app that hosts it."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


class ToolServer:
    """An MCP server made of async functions.

    A tool's docstring is its description and is text for the model (MCP-SRV-02). It returns a pydantic model, whose
    schema becomes the output schema; a model with a method `to_text() -> str` decides the readable text itself.
    Every call has a time limit and a size limit. Failures have one shape (`ToolError`); what an unexpected exception
    says stays on the server and out of its log (MCP-LOG-02).

    Example:
        ```python
        server = ToolServer("loans", version="1.0")

        @server.tool(title="Find a book")
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
    ) -> None:
        """Make a server without tools; the logging configuration of the process stays as it is (MCP-LOG-01).

        Args:
            name: Names the server for programs.
            title: Names it for people.
            description: What it is for.
            instructions: How a model should use it; the description where none are given.
            version: Of the server.
            lifespan: Entered when the app that hosts the server starts, left when it stops; what it raises keeps the
                app from starting. In-process clients do not enter it.

        Raises:
            SpecError: The name is empty.
        """
        if not name.strip():
            raise SpecError("ToolServer.name", "must not be empty")
        self.lifespan = lifespan
        with _root_logger_untouched():
            self._mcp = GuardedServer(
                name, title=title, description=description, instructions=instructions or description, version=version
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
        return tuple(self._mcp.limits)

    @property
    def mcp(self) -> MCPServer:
        """The MCP server underneath, for in-process clients and for what this class does not offer."""
        return self._mcp

    def __repr__(self) -> str:
        """Name and tools."""
        return f"ToolServer({self.name!r}, tools={list(self.tool_names)})"

    def tool(
        self,
        *,
        name: str | None = None,
        title: str | None = None,
        read_only: bool = True,
        idempotent: bool | None = None,
        destructive: bool = False,
        open_world: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        output_limit: int = DEFAULT_OUTPUT_LIMIT,
    ) -> Callable[[Callable[_P, Awaitable[_R]]], Callable[_P, Awaitable[_R]]]:
        """Register an async function as a tool.

        Args:
            name: The tool's name; the function's name when left out.
            title: The name for people.
            read_only: The tool changes nothing.
            idempotent: Repeating a call changes nothing more; by default what `read_only` says.
            destructive: The tool may delete or overwrite.
            open_world: The tool reaches beyond this server's own data.
            timeout: Seconds one call may take.
            output_limit: Characters that text and structured content of one answer may have together.

        Returns:
            A decorator that leaves the function as it is.

        Raises:
            SpecError: The function is not async, has no docstring, has an undescribed parameter, or its name is taken.
        """
        annotations = ToolAnnotations(
            title=title,
            read_only_hint=read_only,
            idempotent_hint=read_only if idempotent is None else idempotent,
            destructive_hint=destructive,
            open_world_hint=open_world,
        )

        def register(function: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
            self._mcp.register(function, name, title, annotations, Limits(timeout, output_limit))
            return function

        return register


@contextmanager
def _root_logger_untouched() -> Generator[None]:
    """The SDK calls `logging.basicConfig`, which does nothing while the root logger has a handler."""
    root = logging.getLogger()
    guard = logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)

"""What goes wrong with an MCP server."""

from __future__ import annotations

from agentkit.errors.base import AgentKitError


class McpError(AgentKitError):
    """An MCP server could not be used; `server` is its registered name or address without query."""

    def __init__(self, server: str, message: str, *, remedy: str | None = None) -> None:
        """Name the server."""
        super().__init__(f"MCP server {server}: {message}", remedy=remedy)
        self.server = server


class McpAuthRequired(McpError):
    """The server answered 401 or 403.

    Attributes:
        status: 401 or 403, or None when no request was sent because the credential is missing.
        challenge: The `WWW-Authenticate` header of the answer, or None.
    """

    def __init__(
        self,
        server: str,
        message: str,
        *,
        status: int | None = None,
        challenge: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Keep status and challenge."""
        super().__init__(server, message, remedy=remedy)
        self.status = status
        self.challenge = challenge


class McpUnreachable(McpError):
    """No connection to the server, or it broke during the call."""


class McpTimeout(McpError):
    """The server did not answer within the time limit."""


class McpProtocolError(McpError):
    """The server answered something that is not MCP."""


class ToolFailed(McpError):
    """The tool reported a failure (`isError`).

    The tool's own text may hold patient data, so it is kept beside the message, in `tool_text`, and never in `str()`.

    Attributes:
        tool: The tool's name.
        tool_text: What the tool said; for the reasoner, not for logs.
        code: The machine-readable code of the tool's error body, when it has one.
    """

    def __init__(self, server: str, tool: str, tool_text: str, *, code: str | None = None) -> None:
        """Keep the tool's text apart from the message."""
        super().__init__(server, f"tool {tool} failed{f' ({code})' if code else ''}")
        self.tool = tool
        self.tool_text = tool_text
        self.code = code

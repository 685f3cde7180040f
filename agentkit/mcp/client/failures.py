"""What goes wrong with a call, in our errors."""

from __future__ import annotations

from typing import Final

from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, REQUEST_TIMEOUT

from agentkit.errors import McpError, McpProtocolError, McpTimeout, McpUnreachable
from agentkit.mcp.client.exchange import Exchange

SAID_BY_SERVER: Final = "withheld"
"""Stands for the text of a protocol error that a server wrote."""

_LARGEST_CODE: Final = 2**31


def typed_error(server: str, error: Exception, exchange: Exchange) -> McpError:
    """What a failed attempt is for the caller, without a word of the server."""
    if isinstance(error, McpError):
        return error
    if exchange.session_lost:
        return McpUnreachable(server, "it has forgotten the session.")
    if exchange.failure is not None:
        return exchange.failure
    if not isinstance(error, MCPError):
        # The text of these errors quotes the answer.
        return McpProtocolError(server, f"its answer does not fit ({type(error).__name__}).")
    said = error.message == SAID_BY_SERVER  # servers use the SDK's own codes, too
    if error.code == REQUEST_TIMEOUT and not said:
        return McpTimeout(server, "it did not answer in time.")
    if exchange.status is not None and exchange.status >= 400 and error.code == INTERNAL_ERROR:
        return McpProtocolError(server, f"it answered HTTP {exchange.status}.")
    if error.code == CONNECTION_CLOSED and (exchange.ended or not said):
        return McpUnreachable(server, "the connection broke during the call.")
    code = f"the protocol error {error.code}" if abs(error.code) < _LARGEST_CODE else "a protocol error"
    return McpProtocolError(server, f"it answered with {code}.")

"""What goes wrong with a call, in our errors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, REQUEST_TIMEOUT

from agentkit.errors import McpError, McpProtocolError, McpTimeout, McpUnreachable, SpecError
from agentkit.mcp.exchange import Exchange
from agentkit.models import Json


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
    if error.code == REQUEST_TIMEOUT:
        return McpTimeout(server, "it did not answer in time.")
    if exchange.status is not None and exchange.status >= 400 and error.code == INTERNAL_ERROR:
        return McpProtocolError(server, f"it answered HTTP {exchange.status}.")
    if error.code == CONNECTION_CLOSED:
        return McpUnreachable(server, "the connection broke during the call.")
    return McpProtocolError(server, f"it answered with the protocol error {error.code}.")


def json_object(arguments: Mapping[str, Json]) -> dict[str, Json]:
    """The arguments, once it is certain that they can be sent: the SDK would end the connection over them.

    Raises:
        SpecError: They cannot.
    """
    given = dict(arguments)
    try:
        json.dumps(given, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise SpecError("McpClient.call_tool.arguments", "hold something that JSON cannot say") from None
    return given


def time_limit(wanted: float | None, default: float) -> float:
    """The seconds of one call.

    Raises:
        SpecError: They are none.
    """
    if wanted is None:
        return default
    if not 0 < wanted < math.inf:
        raise SpecError("McpClient.timeout", "must be a positive number of seconds")
    return wanted

"""Host and call MCP servers; with the bundled servers the only place that knows the MCP SDK.

Names resolve on first use: the SDK costs about two seconds of import.

Where a call of a hosted tool goes:

- `hosting` makes the app; `gate` lets callers in, with the ways of `guard` (what an operator writes) and `admission`
  (who checks it); `body` reads the request; `transport` chooses what of the SDK answers; `lively` watches a long call.
- `server` is the public face of a server, `guarded` the SDK's server underneath, `adopted` takes one of the SDK's own,
  `stdio` serves one client without an address.
- `running` holds what runs: calls with their limits, and the lifespan; `current` is what a tool may know of its call.
- `signature`, `docstrings`, `typed_dicts` and `schema_check` read a function when it becomes a tool; `tool_input` and
  `tool_output` convert at each call; `tool_errors` and `examples` say what was wrong and what would be right.
- `logs` keeps content out of the SDK's log lines.

The client's side is `client` and what it imports; `inprocess` calls a server of the same process.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.mcp.adopted import adopt
    from agentkit.mcp.authorization import ApiKey, BearerToken, McpAuth, OAuthClientCredentials
    from agentkit.mcp.client import McpClient
    from agentkit.mcp.current import Caller, caller, report_progress
    from agentkit.mcp.guard import (
        AnyOf,
        ApiKeyAuth,
        BearerAuth,
        InheritAuth,
        IntrospectionAuth,
        NoAuth,
        OAuthAuth,
        ServerAuth,
    )
    from agentkit.mcp.hosting import HostedServer, host
    from agentkit.mcp.inprocess import InProcessClient
    from agentkit.mcp.logs import withhold_content
    from agentkit.mcp.progress import Progress, ProgressCallback
    from agentkit.mcp.results import ToolInfo, ToolResult
    from agentkit.mcp.server import ToolServer
    from agentkit.mcp.tool_errors import ToolError
    from agentkit.mcp.verification import Finding, Thresholds, Verdict, VerificationReport, verify_server

__all__ = [
    "AnyOf",
    "ApiKey",
    "ApiKeyAuth",
    "BearerAuth",
    "BearerToken",
    "Caller",
    "Finding",
    "HostedServer",
    "InProcessClient",
    "InheritAuth",
    "IntrospectionAuth",
    "McpAuth",
    "McpClient",
    "NoAuth",
    "OAuthAuth",
    "OAuthClientCredentials",
    "Progress",
    "ProgressCallback",
    "ServerAuth",
    "Thresholds",
    "ToolError",
    "ToolInfo",
    "ToolResult",
    "ToolServer",
    "Verdict",
    "VerificationReport",
    "adopt",
    "caller",
    "host",
    "report_progress",
    "verify_server",
    "withhold_content",
]

_HOME = {
    "AnyOf": "guard",
    "ApiKey": "authorization",
    "ApiKeyAuth": "guard",
    "BearerAuth": "guard",
    "BearerToken": "authorization",
    "Caller": "current",
    "Finding": "verification",
    "HostedServer": "hosting",
    "InProcessClient": "inprocess",
    "InheritAuth": "guard",
    "IntrospectionAuth": "guard",
    "McpAuth": "authorization",
    "McpClient": "client",
    "NoAuth": "guard",
    "OAuthAuth": "guard",
    "OAuthClientCredentials": "authorization",
    "Progress": "progress",
    "ProgressCallback": "progress",
    "ServerAuth": "guard",
    "Thresholds": "verification",
    "ToolError": "tool_errors",
    "ToolInfo": "results",
    "ToolResult": "results",
    "ToolServer": "server",
    "Verdict": "verification",
    "VerificationReport": "verification",
    "adopt": "adopted",
    "caller": "current",
    "host": "hosting",
    "report_progress": "current",
    "verify_server": "verification",
    "withhold_content": "logs",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)

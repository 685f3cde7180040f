"""Host and call MCP servers; with the bundled servers the only place that knows the MCP SDK.

Names resolve on first use: the SDK costs about two seconds of import.
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

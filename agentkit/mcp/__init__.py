"""Host and call MCP servers; with the bundled servers the only place that knows the MCP SDK.

Names resolve on first use: the SDK costs about two seconds of import.

- `tools`: what a server is made of. `server` is its public face, `guarded` the SDK's server underneath; `signature`,
  `docstrings`, `typed_dicts` and `schema_check` read a function when it becomes a tool; `input` and `output` convert at
  each call, `errors` and `examples` say what was wrong and what would be right; `running` holds what runs, `current` is
  what a tool may know of its call.
- `hosting`: servers in an app or on stdio. `app` makes it; `gate` lets callers in, with the ways of `authorization`
  (what an operator writes) and `admission` (who checks it); `body` reads the request; `transport` chooses what of the
  SDK answers; `lively` watches a long call; `adopted` takes servers of the SDK's own.
- `client`: call a server, over HTTP (`client`) or in this process (`inprocess`).
- `verification`: is a server fit to be an expert's?
- `logs` keeps content out of the SDK's log lines.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.mcp.client.authorization import ApiKey, BearerToken, McpAuth, OAuthClientCredentials
    from agentkit.mcp.client.client import McpClient
    from agentkit.mcp.client.inprocess import InProcessClient
    from agentkit.mcp.client.pool import HttpPool
    from agentkit.mcp.client.progress import Progress, ProgressCallback
    from agentkit.mcp.client.results import ToolInfo, ToolResult
    from agentkit.mcp.hosting.adopted import adopt
    from agentkit.mcp.hosting.app import HostedApp, HostedServer, host
    from agentkit.mcp.hosting.authorization import (
        AnyOf,
        ApiKeyAuth,
        BearerAuth,
        InheritAuth,
        IntrospectionAuth,
        NoAuth,
        OAuthAuth,
        OneAuth,
        ServerAuth,
    )
    from agentkit.mcp.logs import withhold_content
    from agentkit.mcp.tools.current import Caller, caller, report_progress
    from agentkit.mcp.tools.errors import ToolError
    from agentkit.mcp.tools.running import Lifespan
    from agentkit.mcp.tools.server import ToolServer
    from agentkit.mcp.verification import Finding, Thresholds, Verdict, VerificationReport, verify_server

__all__ = [
    "AnyOf",
    "ApiKey",
    "ApiKeyAuth",
    "BearerAuth",
    "BearerToken",
    "Caller",
    "Finding",
    "HostedApp",
    "HostedServer",
    "HttpPool",
    "InProcessClient",
    "InheritAuth",
    "IntrospectionAuth",
    "Lifespan",
    "McpAuth",
    "McpClient",
    "NoAuth",
    "OAuthAuth",
    "OAuthClientCredentials",
    "OneAuth",
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
    "AnyOf": "hosting.authorization",
    "ApiKey": "client.authorization",
    "ApiKeyAuth": "hosting.authorization",
    "BearerAuth": "hosting.authorization",
    "BearerToken": "client.authorization",
    "Caller": "tools.current",
    "Finding": "verification",
    "HostedApp": "hosting.app",
    "HostedServer": "hosting.app",
    "HttpPool": "client.pool",
    "InProcessClient": "client.inprocess",
    "InheritAuth": "hosting.authorization",
    "IntrospectionAuth": "hosting.authorization",
    "Lifespan": "tools.running",
    "McpAuth": "client.authorization",
    "McpClient": "client.client",
    "NoAuth": "hosting.authorization",
    "OAuthAuth": "hosting.authorization",
    "OAuthClientCredentials": "client.authorization",
    "OneAuth": "hosting.authorization",
    "Progress": "client.progress",
    "ProgressCallback": "client.progress",
    "ServerAuth": "hosting.authorization",
    "Thresholds": "verification",
    "ToolError": "tools.errors",
    "ToolInfo": "client.results",
    "ToolResult": "client.results",
    "ToolServer": "tools.server",
    "Verdict": "verification",
    "VerificationReport": "verification",
    "adopt": "hosting.adopted",
    "caller": "tools.current",
    "host": "hosting.app",
    "report_progress": "tools.current",
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

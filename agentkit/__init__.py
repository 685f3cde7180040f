"""The toolkit for agents in healthcare that speak A2A and MCP around the Corti Agentic Framework.

The names below are the ones most programs need; everything else is imported from the room that owns it. They load when
they are first used, so that `from agentkit import AsyncCorti` costs little more than an HTTP client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.cli.program import serve
    from agentkit.client import AsyncCorti, Corti
    from agentkit.compose import Agent, Approval, Loop, Parallel, Router, RunContext, Sequential, workflow
    from agentkit.credentials import ClientCredentials, Token
    from agentkit.errors import AgentKitError
    from agentkit.experts import Expert
    from agentkit.models import Message, Part, Task, TaskState
    from agentkit.specs import AgentSpec, ExpertSpec, McpServerSpec

__all__ = [
    "Agent",
    "AgentKitError",
    "AgentSpec",
    "Approval",
    "AsyncCorti",
    "ClientCredentials",
    "Corti",
    "Expert",
    "ExpertSpec",
    "Loop",
    "McpServerSpec",
    "Message",
    "Parallel",
    "Part",
    "Router",
    "RunContext",
    "Sequential",
    "Task",
    "TaskState",
    "Token",
    "serve",
    "workflow",
]

_ROOMS = {
    "Agent": "compose",
    "AgentKitError": "errors",
    "AgentSpec": "specs",
    "Approval": "compose",
    "AsyncCorti": "client",
    "ClientCredentials": "credentials",
    "Corti": "client",
    "Expert": "experts",
    "ExpertSpec": "specs",
    "Loop": "compose",
    "McpServerSpec": "specs",
    "Message": "models",
    "Parallel": "compose",
    "Part": "models",
    "Router": "compose",
    "RunContext": "compose",
    "Sequential": "compose",
    "Task": "models",
    "TaskState": "models",
    "Token": "credentials",
    "serve": "cli.program",
    "workflow": "compose",
}


def __getattr__(name: str) -> object:
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

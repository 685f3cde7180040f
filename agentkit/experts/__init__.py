"""Experts: authoring, discovery by entry point, and the worker that runs one over its tools."""

from agentkit.experts.discovery import (
    default_authorizations,
    experts_with_functions,
    find_experts,
    find_servers,
    load_expert,
    load_server,
)
from agentkit.experts.events import CallStarted, Step, WorkerEvent, WorkerResult, WorkerState
from agentkit.experts.expert import Expert, ToolOptions
from agentkit.experts.options import SessionOptions
from agentkit.experts.session import ExpertSession
from agentkit.experts.toolbox import McpToolbox, Toolbox, ToolCaller
from agentkit.experts.worker import Worker

__all__ = [
    "CallStarted",
    "Expert",
    "ExpertSession",
    "McpToolbox",
    "SessionOptions",
    "Step",
    "ToolCaller",
    "ToolOptions",
    "Toolbox",
    "Worker",
    "WorkerEvent",
    "WorkerResult",
    "WorkerState",
    "default_authorizations",
    "experts_with_functions",
    "find_experts",
    "find_servers",
    "load_expert",
    "load_server",
]

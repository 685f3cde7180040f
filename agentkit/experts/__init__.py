"""Experts: authoring, discovery by entry point, and the worker that runs one over its tools."""

from agentkit.experts.discovery import find_experts, find_servers, load_expert, load_server
from agentkit.experts.events import CallStarted, Step, WorkerEvent, WorkerResult, WorkerState
from agentkit.experts.expert import Expert
from agentkit.experts.toolbox import McpToolbox, Toolbox
from agentkit.experts.worker import Worker

__all__ = [
    "CallStarted",
    "Expert",
    "McpToolbox",
    "Step",
    "Toolbox",
    "Worker",
    "WorkerEvent",
    "WorkerResult",
    "WorkerState",
    "find_experts",
    "find_servers",
    "load_expert",
    "load_server",
]

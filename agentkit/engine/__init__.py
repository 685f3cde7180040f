"""Durable execution below compose: the seam and its implementations."""

from agentkit.engine.inline import InlineEngine
from agentkit.engine.protocol import Engine, RunStatus

__all__ = ["Engine", "InlineEngine", "RunStatus"]

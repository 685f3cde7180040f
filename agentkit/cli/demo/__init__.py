"""`agentkit demo`: the main job, end to end, on embedded defaults."""

from agentkit.cli.demo.command import demo

__all__ = ["demo"]

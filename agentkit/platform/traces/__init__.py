"""What an agent did for a message: spans recorded per turn, kept with the context, served and exported (V2-EP-21)."""

from agentkit.platform.traces.traces import Traces

__all__ = ["Traces"]

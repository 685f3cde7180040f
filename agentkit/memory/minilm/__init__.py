"""all-MiniLM-L6-v2 on this machine: no key, no cost, no text leaves the process (extra `semantic`)."""

from agentkit.memory.minilm.embedder import MiniLM

__all__ = ["MiniLM"]

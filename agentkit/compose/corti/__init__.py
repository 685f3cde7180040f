"""An agent at Corti as a leaf.

- `agent`: the leaf.
- `conversation`: which Corti context belongs to a conversation, kept in its state.
- `answers`: what Corti says, in the words of a turn.
- `servers`: which MCP servers the agent has, and whose credentials it may get.
"""

from agentkit.compose.corti.agent import CortiAgent

__all__ = ["CortiAgent"]

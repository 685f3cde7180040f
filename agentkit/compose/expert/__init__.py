"""A direct call of an expert as a leaf: without an agent at Corti, in this process or where its server is.

- `agent`: the leaf.
- `memory`: what an expert remembers of a conversation, kept in its state.
"""

from agentkit.compose.expert.agent import ExpertAgent, ExpertAgentOptions

__all__ = ["ExpertAgent", "ExpertAgentOptions"]

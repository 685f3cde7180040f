"""What an author writes: agents, experts and the MCP servers they use.

A spec says what shall be; `agentkit.models` says what a server answers. Specs are frozen, checked on construction, and
know nothing of a wire; which generation of the API can express a spec is said by `agentkit.wire.generations`. They are
plain dataclasses: pydantic alone would cost more than `import httpx2`.
"""

from agentkit.specs.agent import AgentChanges, AgentSpec, AnyExpert, ConnectorChanges, ConnectorSpec
from agentkit.specs.expert import ExpertReferenceSpec, ExpertSpec
from agentkit.specs.mcp import McpServerSpec
from agentkit.specs.output import OutputSchemaSpec
from agentkit.specs.remote import AgentReferenceSpec, RemoteAgentSpec
from agentkit.specs.words import CLEAR, AgentType, Authorization, Clear, Transition, Transport, Visibility

__all__ = [
    "CLEAR",
    "AgentChanges",
    "AgentReferenceSpec",
    "AgentSpec",
    "AgentType",
    "AnyExpert",
    "Authorization",
    "Clear",
    "ConnectorChanges",
    "ConnectorSpec",
    "ExpertReferenceSpec",
    "ExpertSpec",
    "McpServerSpec",
    "OutputSchemaSpec",
    "RemoteAgentSpec",
    "Transition",
    "Transport",
    "Visibility",
]

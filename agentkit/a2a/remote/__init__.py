"""Agents elsewhere, asked over A2A: leaves of compositions (design, section 4)."""

from agentkit.a2a.remote.agent import RemoteAgent
from agentkit.a2a.remote.card import RemoteCard
from agentkit.a2a.remote.http import RemoteLimits
from agentkit.a2a.remote.making import remote_agent

__all__ = ["RemoteAgent", "RemoteCard", "RemoteLimits", "remote_agent"]

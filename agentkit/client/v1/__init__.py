"""The endpoints of the v1 agents API as operations (section 6 of the API contract)."""

from agentkit.client.v1 import rpc
from agentkit.client.v1.agents import (
    create_agent,
    delete_agent,
    edit_agent,
    get_agent,
    get_card,
    list_agents,
    list_experts,
    update_agent,
)
from agentkit.client.v1.contexts import delete_context, get_context
from agentkit.client.v1.messages import get_task, send_message

__all__ = [
    "create_agent",
    "delete_agent",
    "delete_context",
    "edit_agent",
    "get_agent",
    "get_card",
    "get_context",
    "get_task",
    "list_agents",
    "list_experts",
    "rpc",
    "send_message",
    "update_agent",
]

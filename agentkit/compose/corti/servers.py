"""The MCP servers of an agent at Corti, as far as the API shows them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from agentkit.credentials import Credentials
from agentkit.models import AgentInfo, ExpertInfo, JsonObject, McpServerInfo
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from agentkit.client import AgentHandle

_FREE: Final = frozenset({Authorization.NONE.value, Authorization.INHERIT.value})


def known_servers(handle: AgentHandle) -> tuple[McpServerInfo, ...]:
    """The servers of an agent and of its own experts; an expert by reference may have more, which the API hides."""
    info = handle.info
    if not isinstance(info, AgentInfo):
        return ()
    experts = [expert for expert in info.experts if isinstance(expert, ExpertInfo)]
    return (*info.mcp_servers, *(server for expert in experts for server in expert.mcp_servers))


def missing(handle: AgentHandle, names: Collection[str], given: Credentials) -> JsonObject:
    """Which credentials an agent that wants one may lack: those it was given were perhaps wrong.

    Args:
        handle: The agent.
        names: Further servers that the author named.
        given: What it was given.

    Returns:
        For metadata: `mcp_names`, and `mcp_name` where there is one only.
    """
    wanting = [one.name.strip() for one in known_servers(handle) if one.authorization_type not in _FREE]
    wanted = list(dict.fromkeys([*wanting, *names]))
    lacking = [name for name in wanted if name not in given] or wanted
    found: JsonObject = {"mcp_names": [*lacking]} if lacking else {}
    return {**found, "mcp_name": lacking[0]} if len(lacking) == 1 else found

"""What a request must bring for MCP servers that inherit its token."""

from __future__ import annotations

from agentkit.compose import Caller
from agentkit.credentials import Token, extract
from agentkit.errors import CredentialError
from agentkit.models import Message
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.orchestration.workshop import Workshop
from agentkit.specs import Authorization


async def require_inherited(workshop: Workshop, record: AgentRecord, message: Message, caller: Caller) -> None:
    """Refuse before a task is made what an `inherit` server could never get (MCPAUTH-05, MCPAUTH-11).

    Raises:
        CredentialError: `missing_inherited_token`, or what is wrong with a part.
    """
    if caller.bearer:
        return
    _, given = extract(message)
    plan = await workshop.planner.plan(record)
    for server in plan.all_servers():
        inherits = server.authorization is Authorization.INHERIT
        if inherits and not isinstance(given.get(server.name), Token):
            raise CredentialError(
                "missing_inherited_token",
                f"The MCP server {server.name!r} inherits the caller's token, and the request has none.",
                mcp_name=server.name,
                remedy="Send the request with a bearer token, or give a token for the server.",
            )

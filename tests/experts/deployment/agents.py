"""Agents of the double, and the experts that are deployed into them."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from agentkit.client import AsyncCorti
from agentkit.experts.deployment import DeploymentPlan
from agentkit.specs import Authorization, ExpertSpec, McpServerSpec
from tests.client.connecting import connected
from tests.contract.corti_double import CortiDouble

URL = "https://mcp.example.org/labs/mcp"
EHR: dict[str, Any] = {
    "name": "ehr",
    "transportType": "streamable_http",
    "authorizationType": "bearer",
    "url": "https://mcp.example.org/ehr/mcp",
    "token": "static-secret-of-ehr",
}
READER: dict[str, Any] = {
    "type": "new",
    "name": "record-reader",
    "description": "Reads the record",
    "systemPrompt": "Quote.",
    "mcpServers": [EHR],
}


def lab_expert(
    *,
    name: str = "lab-lookup",
    description: str = "Looks up laboratory results.",
    prompt: str | None = "Name the unit.\n\nSay when it was measured.\n",
    url: str = URL,
    server: str = "labs",
    authorization: Authorization = Authorization.OAUTH2,
    scope: str | None = "labs.read",
    **more: Any,
) -> ExpertSpec:
    """An expert as `expert.spec(url)` makes it."""
    made = McpServerSpec(name=server, url=url, authorization=authorization, scope=scope, **more)
    return ExpertSpec(name=name, description=description, prompt=prompt, servers=[made])


@asynccontextmanager
async def corti_of(double: CortiDouble, **settings: Any) -> AsyncGenerator[AsyncCorti]:
    """A client of the double that has asked nothing yet."""
    async with connected(double, **settings) as corti:
        yield corti


def writes(double: CortiDouble) -> list[str]:
    """The calls that changed something."""
    return [f"{call.method} {call.target}" for call in double.calls if call.method != "GET"]


def stored(double: CortiDouble, agent_id: str) -> dict[str, Any]:
    """An agent as the server keeps it, as a copy."""
    agents = double.v2.agents if agent_id.startswith("agt.") else double.v1.agents
    return copy.deepcopy(agents[agent_id].wire)


def actions(plan: DeploymentPlan) -> dict[str, str]:
    """What happens to each expert."""
    return {change.name: change.action.value for change in plan.experts}


def fields(plan: DeploymentPlan) -> dict[str, tuple[str | None, str | None]]:
    """What differs, of all experts."""
    return {one.field: (one.old, one.new) for change in plan.experts for one in change.fields}

"""How often an agent of v2 was called (V2-EP-14)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from agentkit.client.answers import read_json
from agentkit.client.operation import Operation, path, query
from agentkit.wire import v2
from agentkit.wire.reader import write_time

if TYPE_CHECKING:
    from agentkit.models import UsageReport

Granularity = Literal["minute", "hour", "day", "week"]
"""The length of a period; Corti honours `day` only."""


def get_usage(
    agent_id: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    granularity: Granularity | None = None,
) -> Operation[UsageReport]:
    """An agent's calls over a time.

    Args:
        agent_id: The agent.
        start: From this time on; the server's default is 30 days ago. Without zone it is UTC.
        end: Up to, but not including, this time; now by default.
        granularity: The length of a period; the server's default is a day.
    """
    times = {"from": write_time(start) if start else None, "to": write_time(end) if end else None}
    return Operation(
        name="client.agents.usage",
        method="GET",
        root="base",
        path=path("/agentic/agents/{agent_id}/usage", agent_id=agent_id),
        query=query(**times, granularity=granularity),
        parse=read_json(v2.decode_usage_report),
        attributes={"agentkit.agent.id": agent_id},
    )

"""How often an agent of v2 was called (V2-EP-14)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from agentkit.client.answers import read_json
from agentkit.client.operation import Operation, path, query
from agentkit.errors import SpecError
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
    return Operation(
        name="client.agents.usage",
        method="GET",
        root="base",
        path=path("/agentic/agents/{agent_id}/usage", agent_id=agent_id),
        query=query(**period(start, end), granularity=granularity),
        parse=read_json(v2.decode_usage_report),
        attributes={"agentkit.agent.id": agent_id},
    )


def period(since: datetime | None, until: datetime | None) -> dict[str, str | None]:
    """The query parameters of a half-open time; without zone a time is UTC.

    Raises:
        SpecError: One is no time with hours, or one no calendar has in UTC.
    """
    return {"from": _written("since", since), "to": _written("until", until)}


def _written(name: str, time: object) -> str | None:
    try:
        if time is None or isinstance(time, datetime):
            return None if time is None else write_time(time)
    except OverflowError:
        pass
    raise SpecError(name, "must be a datetime", remedy="Give date and hours, best with a time zone.")

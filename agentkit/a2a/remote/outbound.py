"""What leaves for a remote agent: the message as it is sent there, and how many agents it has passed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from agentkit.compose import RunContext
from agentkit.credentials import Credential, build, is_auth_part
from agentkit.errors import EngineError
from agentkit.models import Json, Message, Role

HOPS_KEY: Final = "agentkit.hops"
"""Where in the metadata of a send it stands how many remote agents in a row have led to it."""

MOST_HOPS: Final = 8
"""More are taken for a composition that calls itself over A2A: one that does so twice doubles with every hop."""


def next_hops(context: RunContext) -> int:
    """How many remote agents in a row have led to the next send.

    Raises:
        EngineError: Too many: agent A asks B, which asks A.
    """
    told: Json = (context.metadata or {}).get(HOPS_KEY)
    # Numbers are doubles on some ways (A2A-CO-06).
    hops = int(told) if isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told <= MOST_HOPS else 0
    if hops >= MOST_HOPS or (isinstance(told, int | float) and told > MOST_HOPS):
        raise EngineError(
            f"A message has passed {MOST_HOPS} remote agents in a row, so it is not sent on.",
            remedy="Check that no remote agent leads back to the one that asks it.",
        )
    return hops + 1


def outgoing(
    message: Message,
    message_id: str,
    *,
    context_id: str | None,
    task_id: str | None,
    credentials: Iterable[Credential],
) -> Message:
    """The message for the remote agent; nothing of ours but its parts goes along.

    A caller's credentials were taken out at the border: what looks like one now was made up by another agent.
    """
    kept = tuple(part for part in message.parts if not is_auth_part(part))
    return Message(
        role=Role.USER,
        parts=(*kept, *map(build, credentials)),
        message_id=message_id,
        context_id=context_id,
        task_id=task_id,
    )

"""Ids of the messages that a composition sends: the same whenever the same step is sent (design, section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from agentkit.compose.agent import RunContext
    from agentkit.models import Message


def outbound_id(cause: Message, context: RunContext, ordinal: int = 1) -> str:
    """The `messageId` under which an agent sends on what it was asked: to another agent, to Corti, to a remote server.

    It rests on the task, the path of the agent and the message that caused it, so a retry, a replay after a crash and
    a second process send the same id, and whoever receives it can tell the repetition (A2A-SEND-09).

    Args:
        cause: The message that the agent got, or that its parent got.
        context: The context of the agent that sends, or that is sent to.
        ordinal: Where one message causes several sends of the same agent: which of them.
    """
    step = "\n".join((context.task_id, cause.message_id, *context.path))
    return str(uuid5(NAMESPACE_URL, step if ordinal == 1 else f"{step}\n#{ordinal}"))

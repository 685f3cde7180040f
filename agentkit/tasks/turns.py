"""What a turn is made of, and how its message is taken in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from agentkit.compose import Agent, Caller
from agentkit.credentials import NO_CREDENTIALS, Credentials, extract
from agentkit.models import JsonObject, Message, new_id
from agentkit.tasks.codec import MICROSECOND, micros
from agentkit.tasks.repository import ContextPolicy, Opened, Repeated, Scope
from agentkit.tasks.station import Station


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn is made of.

    Attributes:
        agent: Who works on it.
        message: What was said, without credentials.
        caller: Who said it.
        scope: Whose task it is.
        policy: What to do with an unknown context.
        metadata: Of the request.
        credentials: Those the message brought; in the memory of the process that took it in, and nowhere else (D13).
        followed: Somebody follows from the start.
        history_length: How much of the talk who follows wants to see first; None for all.
        lifetime: How long a context that the message opens is kept; None for ever.
    """

    agent: Agent
    message: Message
    caller: Caller
    scope: Scope
    policy: ContextPolicy = "refuse"
    metadata: JsonObject | None = None
    credentials: Credentials = field(default_factory=lambda: NO_CREDENTIALS)
    followed: bool = False
    history_length: int | None = None
    lifetime: timedelta | None = None

    @classmethod
    def sent(
        cls,
        agent: Agent,
        message: Message,
        caller: Caller,
        agent_id: str,
        policy: ContextPolicy,
        metadata: JsonObject | None,
        history_length: int | None,
        lifetime: timedelta | None,
        *,
        followed: bool,
    ) -> Turn:
        """The turn of a message as it came in; credentials are taken out before anything else sees it (MCPAUTH-15).

        Raises:
            CredentialError: A credential in the message is incomplete or doubled.
        """
        clean, credentials = extract(message)
        scope = Scope.of(caller, agent_id)
        return cls(agent, clean, caller, scope, policy, metadata, credentials, followed, history_length, lifetime)


async def accept(station: Station, turn: Turn) -> Opened | Repeated:
    """Store the message of a turn, unless it is.

    Raises:
        AgentKitError: As `Repository.accept`, and when the owner has too many open tasks.
    """
    opens = turn.message.task_id is None
    if opens:
        await station.open_tasks.admit(turn.scope)
    taken = None
    try:
        taken = await station.repository.accept(
            turn.scope,
            turn.message,
            policy=turn.policy,
            new_task_id=new_id(),
            new_context_id=new_id(),
            now=micros(station.clock()),
            metadata=turn.metadata,
            lifetime=None if turn.lifetime is None else turn.lifetime // MICROSECOND,
        )
        return taken
    finally:
        if opens and not isinstance(taken, Opened):
            station.open_tasks.ended(turn.scope)

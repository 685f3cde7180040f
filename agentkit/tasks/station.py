"""What all turns of a task service share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from agentkit.compose import Agent
from agentkit.compose.facets import needs_durability
from agentkit.credentials import Credentials, Vault
from agentkit.engine import Engine
from agentkit.errors import EngineError
from agentkit.tasks.limits import Limits, OpenTasks, Slots
from agentkit.tasks.live import LiveTask
from agentkit.tasks.repository import Repository, Scope
from agentkit.tasks.state import States

Resolve = Callable[[Scope], Awaitable[Agent | None]]
"""The agent that is served in a scope, for work that an earlier process left; None when it is served no more."""

_MOST_KEPT: Final = 16_384
"""Characters of secrets that are kept of a context; nobody needs more, and many contexts may have them."""


@dataclass(slots=True)
class Station:
    """Store, engines, bounds, and the turns at work.

    Attributes:
        repository: Keeps tasks and events.
        engine: Runs turns that a crash may end.
        durable: Runs those that must survive one; None where nothing durable is served.
        clock: The time.
        limits: How much.
        resolve: Finds agents for work that no sender brought along: after a restart, or when a timer wakes it.
        live: The turns at work in this process, by task.
        slots: Places for them.
        open_tasks: Counts what has not ended.
        states: What agents keep of conversations.
        vault: Keeps the credentials that messages brought, for later turns of their contexts; None forgets them with
            the turn.
    """

    repository: Repository
    engine: Engine
    durable: Engine | None
    clock: Callable[[], datetime]
    limits: Limits
    vault: Vault[Credentials] | None = None
    resolve: Resolve | None = None
    live: dict[str, LiveTask] = field(default_factory=dict[str, LiveTask])
    slots: Slots = field(init=False)
    open_tasks: OpenTasks = field(init=False)
    states: States = field(init=False)

    def __post_init__(self) -> None:
        """Make what counts."""
        self.slots = Slots(self.limits)
        self.open_tasks = OpenTasks(self.repository, self.limits.open_tasks)
        self.states = States(self.repository, self.clock)

    def credentials_in(self, scope: Scope, context_id: str, brought: Credentials) -> Credentials:
        """What a turn may use: what its message brought, and what earlier ones of its context did (D4, D13).

        Callers without a name cannot be told apart, so what one of them brings is for that turn alone.
        """
        if self.vault is None or not scope.owner:
            return brought
        known = self.vault.look_up((scope, context_id))
        if not brought:
            return known or brought
        merged = brought if known is None else known.merged(brought)
        if sum(map(len, merged.secrets())) <= _MOST_KEPT:
            self.vault.keep((scope, context_id), merged)
        return merged

    def engine_for(self, agent: Agent) -> Engine:
        """The engine that an agent's turns need.

        Raises:
            EngineError: They must survive a crash, and there is no engine that lets them.
        """
        if not needs_durability(agent):
            return self.engine
        if self.durable is None:
            raise EngineError(
                f"The agent {agent.name} is durable, and there is no engine whose runs survive a crash.",
                remedy='Install "corti-agentkit[durable]" and give the task service a durable engine.',
            )
        return self.durable

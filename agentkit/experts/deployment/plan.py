"""What a deployment would do, as data: nothing here calls the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.models import AgentInfo
    from agentkit.specs import AgentSpec, ExpertSpec
    from agentkit.wire.generations import GenerationName


class Action(StrEnum):
    """What happens to an agent or an expert."""

    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs.

    Attributes:
        field: For example `prompt` or `servers.ehr.url`; `section` is what v2 keeps of an expert in the system prompt
            of its agent.
        old: What it is; None where there is nothing. Never a secret: of a URL, user and query are left out.
        new: What it becomes; None where it goes.
    """

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class ExpertChange:
    """What happens to one expert.

    Attributes:
        name: The expert's name.
        action: What happens.
        fields: What differs; for an expert that is created or removed, all that it has.
    """

    name: str
    action: Action
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPlan:
    """What `apply_deployment` would do, and what it was worked out from. It holds no secrets.

    Attributes:
        agent: The agent's name.
        agent_id: Its id; None for one that is to be created.
        generation: The generation of the API that the agent is of.
        experts: What happens to each expert that was asked about, in that order.
        kept: The names, else the ids, of what else the agent may ask or use; none of it is touched.
        warnings: What a person should know before: what cannot be reached, compared or kept.
        specs: What shall be there.
        removals: Names of the experts that shall not.
        created: The agent that is to be created, None where there is one.
        before: The agent as it is, None where there is none.
        after: The agent as it shall be, None where there is none yet.
    """

    agent: str
    agent_id: str | None
    generation: GenerationName
    experts: tuple[ExpertChange, ...]
    kept: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    specs: tuple[ExpertSpec, ...] = field(default=(), repr=False)
    removals: tuple[str, ...] = field(default=(), repr=False)
    created: AgentSpec | None = field(default=None, repr=False)
    before: AgentInfo | None = field(default=None, repr=False)
    after: AgentInfo | None = field(default=None, repr=False)

    @property
    def action(self) -> Action:
        """What happens to the agent."""
        if self.before is None:
            return Action.CREATE
        return Action.UPDATE if self.has_changes else Action.UNCHANGED

    @property
    def has_changes(self) -> bool:
        """Whether there is anything to do."""
        return self.before is None or any(change.action is not Action.UNCHANGED for change in self.experts)


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan in the making: the agent as it shall be, and what differs.

    Attributes:
        after: The agent as it shall be.
        experts: What happens to each expert.
        kept: What is not touched.
        warnings: What a person should know.
    """

    after: AgentInfo
    experts: tuple[ExpertChange, ...]
    kept: tuple[str, ...]
    warnings: tuple[str, ...]

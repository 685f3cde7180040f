"""Doing what a plan says: one call, or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentkit.errors import AgentKitError, ConflictError, NotFoundError, PlanOutdated
from agentkit.experts.deployment.agents import find_agent, get_agent, require_async, same_state
from agentkit.experts.deployment.diff import same_text
from agentkit.experts.deployment.plan import DeploymentPlan
from agentkit.experts.deployment.planning import plan_for
from agentkit.models import AgentInfo, ConnectorInfo, ExpertInfo

if TYPE_CHECKING:
    from agentkit.client import AsyncCorti
    from agentkit.specs import AgentSpec
    from agentkit.wire.generations import GenerationName

_AGAIN = "Plan again, look at what differs now, and apply that."


@dataclass(frozen=True, slots=True)
class Deployment:
    """What became of a plan.

    Attributes:
        agent_id: The agent.
        changed: Whether anything was done.
        warnings: What the API made otherwise than planned; empty where all is as it was planned.
    """

    agent_id: str
    changed: bool
    warnings: tuple[str, ...] = ()


async def apply_deployment(corti: AsyncCorti, plan: DeploymentPlan) -> Deployment:
    """Do what a plan says.

    The agent is read again first. When it is not as it was planned for, nothing is done, unless it is already as it
    shall be: so a plan may be applied again, also when an answer was lost on the way. What changes goes to the API in
    one call, so nothing can be half done. The API has no conditional requests: what somebody else writes in the moment
    between reading and writing is lost where it is in the same list.

    Args:
        corti: The client; of the generation, and the tenant, that the plan was made with.
        plan: What to do.

    Raises:
        SpecError: The client is a blocking one.
        PlanOutdated: The agent was changed, created or deleted since the plan was made; nothing was done.
        ApiError: The API refused the change; nothing was done.
        TransportError: No answer came. The change may have been made: plan again to see.
    """
    require_async(corti)
    if plan.created is not None:
        return await _create(corti, plan, plan.created)
    if plan.before is None or plan.after is None or not plan.has_changes:
        return Deployment(plan.agent_id or "", changed=False)
    try:
        info, generation = await get_agent(corti, plan.before.id)
    except NotFoundError:
        raise PlanOutdated(f"The agent {plan.agent!r} does not exist any more.", remedy=_AGAIN) from None
    if not same_state(info, plan.before):
        if await _is_done(corti, info, generation, plan):
            return Deployment(info.id, changed=False)
        raise PlanOutdated(f"The agent {plan.agent!r} was changed since the plan was made.", remedy=_AGAIN)
    answered = (await corti.agents.edit(plan.before, plan.after)).info
    return Deployment(info.id, True, await _surprises(corti, answered, plan))


async def _create(corti: AsyncCorti, plan: DeploymentPlan, spec: AgentSpec) -> Deployment:
    found = await find_agent(corti, plan.agent)
    if found is not None:
        if await _is_done(corti, *found, plan):
            return Deployment(found[0].id, changed=False)
        raise PlanOutdated(f"There is an agent {plan.agent!r} now.", remedy=_AGAIN)
    try:
        handle = await corti.agents.create(spec)
    except ConflictError:
        raise PlanOutdated(f"There is an agent {plan.agent!r} now.", remedy=_AGAIN) from None
    return Deployment(handle.id, True, await _surprises(corti, handle.info, plan))


async def _is_done(corti: AsyncCorti, info: AgentInfo, generation: GenerationName, plan: DeploymentPlan) -> bool:
    """Whether an agent is already as a plan wants it."""
    if plan.removals:
        return False
    try:
        return not (await plan_for(corti, info, generation, specs=plan.specs)).has_changes
    except AgentKitError:  # what the plan wants does not fit into the agent as it is now
        return False


async def _surprises(corti: AsyncCorti, answered: object, plan: DeploymentPlan) -> tuple[str, ...]:
    """What is otherwise than planned after the change."""
    if not isinstance(answered, AgentInfo):
        return ("The API did not show the agent after the change: plan again to see whether all is there.",)
    return (*_others(answered, plan), *(await _missing(corti, answered, plan)))


async def _missing(corti: AsyncCorti, answered: AgentInfo, plan: DeploymentPlan) -> tuple[str, ...]:
    if not plan.specs:
        return ()
    try:
        again = await plan_for(corti, answered, plan.generation, specs=plan.specs)
    except AgentKitError as error:  # the change is made all the same
        return (f"What the API shows after the change cannot be compared: {error.message}",)
    differing = (f"{change.name}: {one.field}" for change in again.experts for one in change.fields)
    return tuple(f"The API keeps another value than was sent of {place}." for place in differing)


def _others(answered: AgentInfo, plan: DeploymentPlan) -> Iterator[str]:
    """What was to stay as it is and does not."""
    before, after = plan.before, plan.after
    if before is None or after is None:
        return
    experts = {expert.id: expert for expert in answered.experts}
    connectors = [_without_id(connector) for connector in answered.connectors]
    lost = [
        *(one.name for one in before.experts if isinstance(one, ExpertInfo) and _is_lost(one, after, experts)),
        *(
            one.name or one.agent_id or one.id
            for one in before.connectors
            if one in after.connectors and _without_id(one) not in connectors
        ),
    ]
    for name in lost:
        yield f"{name!r}, which was to stay as it is, is shown otherwise after the change."
    for field in ("name", "description", "system_prompt"):
        if not same_text(getattr(answered, field), getattr(after, field)):
            yield f"The agent's {field} is shown otherwise after the change than planned."
    if plan.generation == "v1" and answered.mcp_servers != after.mcp_servers:
        yield "The agent's own MCP servers, which were to stay as they are, are shown otherwise after the change."


def _is_lost(expert: ExpertInfo, after: AgentInfo, now: Mapping[str | None, object]) -> bool:
    return expert in after.experts and now.get(expert.id) != expert


def _without_id(connector: ConnectorInfo) -> ConnectorInfo:
    """A connector gets a new id where the server finds it changed (V2-OBJ-09)."""
    return connector.model_copy(update={"id": None})

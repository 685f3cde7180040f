"""From what is and what shall be to a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agentkit.errors import AgentNotFound, SpecError
from agentkit.experts.deployment import v1, v2
from agentkit.experts.deployment.agents import find_agent, registered_servers, require_async
from agentkit.experts.deployment.checks import check_generation, checked_specs, unreachable
from agentkit.experts.deployment.plan import DeploymentPlan
from agentkit.experts.deployment.sections import check_texts
from agentkit.models import AgentInfo
from agentkit.specs import AgentSpec, ExpertSpec
from agentkit.wire import v1 as wire_v1
from agentkit.wire import v2 as wire_v2
from agentkit.wire.generations import supported_generations

if TYPE_CHECKING:
    from agentkit.client import AsyncCorti
    from agentkit.wire.generations import GenerationName


async def plan_deployment(
    corti: AsyncCorti,
    *experts: ExpertSpec,
    agent: str,
    create: bool = True,
    description: str | None = None,
    allow_http: bool = False,
) -> DeploymentPlan:
    """Work out what has to be done so that an agent has these experts; nothing is changed.

    Everything else of the agent stays as it is: other experts, MCP servers, its prompt. An expert is told from others
    by its name. In v1 it is an object of its own; in v2 its MCP servers are connectors of the agent, and description
    and prompt a section of the agent's system prompt.

    Args:
        corti: The client.
        *experts: What the agent shall have: `expert.spec(url)`.
        agent: The agent's name or id.
        create: Create an agent of the name where there is none.
        description: What a new agent is for; an existing one keeps its own.
        allow_http: Take plain http addresses of other machines.

    Raises:
        SpecError: An expert does not fit, alone or into the agent, several agents have the name, or the client is a
            blocking one.
        AgentNotFound: No agent has the name, and none shall be created.
        NotFoundError: No agent has the id.
        UnsupportedByGeneration: The agent is of a generation that cannot express an expert.
        AgentKitError: The API could not be asked.
    """
    require_async(corti)
    specs = checked_specs(experts, allow_http=allow_http)
    warnings = tuple(unreachable(specs, corti.config.endpoints.agents))
    found = await find_agent(corti, agent)
    if found is None:
        if not create:
            raise AgentNotFound(f"There is no agent {agent!r}.", remedy="Check the name, or let it be created.")
        plan = _new(corti, specs, agent, description)
    else:
        plan = await plan_for(corti, *found, specs=specs)
    return replace(plan, warnings=(*warnings, *plan.warnings))


async def plan_removal(corti: AsyncCorti, *experts: str, agent: str) -> DeploymentPlan:
    """Work out how to take experts from an agent; nothing is changed.

    In v2, the MCP servers of an expert are those that its section in the system prompt names.

    Args:
        corti: The client.
        *experts: Their names; a reference to the registry counts as an expert too.
        agent: The agent's name or id.

    Raises:
        SpecError: The agent has no such expert, several agents have the name, or the client is a blocking one.
        AgentNotFound: No agent has the name.
        NotFoundError: No agent has the id.
        AgentKitError: The API could not be asked.
    """
    require_async(corti)
    found = await find_agent(corti, agent)
    if found is None:
        raise AgentNotFound(f"There is no agent {agent!r}.", remedy="Check the name: agentkit agents list")
    return await plan_for(corti, *found, removals=tuple(dict.fromkeys(experts)))


async def plan_for(
    corti: AsyncCorti,
    info: AgentInfo,
    generation: GenerationName,
    *,
    specs: Sequence[ExpertSpec] = (),
    removals: Sequence[str] = (),
) -> DeploymentPlan:
    """The plan for an agent as it was read.

    Raises:
        SpecError: An expert does not fit into the agent, or is not there.
        UnsupportedByGeneration: The agent is of a generation that cannot express an expert.
    """
    check_generation(specs, generation)
    if generation == "v1":
        drafted = v1.draft(info, specs, removals, await registered_servers(corti, info) if specs else {})
    else:
        drafted = v2.draft(info, specs, removals)
    return DeploymentPlan(
        agent=info.name,
        agent_id=info.id,
        generation=generation,
        experts=drafted.experts,
        kept=drafted.kept,
        warnings=drafted.warnings,
        specs=tuple(specs),
        removals=tuple(removals),
        before=info,
        after=drafted.after,
    )


def _new(corti: AsyncCorti, specs: Sequence[ExpertSpec], name: str, description: str | None) -> DeploymentPlan:
    """The plan for an agent that is to be created.

    Raises:
        SpecError: An expert does not fit, a text is longer than v2 takes, or nobody could tell the name from another.
        UnsupportedByGeneration: The generation cannot express an expert.
    """
    if not name.isprintable() or name != name.strip():
        remedy = "Take the blanks around it and the control characters away."
        raise SpecError("agent", "is no name for a new agent: it must look like what it is", remedy=remedy)
    names = ", ".join(spec.name for spec in specs)
    spec = AgentSpec(name=name, description=description or f"Answers with the help of {names}.", experts=specs)
    generation = _generation(corti, spec)
    _ = wire_v1.encode_create_agent(spec) if generation == "v1" else wire_v2.encode_create_agent(spec)
    empty = AgentInfo(id="", name=name, description=spec.description, system_prompt="")
    if generation == "v1":
        drafted = v1.draft(empty, specs, (), {})
    else:
        for one in specs:
            check_texts(one)
        # v2 has no field for the description of a server; the plan says so, and the prompt shall not hold it.
        bare = [replace(one, servers=[replace(each, description=None) for each in one.servers]) for one in specs]
        spec = replace(spec, experts=bare)
        drafted = v2.draft(empty, specs, ())
    return DeploymentPlan(
        agent=name,
        agent_id=None,
        generation=generation,
        experts=drafted.experts,
        warnings=drafted.warnings,
        specs=tuple(specs),
        created=spec,
    )


def _generation(corti: AsyncCorti, spec: AgentSpec) -> GenerationName:
    """The generation that the client makes this agent with."""
    if corti.generation != "auto":
        return corti.generation
    return "v2" if supported_generations(spec)["v1"] else "v1"

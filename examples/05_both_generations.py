"""One spec for both generations of Corti's agents API: what v2 has more, what it cannot do, and the way there.

The platform is the local one, in this process; `AsyncCorti(generation=...)` does the same with the Corti that the
variables `CORTI_*` or `.env` name.
"""

import asyncio
from dataclasses import replace

from agentkit import AgentSpec, ExpertSpec, McpServerSpec
from agentkit.client import plan_migration
from agentkit.errors import UnsupportedByGeneration
from agentkit.models import AgentInfo
from agentkit.specs import OutputSchemaSpec
from agentkit.testing import platform

library = McpServerSpec(name="guidelines", url="https://guidelines.example.org/mcp")
spec = AgentSpec(
    name="triage-helper",
    description="Tells how soon somebody has to be seen.",
    experts=[ExpertSpec(name="librarian", description="Looks up guidelines.", servers=[library]), "memory-expert"],
)
urgency = OutputSchemaSpec(
    "urgency", {"type": "object", "properties": {"urgency": {"enum": ["routine", "soon", "now"]}}}
)
typed = AgentSpec(name="triage-output", description=spec.description, experts=[urgency])


async def main() -> None:
    async with platform() as local:
        # `auto`, the default: v1 for a new agent, and v2 where the spec needs it. Later the agent's id tells.
        corti = local.new_corti()
        old = await corti.agents.create(spec)
        new = await corti.agents.create(typed)
        print("auto:", old.generation, "and", new.generation)
        assert (old.generation, new.generation) == ("v1", "v2")
        await corti.agents.delete(new.id)

        # v2 alone: a custom expert becomes a section of the prompt, and its servers become connectors of the agent.
        second = local.new_corti(generation="v2")
        agent = await second.agents.create(replace(spec, name="triage-helper-v2"))
        for connector in await agent.connectors.list():
            print("connector:", connector.type, connector.name)
        added = await agent.connectors.create(urgency)
        assert added.type == "schema"
        await second.agents.delete(agent.id)

        # What a generation cannot do is said before anything is sent.
        first = local.new_corti(generation="v1")
        try:
            await first.agents.create(typed)
        except UnsupportedByGeneration as error:
            print("error:", error)
            print("field:", error.field, "- can do it:", *error.supported_by)

        # The way from v1 to v2, as `agentkit migrate` shows it.
        info = (await first.agents.get(old.id)).info
        assert isinstance(info, AgentInfo)
        plan = plan_migration(info)
        for loss in plan.losses[:2]:
            print("not the same:", loss.what, "-", loss.remedy)
        await first.agents.delete(old.id)
        migrated = await second.agents.create(plan.spec)
        assert migrated.id.startswith("agt.")

        # At the local platform an agent of one generation is an agent of the other, too.
        same = await first.agents.get(migrated.id.removeprefix("agt."))
        print("the same agent:", same.name)
        assert same.name == migrated.name


if __name__ == "__main__":
    asyncio.run(main())

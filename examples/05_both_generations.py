"""One spec for both generations of Corti's agents API: what v2 has more, what it cannot do, and the way there.

It talks to the Corti that the variables `CORTI_*` or `.env` name. The local platform serves v1 only; without an
account, a checkout has a stand-in: `python -m tests.stand_in examples/05_both_generations.py`
"""

import asyncio

from agentkit import AgentSpec, AsyncCorti, ExpertSpec, McpServerSpec
from agentkit.client import plan_migration
from agentkit.errors import UnsupportedByGeneration
from agentkit.models import AgentInfo
from agentkit.specs import OutputSchemaSpec

library = McpServerSpec(name="guidelines", url="https://guidelines.example.org/mcp")
spec = AgentSpec(
    name="triage-helper",
    description="Tells how soon somebody has to be seen.",
    experts=[ExpertSpec(name="librarian", description="Looks up guidelines.", servers=[library]), "web-search-expert"],
)
urgency = OutputSchemaSpec(
    "urgency", {"type": "object", "properties": {"urgency": {"enum": ["routine", "soon", "now"]}}}
)
typed = AgentSpec(name="triage-output", description=spec.description, experts=[urgency])


async def main() -> None:
    # `auto`, the default: v1 for a new agent, and v2 where the spec needs it. Later the agent's id tells.
    async with AsyncCorti() as corti:
        old = await corti.agents.create(spec)
        new = await corti.agents.create(typed)
        print("auto:", old.generation, "and", new.generation)
        assert (old.generation, new.generation) == ("v1", "v2")
        reply = await new.send("How urgent is a sore throat?")
        print("typed output:", *reply.data)
        await corti.agents.delete(new.id)

    # v2 alone: a custom expert becomes a section of the prompt, and its servers become connectors of the agent.
    async with AsyncCorti(generation="v2") as corti:
        agent = await corti.agents.create(spec)
        for connector in await agent.connectors.list():
            print("connector:", connector.type, connector.name)
        added = await agent.connectors.create(urgency)
        assert added.type == "schema"
        await corti.agents.delete(agent.id)

    # What a generation cannot do is said before anything is sent.
    async with AsyncCorti(generation="v1") as corti:
        try:
            await corti.agents.create(typed)
        except UnsupportedByGeneration as error:
            print("error:", error)
            print("field:", error.field, "- can do it:", *error.supported_by)

        # The way from v1 to v2, as `agentkit migrate` shows it.
        info = (await corti.agents.get(old.id)).info
        assert isinstance(info, AgentInfo)
        plan = plan_migration(info)
        for loss in plan.losses[:2]:
            print("not the same:", loss.what, "-", loss.remedy)
        await corti.agents.delete(old.id)
    async with AsyncCorti(generation="v2") as corti:
        migrated = await corti.agents.create(plan.spec)
        assert migrated.id.startswith("agt.")
        await corti.agents.delete(migrated.id)


if __name__ == "__main__":
    asyncio.run(main())

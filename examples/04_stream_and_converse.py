"""Watch a turn as it happens, and lead a conversation in which the agent asks back.

The platform is the local one, in this process, with the installed health record; with an `AsyncCorti` in place of
`local.corti` the same calls go to the Corti that the variables `CORTI_*` or `.env` name.
"""

import asyncio

from agentkit import AgentSpec
from agentkit.errors import AuthRequired
from agentkit.models import ArtifactUpdate, StatusUpdate
from agentkit.testing import platform

spec = AgentSpec(name="visit-helper", description="Helps before a visit.", experts=["ehr-lookup"], ephemeral=True)


async def main() -> None:
    async with platform(installed=True) as local:
        agent = await local.corti.agents.create(spec)

        # Events come as they happen, each once. A connection that breaks is resumed where it stopped.
        stream = agent.stream("Which medications does Robert Okafor take?", credentials=local.credentials)
        async for event in stream:
            match event:
                case ArtifactUpdate():
                    print("artifact:", event.artifact.name)
                case StatusUpdate():
                    print("state:", event.status.state.value)
                case _:
                    print("event:", type(event).__name__)
        assert stream.reply
        assert stream.reply.state.is_settled
        print("reply:", stream.reply.text.splitlines()[0])  # what `send` would have brought back

        # A conversation keeps the context, the credentials and the open question.
        talk = agent.conversation()
        try:
            reply = await talk.send("Which allergies does Anna Berg have?")
        except AuthRequired as error:
            print("error:", error)  # names the MCP server and how to give the credential
            reply = await talk.authorize(local.credentials)  # asks again, in a new context
        assert reply
        assert talk.pending
        print("asked:", reply.text)  # there are two patients of that name
        reply = await talk.send("The one born in 1957.")  # answers the task that asked
        assert reply
        print("reply:", reply.text.splitlines()[0])
        print("usage:", talk.usage.total_tokens, "tokens,", talk.usage.credits, "credits")
        assert reply.state.is_settled
        assert talk.context == reply.context

        await local.corti.agents.delete(agent.id)


if __name__ == "__main__":
    asyncio.run(main())

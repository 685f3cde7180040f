"""An agent composed in Python answers through Corti's platform: attached as a connector, with streaming and cancelling.

The platform is the local one, in this process; at Corti the same calls do the same once the agent has a public address.
"""

import asyncio

from agentkit import AgentSpec, Sequential
from agentkit.a2a.standalone import agent_app
from agentkit.compose import FunctionAgent
from agentkit.models import StatusUpdate, TaskState
from agentkit.reasoning import Act, Answer, Delegate, Situation
from agentkit.specs import RemoteAgentSpec
from agentkit.testing import platform

HOST = "http://127.0.0.1:8702"
begun = asyncio.Event()


async def assess(text: str) -> str:
    """Say how urgent a complaint is."""
    if "wait" in text:
        begun.set()
        await asyncio.Event().wait()  # somebody takes a long time
    return "urgent" if "chest pain" in text else "routine"


def advise(text: str) -> str:
    """Turn an assessment into advice."""
    return f"Assessed as {text}. " + ("Call the emergency number." if text == "urgent" else "See your doctor.")


triage = Sequential("triage", [FunctionAgent(assess), FunctionAgent(advise)], description="Assesses complaints.")


class AlwaysTriage:
    """Decides without a model: everything goes to the first expert, and its answer is the answer."""

    async def decide(self, situation: Situation) -> Act:
        """Delegate, then hand on."""
        if situation.delegations:
            return Answer(situation.delegations[-1].text)
        return Delegate(situation.experts[0].name, situation.text)


async def main() -> None:
    app = agent_app(triage, url=HOST)
    async with platform(servers={HOST: app}, reasoner=AlwaysTriage()) as local:
        spec = AgentSpec(name="front-desk", experts=[RemoteAgentSpec(HOST, "triage")])
        agent = await local.corti.agents.create(spec)

        stream = agent.stream("I have chest pain.")
        async for event in stream:
            if isinstance(event, StatusUpdate) and event.status.message:
                print(f"{event.status.state.value}: {event.status.message.text}")
        assert stream.reply
        assert "Call the emergency number." in stream.reply.text

        # Cancelling the platform's task cancels the remote one, and with it the function that waits.
        waiting = await agent.send("Please wait for the doctor.", blocking=False)
        await begun.wait()
        assert waiting.task
        task = await agent.cancel(waiting.task)
        print("canceled:", task.status.state.value)
        assert task.status.state is TaskState.CANCELED


if __name__ == "__main__":
    asyncio.run(main())

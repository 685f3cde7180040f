"""The chain of the demonstration: an agent, then a Python function, then somebody who approves."""

from __future__ import annotations

from agentkit.compose import Agent, Approval, CortiAgent, FunctionAgent, Sequential
from agentkit.models import Message
from agentkit.specs import AgentSpec
from agentkit.testing.local_platform import LocalPlatform


def handover(message: Message) -> Message:
    """Turn an answer into a note for the next shift."""
    lines = [line.strip() for line in message.text.splitlines() if line.strip()]
    note = "Handover note\n" + "\n".join(f"- {line.removeprefix('- ')}" for line in lines)
    return message.reply(note, data=[{"type": "handover", "lines": len(lines)}])


def handover_chain(front: Agent) -> Sequential:
    """Ask `front`, write a handover note from its answer, and hand it over when somebody approves it."""
    note = FunctionAgent(handover, name="handover-note", description="Writes a handover note from an answer.")
    sign = Approval("sign-off", question="Hand over this note?")
    return Sequential(
        "handover-chain", [front, note, sign], description="Looks up a record and writes a handover note."
    )


async def preview() -> Sequential:
    """The chain over an agent of a platform in memory: what `agentkit card write` makes its card from."""
    async with LocalPlatform() as platform:
        agent = await platform.corti.agents.create(AgentSpec(name="visit-helper", description="For the card."))
        return handover_chain(CortiAgent(agent))

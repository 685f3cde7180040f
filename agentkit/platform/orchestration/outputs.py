"""The outputs of an agent: tools of its own whose validated call ends the turn (V2-OBJ-08)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from agentkit.mcp.client.output_check import OutputCheck, UnusableSchema
from agentkit.models import JsonObject, TaskState
from agentkit.platform.orchestration.happenings import Output
from agentkit.platform.orchestration.plan import OutputPlan
from agentkit.reasoning import CallTool, Observation, Tool
from agentkit.specs import Transition

INVALID: Final = "invalid-arguments"
"""The code of a failed call whose arguments do not fit the output's schema."""

_MOST_FAULTS: Final = 10


class Outputs:
    """The outputs of one agent."""

    def __init__(self, plans: Sequence[OutputPlan]) -> None:
        """Offer the outputs of a plan."""
        self._plans = {plan.name: plan for plan in plans}

    def tools(self) -> tuple[Tool, ...]:
        """As a reasoner is shown them."""
        return tuple(Tool(plan.name, plan.description, plan.schema) for plan in self._plans.values())

    def has(self, name: str) -> bool:
        """Whether there is an output of a name."""
        return name in self._plans

    async def check(self, act: CallTool) -> Output | Observation:
        """What a call gives out, or what is wrong with its arguments, for the reasoner to do better."""
        plan = self._plans[act.tool]
        # A schema may be large, and a reasoner may say anything: it is seconds at most, and not on the event loop.
        faults = await asyncio.to_thread(_faults, plan.schema, act.arguments)
        if not faults:
            return Output(plan.name, act.arguments)
        text = f"The arguments do not fit the schema: {'; '.join(faults)}."
        return Observation(act.tool, act.arguments, text, failed=True, code=INVALID)

    def state(self, output: Output) -> TaskState:
        """The state in which an output ends the turn."""
        waits = self._plans[output.name].transition is Transition.INPUT_REQUIRED
        return TaskState.INPUT_REQUIRED if waits else TaskState.COMPLETED


def told(output: Output, state: TaskState) -> str:
    """What the status message says of an output; its content is in the artifact."""
    if state is TaskState.INPUT_REQUIRED:
        return f"{output.name} needs your answer."
    return f"{output.name} is done."


def _faults(schema: JsonObject, arguments: JsonObject) -> list[str]:
    """Where the arguments do not fit, and by which word of the schema; values are not repeated."""
    try:
        found = OutputCheck(schema).faults(arguments, _MOST_FAULTS)
    except UnusableSchema as problem:
        return [f"the output's own schema cannot be used, because {problem}"]
    return [f"{place or 'the arguments'} ({keyword})" for place, keyword in found]

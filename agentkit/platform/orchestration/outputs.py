"""The outputs of an agent: tools of its own whose validated call ends the turn (V2-OBJ-08)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol, cast

from agentkit.models import Json, JsonObject, TaskState
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
        # The first use loads the library from disk, and a schema may be large.
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


class _Fault(Protocol):
    absolute_path: Iterable[str | int]
    validator: str


class _Validator(Protocol):
    def iter_errors(self, instance: Json) -> Iterator[_Fault]: ...


def _faults(schema: JsonObject, arguments: JsonObject) -> list[str]:
    """Where the arguments do not fit, and by which word of the schema; values are not repeated."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(schema)
        # An empty registry: a reference to somewhere else is never followed.
        validator = cast("_Validator", Draft202012Validator(schema, registry=Registry()))
        errors = [error for error, _ in zip(validator.iter_errors(arguments), range(_MOST_FAULTS), strict=False)]
    except SchemaError:
        return ["the output's own schema is no JSON Schema (2020-12)"]
    except Unresolvable:
        return ["the output's own schema refers to something that it does not hold"]
    except RecursionError:
        return ["the output's own schema refers to itself without end, or the arguments are nested too deeply"]
    return [f"{'/'.join(map(str, error.absolute_path)) or 'the arguments'} ({error.validator})" for error in errors]

"""A Python function that calls agents, as an agent."""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Concatenate, Final

from pydantic import BaseModel

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import stop
from agentkit.compose.members import members_of
from agentkit.compose.named import Named
from agentkit.compose.record import load_outcome, object_of
from agentkit.compose.signature import Taken, argument_of, kind_of
from agentkit.compose.workflow.run import WorkflowRun
from agentkit.errors import SpecError
from agentkit.models import AgentSkill, Event, JsonObject, Message

MOST_STEPS: Final = 10_000
"""So many steps may one turn of a workflow ask for."""

_REMEMBERED: Final = 1_000
_ACCEPTED: Final = "Write `async def name(ctx: RunContext, message: Message)`; str or a pydantic model do for Message."

Returned = Message | str | BaseModel | Mapping[str, object] | None
"""What the function of a workflow may return."""

WorkflowFunction = Callable[Concatenate[RunContext, ...], Awaitable[Returned]]
"""`async def name(ctx: RunContext, message: Message) -> Message`."""


def workflow(
    name: str,
    *,
    version: str = "1",
    description: str | None = None,
    skills: Sequence[AgentSkill] | None = None,
    durable: bool = True,
    agents: Sequence[Agent] = (),
    credentials: Sequence[str] = (),
    max_steps: int = MOST_STEPS,
) -> Callable[[WorkflowFunction], Workflow]:
    """Make an agent of an async function that calls others.

    The function is entered again after a pause or a crash; what it awaited from its `RunContext` before is given to
    it from the record. So it must ask for the same steps again: everything that may turn out differently the second
    time (the clock, random numbers, a request) belongs into `ctx.step` or into an agent. A step that is given something
    else than was recorded is refused. Whenever the task begins to wait, the function is cancelled where it stands: what
    is in `finally` runs each time, so it must be harmless.

    Args:
        name: The agent's name.
        version: Change it with the order of the steps: tasks that wait then fail with `WorkflowChanged` when they are
            answered, instead of being misread.
        description: What it is for; the first line of the function's docstring when None.
        skills: For its card; one skill made of name and description when None.
        durable: It runs on an engine that survives the process.
        agents: Those it calls, as far as they are known beforehand; only then the tags of their skills are on its
            card, and they are told when a task that waits since before a restart is canceled.
        credentials: Names of MCP servers whose credentials the function itself may see. The agents it calls see those
            they name.
        max_steps: So many steps may one turn ask for.

    Raises:
        SpecError: It is used without a name; the function's signature is another one, or something in `agents` is
            none, raised when the decorator is applied.
    """
    given: object = name
    if inspect.isfunction(given):
        raise SpecError("workflow", "is used without a name", remedy=f'Write @workflow("{given.__name__}").')

    def decorate(function: WorkflowFunction) -> Workflow:
        return Workflow(
            function,
            name=name,
            version=version,
            description=description,
            skills=skills,
            durable=durable,
            agents=agents,
            credentials=credentials,
            max_steps=max_steps,
        )

    return decorate


class Workflow(Named):
    """An agent whose turn is a Python function; made by `workflow`."""

    composite: Final = True
    mcp_names: Final = None
    """It passes on what it gets; each agent it calls sees only what that agent names."""

    def __init__(
        self,
        function: WorkflowFunction,
        *,
        name: str,
        version: str,
        description: str | None,
        skills: Sequence[AgentSkill] | None,
        durable: bool,
        agents: Sequence[Agent],
        credentials: Sequence[str],
        max_steps: int,
    ) -> None:
        """Take what `workflow` was given.

        Raises:
            SpecError: The name is empty, the signature is another one, or something in `agents` is none.
        """
        if not name.strip():
            raise SpecError("workflow.name", "must not be empty")
        own = getattr(function, "__name__", type(function).__name__)
        self.durable: Final = durable
        self.agents: Final = members_of("workflow.agents", agents)
        self.version: Final = version
        self._name = name
        documented = (inspect.getdoc(function) or "").partition("\n")[0]
        self._description = description or documented or f"Runs the workflow {own}"
        self._skills = None if skills is None else tuple(skills)
        self._takes = _signature(function, own)
        self._function = function
        self._credentials = frozenset(credentials)
        self._max_steps = max_steps
        self._called: dict[str, Agent] = {agent.name: agent for agent in self.agents}
        self._turns: dict[tuple[str, str], WorkflowRun] = {}

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """What it can do, for its card."""
        if self._skills is not None:
            return self._skills
        tags = dict.fromkeys(tag for agent in self.agents for skill in agent.skills for tag in skill.tags)
        return (
            AgentSkill(id=self._name, name=self._name, description=self._description, tags=(*tags,) or ("workflow",)),
        )

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Enter the function, or enter it again with what is recorded.

        Raises:
            WorkflowChanged: The task was begun by another version.
            InputRequired: The message has no data part for the model that the function takes.
        """
        turn = WorkflowRun(
            self._name,
            self.version,
            message,
            context,
            most_steps=self._max_steps,
            credentials=self._credentials,
            on_call=self._remember,
        )
        argument = argument_of(self._takes, turn.message)
        events = turn.events(lambda own: self._function(own, argument))
        place, is_cut_off = _place(context), True
        self._turns[place] = turn
        try:
            async for event in events:
                yield event
            is_cut_off = False
        finally:
            await events.aclose()
            # A turn that is cut off is told only afterwards to stop what it set going elsewhere: see `cancel`.
            if not (is_cut_off and turn.at_work) or len(self._turns) > _REMEMBERED:
                self._turns.pop(place, None)

    async def cancel(self, context: RunContext) -> None:
        """Cancel the agents that were called, those that wait with what they left behind (A2A-CMP-01)."""
        waiting = object_of((context.continuation or {}).get("open")) or {}
        turn = self._turns.pop(_place(context), None)
        at_work = [] if turn is None else [*turn.at_work.values()]
        # The same agent may be at work, or wait, in several calls.
        left = [(key, entry) for key, one in waiting.items() if (entry := object_of(one))]
        asked = [
            stop(self._called[name], _at(context.child(name, continuation=_left_by(entry)), key))
            for key, entry in left
            if (name := str(entry.get("of"))) in self._called
        ]
        asked += [stop(agent, child) for agent, child in at_work]
        told = {str(entry.get("of")) for _, entry in left} | {agent.name for agent, _ in at_work}
        others = [agent for name, agent in self._called.items() if name not in told]
        await asyncio.gather(*asked, *(stop(agent, context.child(agent.name)) for agent in others))

    def _remember(self, agent: Agent) -> None:
        if len(self._called) < _REMEMBERED:
            self._called.setdefault(agent.name, agent)


def _left_by(entry: JsonObject) -> JsonObject | None:
    return load_outcome(entry.get("value")).continuation


def _place(context: RunContext) -> tuple[str, str]:
    return context.run_id or context.task_id, context.step_key


def _at(child: RunContext, key: str) -> RunContext:
    """The context of the very call that has this key."""
    rounds = key.partition("#")[2]
    return replace(child, rounds=tuple(rounds.split("."))) if rounds else child


def _signature(function: WorkflowFunction, own: str) -> Taken:
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise SpecError(own, "is a generator", remedy="Return the answer; use ctx.publish for partial output.")
    if not inspect.iscoroutinefunction(function):
        raise SpecError(own, "is not an async function", remedy=_ACCEPTED)
    try:
        parameters = list(inspect.signature(function).parameters.values())
        hints = typing.get_type_hints(function)
    except (NameError, TypeError, ValueError) as error:
        raise SpecError(own, "its annotations cannot be read", remedy=_ACCEPTED) from error
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if len(positional) != 2 or any(one.default is one.empty for one in parameters[2:]):
        raise SpecError(own, "takes other arguments than a context and a message", remedy=_ACCEPTED)
    if hints.get(positional[0].name) is not RunContext:
        raise SpecError(f"{own}.{positional[0].name}", "is not annotated RunContext", remedy=_ACCEPTED)
    takes = kind_of(hints.get(positional[1].name))
    if takes is None:
        raise SpecError(f"{own}.{positional[1].name}", "has an annotation that is not supported", remedy=_ACCEPTED)
    return takes

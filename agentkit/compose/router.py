"""One of several agents, chosen by the message."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final, TypeAlias, cast

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import Combinator, passed_on, stopped
from agentkit.compose.continuation import CONTINUATION_KEY
from agentkit.compose.outcome import status_update
from agentkit.compose.record import dump_parts, load_parts
from agentkit.compose.routing import ByFunction, ByReasoner, ByRules, BySkills, Choice, Chooser, Rule
from agentkit.compose.turn import Turn
from agentkit.compose.usage import Meter, charged
from agentkit.errors import EngineError, SpecError
from agentkit.models import Event, Json, JsonObject, Message, StatusUpdate, TaskState
from agentkit.reasoning import Reasoner

ROUTE_KEY: Final = "agentkit.route"
"""Where in metadata stands who was chosen by each router (its path), by what and why."""

By: TypeAlias = "Sequence[Rule] | Callable[[Message], str | Awaitable[str | None] | None] | Reasoner | Chooser"
"""How a router chooses: rules, a function that names the agent, a reasoner, or a chooser of one's own."""


class Router(Combinator):
    """Gives a message to one of its agents: by rules, by a function, by a reasoner, or by what the agents can do.

    The answer is that of the agent. An agent that waits for an answer or a credential gets it, and no other agent:
    nothing is chosen anew before its task is over. Where nobody fits, or several fit equally well, the default gets the
    message, or else the caller is asked; the name of an agent is answer enough.
    """

    def __init__(
        self,
        name: str,
        agents: Sequence[Agent],
        *,
        by: By | None = None,
        default: str | None = None,
        description: str | None = None,
        durable: bool = False,
    ) -> None:
        """Combine agents.

        Args:
            name: The name of the combination.
            agents: Among whom to choose.
            by: How to choose; None goes by names, descriptions, skills, tags and examples (`BySkills`).
            default: The name of the agent that gets what nobody fits; None asks the caller.
            description: What the combination is for.
            durable: What was chosen and what the agents did survives a crash.

        Raises:
            SpecError: There is no agent, two share a name, or the default or a rule names an agent that is not there.
        """
        super().__init__(name, agents, description=description, durable=durable)
        self._chooser = _chooser(by)
        self._default = default
        names = {agent.name for agent in self.agents}
        for field, named in [("default", default), *_named(self._chooser)]:
            if named is not None and named not in names:
                raise SpecError(f"Router.{field}", f"names {named!r}; the agents are {', '.join(sorted(names))}")

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Choose and run, or go on with the agent that waits."""
        left = context.continuation or {}
        if "agent" in left:
            choice = Choice(str(left["agent"]), str(left.get("by")), str(left.get("why") or ""))
            agent, resumed, inner = self._waiting(choice), context.resumed, left.get("inner")
        else:
            message, choice = await self._choose(message, context, left)
            if choice.agent is None:
                yield self._without(choice, message, context)
                return
            agent, resumed, inner = self._agent(choice), False, None
            # Told at once: the last update may be swallowed by a combination around this one.
            yield _routed(status_update(context, TaskState.WORKING), choice, context)
        meter = Meter(context.meter)
        child = replace(context, meter=meter).child(
            agent.name, resumed=resumed, continuation=inner if isinstance(inner, dict) else None
        )
        turn = Turn(agent, message, child)
        async with aclosing(turn.events()) as events:
            async for update in events:
                yield passed_on(update, child)
        outcome = turn.outcome
        if outcome.state is TaskState.COMPLETED:
            end = status_update(context, TaskState.COMPLETED, outcome.message, outcome.metadata)
        else:
            end = stopped(outcome, child, {**choice.told(), "inner": outcome.continuation})
        yield charged(_routed(end, choice, context), meter.total)

    async def _choose(self, message: Message, context: RunContext, left: JsonObject) -> tuple[Message, Choice]:
        if "asked" in left:
            named = message.text.strip().casefold()
            asked = load_parts(left["asked"])
            message = message.model_copy(update={"message_id": message.message_id, "parts": (*asked, *message.parts)})
            for agent in self.agents:
                if agent.name.casefold() == named:
                    return message, Choice(agent.name, "name", "the caller named it")
        if context.engine.durable and not context.in_step:
            # What a model or a function chose is not sure to be chosen again.
            recorded = await context.engine.step(
                context.run_id or context.task_id, f"{context.step_key}/choice", lambda: self._recorded(message)
            )
            choice = _read(recorded)
        else:
            choice = await self._chooser.choose(message, self.agents)
        if choice.agent is None and not choice.text and self._default is not None:
            choice = Choice(self._default, "default", choice.why)
        return message, choice

    async def _recorded(self, message: Message) -> Json:
        choice = await self._chooser.choose(message, self.agents)
        return {
            **choice.told(),
            "text": choice.text,
            "data": list(choice.data),
            "answered": choice.answered,
            "declined": choice.declined,
        }

    def _without(self, choice: Choice, message: Message, context: RunContext) -> Event:
        """What the router itself says where nobody was chosen."""
        data = [value for value in choice.data if isinstance(value, dict)]
        text = choice.text or self._question()
        said = Message.agent(text, data=data, context_id=context.context_id, task_id=context.task_id)
        state = TaskState.INPUT_REQUIRED
        if choice.answered:
            state = TaskState.COMPLETED
        elif choice.declined:
            state = TaskState.REJECTED
        metadata: JsonObject = {}
        if state is TaskState.INPUT_REQUIRED:
            metadata = {CONTINUATION_KEY: {"asked": dump_parts(message.parts)}}
        return _routed(status_update(context, state, said, metadata), choice, context)

    def _question(self) -> str:
        choices = "\n".join(f"- {agent.name}: {agent.description}" for agent in self.agents)
        return f"Who shall answer this? Name one, or say more.\n{choices}"

    def _waiting(self, choice: Choice) -> Agent:
        for agent in self.agents:
            if agent.name == choice.agent:
                return agent
        raise EngineError(
            f"The router {self.name} was changed while this task waited.",
            remedy="Start a new task in the same context.",
        )

    def _agent(self, choice: Choice) -> Agent:
        for agent in self.agents:
            if agent.name == choice.agent:
                return agent
        known = ", ".join(agent.name for agent in self.agents)
        raise EngineError(
            f"The router {self.name} was to choose an agent that it does not have.", remedy=f"It has {known}."
        )


def _chooser(by: By | None) -> Chooser:
    given = cast(object, by)  # an author may hand over anything
    if given is None:
        return BySkills()
    if isinstance(given, list | tuple):
        rules = cast("Sequence[object]", given)
        if not rules or not all(isinstance(rule, Rule) for rule in rules):
            raise SpecError("Router.by", "must be a list of Rule that is not empty")
        return ByRules(cast("Sequence[Rule]", rules))
    if isinstance(given, type):
        raise SpecError("Router.by", f"is the class {given.__name__}; it must be an object of it")
    if hasattr(given, "choose"):
        return cast("Chooser", given)
    if hasattr(given, "decide"):
        return ByReasoner(cast("Reasoner", given))
    if callable(given):
        return ByFunction(cast("Callable[[Message], str | None]", given))
    raise SpecError("Router.by", f"is a {type(given).__name__}; it must be rules, a function or a Reasoner")


def _named(chooser: Chooser) -> list[tuple[str, str]]:
    rules = chooser.rules if isinstance(chooser, ByRules) else ()
    return [(f"by[{index}].to", rule.to) for index, rule in enumerate(rules)]


def _routed(end: StatusUpdate, choice: Choice, context: RunContext) -> StatusUpdate:
    """The end with who was chosen and why, beside what routers further down chose."""
    metadata = end.metadata or {}
    below = metadata.get(ROUTE_KEY)
    routes: JsonObject = {"/".join(context.path): choice.told(), **(below if isinstance(below, dict) else {})}
    return end.model_copy(update={"metadata": {**metadata, ROUTE_KEY: routes}})


def _read(recorded: Json) -> Choice:
    found = recorded if isinstance(recorded, dict) else {}
    agent, data = found.get("agent"), found.get("data")
    return Choice(
        agent if isinstance(agent, str) else None,
        str(found.get("by") or ""),
        str(found.get("why") or ""),
        str(found.get("text") or ""),
        tuple(data) if isinstance(data, list) else (),
        answered=found.get("answered") is True,
        declined=found.get("declined") is True,
    )

"""What an agent may say about itself beyond the `Agent` protocol; everything has a safe default.

An author of an own `Agent` class adds these as attributes (or properties) where the default does not fit:

- `composite: bool`, default False: it runs other agents through `Turn`, so it is entered again after a crash, and only
  its leaves are recorded.
- `agents: Sequence[Agent]`, default none: the agents it runs, so that what they need is known beforehand.
- `durable: bool`, default False: it must not run on an engine that forgets what it did.
- `effect: Effect`, default `"once"`: what running it a second time after a crash would do (`agentkit.engine.Effect`).
- `async look_up(message, context) -> Outcome | None`, for `effect = "lookup"`: what came of the interrupted turn, None
  when it surely did not happen; raises `UnknownOutcome` when nobody knows.
- `mcp_names: frozenset[str] | None`, default none at all: the MCP servers whose credentials it may see. None: it cannot
  know them, so it sees all that its parent sees.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from agentkit.errors import SpecError

if TYPE_CHECKING:
    from agentkit.compose.agent import Agent, RunContext
    from agentkit.compose.outcome import Outcome
    from agentkit.engine import Effect
    from agentkit.models import Message

    AgentLookUp: TypeAlias = Callable[[Message, RunContext], Awaitable[Outcome | None]]

_EFFECTS: Final = ("idempotent", "lookup", "once")
_NOBODY: Final = frozenset[str]()


def is_composite(agent: Agent) -> bool:
    """Whether an agent runs other agents: such an agent is entered again, and only its leaves are recorded."""
    return getattr(agent, "composite", False) is True


def needs_durability(agent: Agent) -> bool:
    """Whether an agent, or one of those it runs, must run on a durable engine."""
    return any(getattr(one, "durable", False) is True for one in _family(agent))


def effect_of(agent: Agent) -> Effect:
    """What running an agent a second time would do; `once`, the careful one, where it does not say.

    Raises:
        SpecError: It says something else than the three words there are.
    """
    effect = getattr(agent, "effect", "once")
    if effect not in _EFFECTS:
        raise SpecError(f"{agent.name}.effect", f"must be one of {', '.join(_EFFECTS)}")
    if effect == "lookup" and look_up_of(agent) is None:
        raise SpecError(f"{agent.name}.effect", "is lookup, but there is no look_up(message, context)")
    return effect


def look_up_of(agent: Agent) -> AgentLookUp | None:
    """What finds out whether an interrupted turn of the agent happened; None where nothing does."""
    look_up: object = getattr(agent, "look_up", None)
    return cast("AgentLookUp", look_up) if callable(look_up) else None


def mcp_names_of(agent: Agent) -> frozenset[str] | None:
    """The MCP servers whose credentials an agent may see, its own and those of the agents it runs.

    None where it, or one of them, cannot know; an agent that does not say anything sees none.
    """
    names = set[str]()
    for one in _family(agent):
        own: object = getattr(one, "mcp_names", _NOBODY)
        if own is None:
            return None
        names |= cast("frozenset[str]", own)
    return frozenset(names)


def _family(agent: Agent) -> Iterator[Agent]:
    """An agent and all it runs, each once: a composition may contain itself."""
    seen, waiting = set[int](), [agent]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += _children(one)


def _children(agent: Agent) -> Iterable[Agent]:
    children: object = getattr(agent, "agents", ())
    return cast("Iterable[Agent]", children) if isinstance(children, list | tuple) else ()

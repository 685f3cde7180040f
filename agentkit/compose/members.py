"""Whether what an author combines is agents: told where it is written, with what to write in its place."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from agentkit.errors import SpecError

if TYPE_CHECKING:
    from agentkit.compose.agent import Agent

_AGENTS = "Give a FunctionAgent, an ExpertAgent, a remote_agent or another agent."


def require_agent(field: str, given: object) -> None:
    """Refuse what has neither a name nor a `run`.

    Args:
        field: Where it is given, for the error.
        given: What should be an agent.

    Raises:
        SpecError: It is something else; the error says how an agent is made of it.
    """
    if inspect.isclass(given):
        raise SpecError(field, f"is the class {given.__name__}", remedy="Give an object of it.")
    if hasattr(given, "name") and callable(getattr(given, "run", None)):
        return
    if inspect.isroutine(given):
        raise SpecError(field, "is a function", remedy=f"Wrap it: FunctionAgent({given.__name__}).")
    raise SpecError(field, f"is a {type(given).__name__}, and no agent", remedy=_AGENTS)


def members_of(field: str, given: Sequence[Agent]) -> tuple[Agent, ...]:
    """Agents in the order in which they are given.

    Args:
        field: Where they are given, for the error.
        given: A list or another sequence of agents.

    Raises:
        SpecError: It is no sequence, or something in it is no agent.
    """
    one = cast("object", given)
    if isinstance(one, str) or not isinstance(one, Sequence):
        if callable(getattr(one, "run", None)):
            name = cast("str", getattr(one, "name", "agent"))
            raise SpecError(field, "is one agent", remedy=f"Write [{name}].")
        raise SpecError(field, f"is a {type(one).__name__}; it must be a list of agents")
    for index, member in enumerate(given):
        require_agent(f"{field}[{index}]", member)
    return tuple(given)

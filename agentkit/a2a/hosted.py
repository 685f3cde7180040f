"""An agent as it is served: under which path, with which texts, and what more is shown to callers who are known."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from a2a.types import AgentCard

from agentkit.a2a.authorization import Security
from agentkit.a2a.card import VERSIONS, build_card
from agentkit.a2a.card_texts import CardTexts
from agentkit.a2a.operations import ExtendedCard
from agentkit.a2a.security import Gate
from agentkit.a2a.signing import CardSigner
from agentkit.compose import Agent, Caller
from agentkit.compose.members import require_agent
from agentkit.errors import SpecError
from agentkit.models import AgentSkill

MoreSkills: TypeAlias = Callable[[Caller], Sequence[AgentSkill] | Awaitable[Sequence[AgentSkill]]]
"""The skills that a caller who is known may see beside those of the public card."""


@dataclass(frozen=True, slots=True)
class HostedAgent:
    """An agent, and what of its card is not in it.

    Attributes:
        agent: What is served; its name is unique on the host, for its tasks are kept under it.
        path: Below the address of the host; by default its name where several are served, else none.
        texts: What people read in the card.
        more_skills: For the extended card (A2A-XC-01); None for no extended card.
        required_extensions: URIs of extensions a client must name (A2A-EXT-01).
    """

    agent: Agent
    path: str | None = None
    texts: CardTexts | None = None
    more_skills: MoreSkills | None = None
    required_extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manner:
    """How all agents of a host are served.

    Attributes:
        url: The public address of the host.
        security: Who is let in.
        versions: Of the protocol.
        push: Whether push notifications are offered.
        grpc_host: Name and first port of the gRPC binding; None where it is not served.
    """

    url: str
    security: Security = field(default_factory=Security)
    versions: Sequence[str] = VERSIONS
    push: bool = True
    grpc_host: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A hosted agent at its address.

    Attributes:
        hosted: The agent.
        path: Empty, or with a slash in front.
        url: The public address.
        card: The public card.
        grpc_port: Where it is reached over gRPC; None where it is not.
    """

    hosted: HostedAgent
    path: str
    url: str
    card: AgentCard
    grpc_port: int | None

    @property
    def agent(self) -> Agent:
        """What is served."""
        return self.hosted.agent


def place(agents: Agent | HostedAgent | Sequence[Agent | HostedAgent], manner: Manner) -> tuple[Placed, ...]:
    """Give every agent its address and its card.

    Raises:
        SpecError: There is none, something is none, two of them have the same name or path, or a card lacks something.
    """
    listed = agents if isinstance(agents, Sequence) else (agents,)
    hosted = [one if isinstance(one, HostedAgent) else HostedAgent(one) for one in listed]
    if not hosted:
        raise SpecError("agents", "needs at least one agent")
    for index, one in enumerate(hosted):
        require_agent(f"agents[{index}]", one.agent)
    paths = [_path(one, alone=len(hosted) == 1) for one in hosted]
    _refuse_doubled("name", [one.agent.name for one in hosted])
    _refuse_doubled("path", paths)
    return tuple(_placed(one, path, place, manner) for place, (one, path) in enumerate(zip(hosted, paths, strict=True)))


def extended_card(placed: Placed, manner: Manner, gate: Gate, signer: CardSigner | None) -> ExtendedCard | None:
    """The card for a caller who is known; None where the agent has no more to show."""
    more_skills = placed.hosted.more_skills
    if more_skills is None:
        return None

    async def card_for(caller: Caller) -> AgentCard:
        if not caller.owner:
            raise gate.challenge("missing_credential", "The extended card is for callers who say who they are.")
        shown = more_skills(caller)
        skills = await shown if inspect.isawaitable(shown) else shown
        card = _card(placed.hosted, placed.url, manner, placed.grpc_port, tuple(skills))
        return card if signer is None else signer.sign(card)

    return card_for


def _placed(hosted: HostedAgent, path: str, number: int, manner: Manner) -> Placed:
    url = manner.url.rstrip("/") + path
    if hosted.more_skills is not None and not manner.security.alternatives:
        raise SpecError(hosted.agent.name, "has more skills for known callers, and no way to say who one is")
    port = None if manner.grpc_host is None else manner.grpc_host[1] + number
    return Placed(hosted, path, url, _card(hosted, url, manner, port, ()), port)


def _card(
    hosted: HostedAgent, url: str, manner: Manner, grpc_port: int | None, more_skills: Sequence[AgentSkill]
) -> AgentCard:
    grpc_url = None
    if manner.grpc_host is not None and grpc_port is not None:
        grpc_url = f"{manner.grpc_host[0]}:{grpc_port}"
    return build_card(
        hosted.agent,
        url=url,
        texts=hosted.texts,
        security=manner.security,
        versions=manner.versions,
        grpc_url=grpc_url,
        push=manner.push,
        extended=hosted.more_skills is not None,
        more_skills=more_skills,
        required_extensions=hosted.required_extensions,
    )


def _path(hosted: HostedAgent, *, alone: bool) -> str:
    given = hosted.path
    if given is None:
        given = "" if alone else re.sub(r"[^A-Za-z0-9._~-]+", "-", hosted.agent.name).strip("-.")
        if not given and not alone:
            raise SpecError(f"agents.{hosted.agent.name}", "has a name that no address can be made of; give a path")
    path = given.strip("/")
    if re.fullmatch(r"([A-Za-z0-9_~-][A-Za-z0-9._~-]*(/|$))*", path) is None:
        raise SpecError(f"agents.{hosted.agent.name}.path", "must be letters, digits, dots and dashes")
    return f"/{path}" if path else ""


def _refuse_doubled(what: str, values: Sequence[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise SpecError("agents", f"two of them have the {what} {value!r}", remedy="Give each one its own.")
        seen.add(value)

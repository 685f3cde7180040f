"""The platform with the bundled experts and a foreign one, and what happens on it for an utterance."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import anyio

from agentkit.client import AgentHandle, Reply
from agentkit.models import JsonObject, TaskState
from agentkit.platform import PlatformSettings
from agentkit.platform.settings import DEFAULT_SERVERS_URL
from agentkit.reasoning import Act, CallTool, Observation, Reasoner, RuleReasoner, Situation, Tool
from agentkit.specs import AgentSpec, ExpertSpec, McpServerSpec
from agentkit.testing import LocalPlatform
from agentkit.testing.installed import InstalledServers, installed_servers
from tests.deadline import HANG
from tests.utterances.entries import Entry
from tests.utterances.ward_board import ward_board

if TYPE_CHECKING:
    from agentkit.credentials import ClientCredentials, Token

FOREIGN: Final = "http://wards.test"
BUNDLED: Final = ("ehr-lookup", "medical-calculator", "questionnaire-interviewer")
BOARD: Final = ExpertSpec(
    name="ward-board",
    description="Beds, duties, theatres and transports of the hospital.",
    servers=[McpServerSpec(name="ward-board", url=f"{FOREIGN}/mcp")],
)


@dataclass(frozen=True)
class Made:
    """A tool call.

    Attributes:
        expert: Whose tool it is.
        tool: The tool.
        arguments: With what.
        known: All that tools had returned before in the conversation, as text.
        messages: What the user had said.
    """

    expert: str
    tool: Tool
    arguments: JsonObject
    known: str
    messages: tuple[str, ...]


@dataclass
class Watched:
    """A reasoner that notes what another one decides, and what it is shown."""

    inner: Reasoner
    calls: list[Made] = field(default_factory=list[Made])
    messages: list[str] = field(default_factory=list[str])
    seen: dict[str, Observation] = field(default_factory=dict[str, Observation])
    owners: dict[str, str] = field(default_factory=dict[str, str])

    async def decide(self, situation: Situation) -> Act:
        """Decide as the other one does."""
        for expert in situation.experts:
            self.owners |= {tool.name: expert.name for tool in expert.tools}
        for one in situation.observations:
            self.seen.setdefault(_shown(replace(one, current=False)), one)
        act = await self.inner.decide(situation)
        if isinstance(act, CallTool):
            tool = next(one for one in situation.tools if one.name == act.tool)
            owner = self.owners[act.tool]
            self.calls.append(Made(owner, tool, act.arguments, "\n".join(self.seen), tuple(self.messages)))
        return act

    def clear(self) -> None:
        """Forget everything of a conversation but who owns which tool."""
        self.calls, self.messages, self.seen = [], [], {}

    def results(self, call: Made) -> list[Observation]:
        """What came of a call."""
        return [one for one in self.seen.values() if (one.tool, one.arguments) == (call.tool.name, call.arguments)]


@dataclass(frozen=True)
class Played:
    """What an utterance led to.

    Attributes:
        entry: The utterance.
        calls: All calls of the conversation.
        last: Those made for the utterance itself.
        results: What came of each of `last`.
        state: How the turn ended.
        text: What the user was told.
    """

    entry: Entry
    calls: tuple[Made, ...]
    last: tuple[Made, ...]
    results: tuple[tuple[Observation, ...], ...]
    state: TaskState
    text: str


class Stage:
    """Where utterances are played."""

    def __init__(self, agent: AgentHandle, credentials: tuple[Token | ClientCredentials, ...], watch: Watched) -> None:
        """Play them to an agent."""
        self._agent = agent
        self._credentials = credentials
        self._watch = watch

    async def play(self, entry: Entry) -> Played:
        """Say everything of an entry in a conversation of its own."""
        self._watch.clear()
        reply: Reply | None = None
        before = 0
        for text in (*entry.earlier, entry.said):
            before = len(self._watch.calls)
            self._watch.messages.append(text)
            reply = await self._say(text, reply)
        assert reply is not None
        last = tuple(self._watch.calls[before:])
        return Played(
            entry=entry,
            calls=tuple(self._watch.calls),
            last=last,
            results=tuple(tuple(self._watch.results(call)) for call in last),
            state=reply.state,
            text=reply.text,
        )

    async def _say(self, text: str, before: Reply | None) -> Reply:
        waiting = before.task if before and before.state.is_interrupted else None
        with anyio.fail_after(HANG):
            if before is None:
                return await self._agent.send(text, credentials=list(self._credentials))
            return await self._agent.send(text, context=before.context, task=waiting)


def installed() -> InstalledServers:
    """The installed servers; made before a loop runs, for they are looked up in files."""
    return installed_servers(DEFAULT_SERVERS_URL)


@asynccontextmanager
async def stage(servers: InstalledServers) -> AsyncGenerator[Stage, None]:
    """The real platform with the installed servers, the foreign server, and the rules."""
    watch = Watched(RuleReasoner())
    foreign = ward_board().streamable_http_app(stateless_http=True, host="wards.test")
    local = LocalPlatform(
        PlatformSettings(registry=(BOARD,)),
        servers={DEFAULT_SERVERS_URL: servers.app, FOREIGN: foreign},
        reasoner=watch,
    )
    async with local as platform:
        agent = await platform.corti.agents.create(
            AgentSpec(name="ward-helper", description="Helps on the ward.", experts=[*BUNDLED, BOARD.name])
        )
        yield Stage(agent, servers.credentials, watch)


def _shown(one: Observation) -> str:
    return json.dumps([one.tool, one.arguments, one.text, one.data, one.failed], ensure_ascii=False, sort_keys=True)

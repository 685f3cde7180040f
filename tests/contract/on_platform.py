"""The local platform with the face of the double that the rule tests use, so that the same tests run against both."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentkit.models import JsonObject, TokenUsage
from agentkit.platform import PlatformSettings
from agentkit.platform.agents.registry import RegistryEntry
from agentkit.platform.realm.records import RealmClient, RealmUser
from agentkit.reasoning import Act, Answer, Ask, Situation, spent
from agentkit.specs import Authorization, ExpertSpec, McpServerSpec
from agentkit.testing import LocalPlatform
from tests.contract.corti_double import Call, CortiDouble, Hold, Turn
from tests.contract.corti_double.mcp_auth import McpRules
from tests.contract.corti_double.registries import EXPERTS
from tests.contract.corti_double.schema import JsonObject as WireObject
from tests.contract.mcp_servers import ORIGIN, mcp_servers
from tests.platform.interviews.parts import Scripted

INTERVIEWER: Final = "interviewing-expert"
"""Every platform has it; it is no registered one."""
REDIRECT: Final = "http://127.0.0.1/callback"
CLIENTS: Final[Mapping[str, str | RealmClient]] = MappingProxyType(
    {"local-client": RealmClient(secret="local-secret", public=True, redirect_uris=(REDIRECT,))}
)
USERS: Final[Mapping[str, RealmUser]] = MappingProxyType({"jane": RealmUser("jane-password")})
"""The development client and the user of the double."""


class Replies:
    """A reasoner that ends each message with the turn that a test queued.

    Attributes:
        default: What is answered when nothing is queued.
        turns: How many messages got as far as a decision.
    """

    def __init__(self) -> None:
        """Nothing is queued."""
        self.default: str | Turn = "Penicillin."
        self.turns = 0
        self._queued: deque[str | Turn] = deque()

    def queue(self, *turns: str | Turn) -> None:
        """Further turns, each for one message."""
        self._queued.extend(turns)

    async def decide(self, situation: Situation) -> Act:
        """The next turn, as the one act of a message."""
        self.turns += 1
        source = self._queued.popleft() if self._queued else self.default
        turn = Turn(source) if isinstance(source, str) else source
        for gate in (turn.gate, *(step.gate for step in turn.steps if isinstance(step, Hold))):
            if gate is not None:
                await gate.pass_through()
        if turn.usage is not None:
            used = turn.usage
            spent(
                TokenUsage(
                    input_tokens=used.input_tokens,
                    output_tokens=used.output_tokens,
                    total_tokens=used.input_tokens + used.output_tokens,
                    cached_input_tokens=used.cached_input_tokens or 0,
                    credits=used.credits or 0.0,
                    model=used.model,
                )
            )
        assert turn.state in {"completed", "input-required"}, "no reasoner decides on other ends of a turn"
        return Ask(turn.text or "") if turn.state == "input-required" else Answer(turn.text or "")


class Recorder:
    """An app in front of the platform that notes what a client asked."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of an app."""
        self._app = app
        self.calls: list[Call] = []
        self.token_calls: list[Call] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        path, query = str(scope["path"]), scope["query_string"].decode()
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        target = f"{path}?{query}" if query else path
        calls = self.token_calls if "/protocol/openid-connect/" in path else self.calls
        place = len(calls)
        calls.append(Call(scope["method"], target, headers, b""))

        async def listen() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                body.extend(message.get("body", b""))
                calls[place] = Call(scope["method"], target, headers, bytes(body))
            return message

        await self._app(scope, listen, send)


def registry() -> tuple[RegistryEntry, ...]:
    """The registry of the double, on a platform."""
    return tuple(_entry(expert) for expert in EXPERTS if expert["name"] != INTERVIEWER)


def _entry(expert: WireObject) -> RegistryEntry:
    servers = [
        McpServerSpec(
            name=server["name"],
            url=f"{ORIGIN}/{server['name']}",
            authorization=Authorization(server["authorizationType"]),
        )
        for server in expert.get("mcpServers", [])
    ]
    spec = ExpertSpec(name=expert["name"], description=expert["description"], servers=servers)
    return RegistryEntry(spec, expert.get("displayName"), expert.get("configSchema"))


DOCUMENTED: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "I would say satisfied enough": {"q1": 3},
        "Seven hours": {"q2": 7},
        "Rested, and I did not wake up": {"q3": "Rested", "q4": "none"},
    }
)
"""How the documented exchange reads its answers (QNC-10, QNC-11): the double replays it, and without a model nobody
reads `satisfied enough` so."""


def settings(**more: Any) -> PlatformSettings:
    """A platform with the client, the user and the registry of the double."""
    given = PlatformSettings(clients=CLIENTS, users=USERS, registry=registry(), interpreter=Scripted(DOCUMENTED))
    return replace(given, **more)


@asynccontextmanager
async def on_platform(**more: Any) -> AsyncGenerator[OnPlatform]:
    """Run a platform in process, with MCP servers at `https://mcp.example.org`.

    Args:
        more: Settings beside those of `settings`.
    """
    replies, mcp = Replies(), McpRules()
    async with LocalPlatform(settings(**more), servers={ORIGIN: mcp_servers(mcp)}, reasoner=replies) as platform:
        yield OnPlatform(platform, replies, mcp)


class OnPlatform:
    """A running platform; set and read like a `CortiDouble`.

    Attributes:
        url: The origin that cards and `Location` headers name.
        mcp: Which credentials the MCP servers at `https://mcp.example.org` accept.
        platform: What runs.
    """

    def __init__(self, platform: LocalPlatform, replies: Replies, mcp: McpRules) -> None:
        """Belong to a platform that runs."""
        self.platform = platform
        self.url = platform.url
        self.mcp = mcp
        self._replies = replies
        self._recorder = Recorder(platform.app)
        self._headers: dict[str, str] = {}

    @property
    def app(self) -> ASGIApp:
        """The ASGI application, whose calls are recorded."""
        return self._recorder

    @property
    def calls(self) -> list[Call]:
        """The requests to the API, in their order."""
        return self._recorder.calls

    @property
    def token_calls(self) -> list[Call]:
        """The requests to the login."""
        return self._recorder.token_calls

    @property
    def targets(self) -> list[str]:
        """Method and target of each call."""
        return [f"{call.method} {call.target}" for call in self.calls]

    @property
    def messages(self) -> list[WireObject]:
        """The messages that came in, on either plane and binding."""
        bodies: list[Any] = [call.json for call in self.calls if call.method == "POST" and call.body[:1] == b"{"]
        bodies = [body.get("params", body) for body in bodies]
        return [body["message"] for body in bodies if isinstance(body, dict) and "message" in body]

    @property
    def turns(self) -> int:
        """How many messages an agent really worked on."""
        return self._replies.turns

    @property
    def default_turn(self) -> str | Turn:
        """What an agent answers when nothing is queued."""
        return self._replies.default

    @default_turn.setter
    def default_turn(self, turn: str | Turn) -> None:
        self._replies.default = turn

    def agent_answers(self, *turns: str | Turn) -> None:
        """Queue turns; each message takes the first."""
        self._replies.queue(*turns)

    async def bearer(self) -> str:
        """A valid access token, as an application would have got it elsewhere."""
        return await self.platform.bearer()

    async def agent(self, name: str = "visit-helper", **fields: Any) -> str:
        """Make an agent of v1 with the fields of CreateAgent; returns its id."""
        body = {"name": name, "description": "Answers questions about one visit", **fields}
        return await self._made("/agents", body)

    async def v2_agent(self, name: str = "visit-helper", **fields: Any) -> str:
        """Make an agent of v2 with the fields of AgentCreate; returns its id."""
        return await self._made("/v2/agentic/agents", {"name": name, "lifecycle": "persistent", **fields})

    async def close(self) -> None:
        """Nothing is left to stop: the platform ends with its test."""

    async def _made(self, path: str, body: JsonObject) -> str:
        if not self._headers:
            self._headers = {"authorization": f"Bearer {await self.bearer()}", "tenant-name": "base"}
        answer = await self.platform.http.post(f"{self.url}{path}", json=body, headers=self._headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


class OnDouble(CortiDouble):
    """The double with the face that it shares with the platform."""

    @property
    def turns(self) -> int:
        """How many messages an agent really worked on."""
        return len(self.executions)

    async def bearer(self) -> str:
        """A valid access token, as an application would have got it elsewhere."""
        return self.token()

    async def agent(self, name: str = "visit-helper", **fields: Any) -> str:
        """Make an agent of v1 with the fields of CreateAgent; returns its id."""
        return self.add_agent(name, **fields)

    async def v2_agent(self, name: str = "visit-helper", **fields: Any) -> str:
        """Make an agent of v2 with the fields of AgentCreate; returns its id."""
        return self.add_v2_agent(name, **{"lifecycle": "persistent", **fields})


Server = OnDouble | OnPlatform
"""Whom the client talks to in a test of what both serve."""

"""The double itself: what a test sets before a call, and reads after it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware

from tests.contract.corti_double import rest, v1_agents, v1_messages, v1_rpc, v2_routes
from tests.contract.corti_double.dialects import V1Dialect, V2Dialect
from tests.contract.corti_double.faults import Fault, QueuedFault
from tests.contract.corti_double.gatekeeper import Call, Gatekeeper
from tests.contract.corti_double.gates import Gate, Signal
from tests.contract.corti_double.mcp_auth import McpRules
from tests.contract.corti_double.plane import Plane
from tests.contract.corti_double.records import Credential, Execution
from tests.contract.corti_double.registries import CONNECTORS, EXPERTS
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.token import Grant, Keycloak
from tests.contract.corti_double.troubles import Trouble
from tests.contract.corti_double.turns import Received, Turn, TurnSource


class CortiDouble:
    """A stateful Corti: `app` is served in-process or by uvicorn, everything else belongs to the test.

    Attributes:
        url: The origin that cards and `Location` headers name.
        tenant: The only tenant there is.
        client_id: The only client.
        client_secret: Its secret.
        users: Passwords by user name, for ROPC (AUTH-04).
        signed_in: The user whom the authorize endpoint finds logged in.
        expires_in: Seconds that access tokens claim to live; they are valid until they are revoked.
        refresh_expires_in: The same for the refresh tokens of user grants.
        refresh_for_clients: Whether client credentials yield a refresh token too (AUTH-08: normally not).
        one_time_refresh_tokens: Whether a refresh token works once only.
        issuer: The `iss` of tokens; None: the local login URL (LOC-06). `issue_as` sets the hosted form.
        token_gate: Holds token requests while it is closed.
        calls: The requests to the API, in their order.
        token_calls: The requests to the login.
        default_turn: What an agent answers when nothing is queued.
        mcp: Which credentials the MCP servers accept.
        v1: The state of the v1 plane.
        v2: The state of the v2 plane.
        experts: The registry of v1.
        connectors: The registry of v2.
        references: Agent references that the v1 list ends with (V1-OBJ-07).
        as_of_today: Whether v2 ignores what it ignores today (V2-LOC-01) instead of doing what is declared.
        hidden_trace_reads: So many reads of a context's trace see no spans yet (V2-EP-21).
        rest: The state of the core API beside the agents.
        open_streams: How many event streams are being sent now.
        streams: How many were begun.
    """

    def __init__(self, *, url: str = "http://127.0.0.1:8700", tenant: str = "base") -> None:
        """A double without agents, with the development client (LOC-04)."""
        self.url = url
        self.tenant = tenant
        self.client_id = "local-client"
        self.client_secret = "local-secret"
        self.users = {"jane": "jane-password"}
        self.signed_in = "jane"
        self.expires_in = 300
        self.refresh_expires_in = 1800
        self.refresh_for_clients = False
        self.one_time_refresh_tokens = False
        self.issuer: str | None = None
        self.token_gate: Gate | None = None
        self.calls: list[Call] = []
        self.token_calls: list[Call] = []
        self.default_turn: TurnSource = "Penicillin."
        self.mcp = McpRules()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._v2_dialect = V2Dialect()
        self.v1 = Plane(V1Dialect(), self.mcp, self._moment, self._choose)
        self.v2 = Plane(self._v2_dialect, self.mcp, self._moment, self._choose)
        self.experts: list[JsonObject] = [*EXPERTS]
        self.connectors: list[JsonObject] = [*CONNECTORS]
        self.references: list[JsonObject] = []
        self.hidden_trace_reads = 0
        self.rest = rest.RestState()
        self.open_streams = 0
        self.streams = 0
        self.stream_signal = Signal()
        self.keycloak = Keycloak(self)
        self._turns: deque[tuple[str | None, TurnSource]] = deque()
        self._faults: list[QueuedFault] = []

    @cached_property
    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                *rest.routes(self),
                *v2_routes.routes(self),
                *v1_agents.routes(self),
                *v1_messages.routes(self),
                *v1_rpc.routes(self),
                *self.keycloak.routes,
            ],
            middleware=[Middleware(Gatekeeper, double=self)],
        )

    # What agents answer.

    def agent_answers(self, *turns: TurnSource, agent: str | None = None) -> None:
        """Queue turns, for any agent or for one; each message takes the first that is meant for its agent."""
        self._turns.extend((agent, turn) for turn in turns)

    def _choose(self, received: Received) -> Turn:
        source = self.default_turn
        for entry in self._turns:
            if entry[0] in {None, received.agent_id}:
                self._turns.remove(entry)
                source = entry[1]
                break
        if isinstance(source, str):
            return Turn(source)
        return source if isinstance(source, Turn) else source(received)

    @property
    def deduplicates(self) -> bool:
        """Whether a repeated `messageId` finds its first turn again (CLI-10)."""
        return self.v1.deduplicates

    @deduplicates.setter
    def deduplicates(self, value: bool) -> None:
        self.v1.deduplicates = self.v2.deduplicates = value

    @property
    def as_of_today(self) -> bool:
        """Whether v2 does only what it does today."""
        return self._v2_dialect.as_of_today

    @as_of_today.setter
    def as_of_today(self, value: bool) -> None:
        self._v2_dialect.as_of_today = value

    @property
    def executions(self) -> list[Execution]:
        """The turns that were really executed, on both planes, in their order."""
        return sorted((*self.v1.executions, *self.v2.executions), key=lambda execution: execution.at)

    @property
    def executed(self) -> Counter[str]:
        """How often each `messageId` was executed."""
        return Counter(execution.message_id for execution in self.executions)

    def credentials_of(self, context_id: str) -> Mapping[str, Credential]:
        """What was registered for the MCP servers of a context, by server name."""
        return {**self.v1.contexts, **self.v2.contexts}[context_id].credentials

    async def streams_closed(self) -> None:
        """Wait until no event stream is being sent any more."""
        await self.stream_signal.until(lambda: not self.open_streams)

    async def finish(self) -> None:
        """Wait for the turns that still run; a turn behind a closed gate waits for ever."""
        workers = [task.worker for plane in (self.v1, self.v2) for task in plane.tasks.values() if task.worker]
        for result in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def close(self) -> None:
        """Stop the turns that still run, as a server does that is shut down."""
        tasks = [*self.v1.tasks.values(), *self.v2.tasks.values()]
        workers = [task.worker for task in tasks if task.worker and not task.worker.done()]
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    # Agents without a call.

    def add_agent(self, name: str = "visit-helper", **fields: Any) -> str:
        """Make an agent of v1 with the fields of CreateAgent; returns its id."""
        body = {"name": name, "description": "Answers questions about one visit", **fields}
        return v1_agents.create(self, body, ephemeral=False).id

    def add_v2_agent(self, name: str = "visit-helper", **fields: Any) -> str:
        """Make an agent of v2 with the fields of AgentCreate; returns its id."""
        return v2_routes.create_agent(self, {"name": name, **fields}, f"service-account-{self.client_id}").id

    # What was asked.

    @property
    def targets(self) -> list[str]:
        """Method and target of each call."""
        return [f"{call.method} {call.target}" for call in self.calls]

    @property
    def messages(self) -> list[JsonObject]:
        """The messages that came in, on either plane and binding."""
        bodies: list[Any] = [call.json for call in self.calls if call.method == "POST" and call.body[:1] == b"{"]
        bodies = [body.get("params", body) for body in bodies]
        return [body["message"] for body in bodies if isinstance(body, dict) and "message" in body]

    # What goes wrong.

    def inject(self, *faults: Fault, on: str | None = None, times: int | None = 1) -> None:
        """Queue faults; each is used up by the next call it is meant for.

        Args:
            faults: In their order.
            on: Pattern of `METHOD /path` with `*`, for example `POST */message:send`; None: any call but the login.
            times: How many calls each spoils; None: all of them.
        """
        self._faults.extend(QueuedFault(fault, on or "", times) for fault in faults)

    def next_fault(self, call: str, is_login: bool) -> Fault | None:
        """The fault that this call meets."""
        for queued in self._faults:
            if queued.left == 0 or not (queued.takes(call) if queued.on else not is_login):
                continue
            if queued.left is not None:
                queued.left -= 1
            return queued.fault
        return None

    # Who calls.

    def token(self, scope: str = "openid", subject: str | None = None) -> str:
        """A valid access token, as an application would have got it elsewhere."""
        return self.keycloak.issue(Grant(self.client_id, subject or f"service-account-{self.client_id}", scope))

    def issue_as(self, region: str) -> None:
        """Let tokens claim to come from a hosted region (ENV-05)."""
        self.issuer = f"https://auth.{region}.corti.app/realms/{self.tenant}"

    @property
    def token_issuer(self) -> str:
        """The `iss` of tokens."""
        return self.issuer or f"{self.url}/realms/{self.tenant}"

    def caller_of(self, headers: Headers) -> str:
        """Whom the headers of HDR-01 speak for.

        Raises:
            Trouble: The token is not valid, or the tenant is not its own.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        grant = self.keycloak.grant_of(token) if scheme.lower() == "bearer" else None
        if grant is None:
            raise Trouble("unauthorized", "The access token is missing or not valid")
        if headers.get("tenant-name") != self.tenant:
            raise Trouble("wrong_tenant", "The Tenant-Name header does not name the tenant of the token.")
        if {"transcribe", "streams"} & set(grant.scope.split()):
            raise Trouble("wrong_tenant", "The scope of the token does not allow this call.")
        return grant.subject

    def user_id(self, subject: str) -> str:
        """The `usr.` id of whom a token speaks for."""
        digest = hashlib.sha256(subject.encode()).hexdigest()
        return f"usr.{digest[:8]}-{digest[8:12]}-7{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"

    def _moment(self) -> datetime:
        return self.now()

"""Agents as an app that needs nothing else: what keeps and runs their tasks opens and closes with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from a2a.utils.errors import MethodNotFoundError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.authorization import Security
from agentkit.a2a.card import VERSIONS
from agentkit.a2a.card_keys import CardKeys
from agentkit.a2a.catalogue import catalogue_routes
from agentkit.a2a.faults import rest_error
from agentkit.a2a.grpc_server import a2a_grpc
from agentkit.a2a.hosted import HostedAgent, Manner, Placed, extended_card, place
from agentkit.a2a.operations import Offers
from agentkit.a2a.published import document_route
from agentkit.a2a.push import MIGRATIONS as PUSH_MIGRATIONS
from agentkit.a2a.push import (
    Delivery,
    NotificationSigner,
    Outbox,
    PushNotifications,
    PushStore,
    TargetGuard,
)
from agentkit.a2a.security import Gate
from agentkit.a2a.server import DirectApp, a2a_app, rpc_endpoints
from agentkit.a2a.signing import JWKS_PATH, CardSigner, KeySet
from agentkit.compose import Agent
from agentkit.compose.facets import needs_durability
from agentkit.credentials import Vault
from agentkit.engine import RECOVERIES, DbosEngine, Engine, InlineEngine, erase_records
from agentkit.errors import AgentKitError, ConfigurationError
from agentkit.oauth import Issuers
from agentkit.storage import Database
from agentkit.storage.files import is_postgres, parse
from agentkit.storage.sealing import Sealer, find_key
from agentkit.tasks import MIGRATIONS, Repository, SqlRepository, TaskService
from agentkit.tasks.limits import Limits as WorkLimits
from agentkit.tasks.repository import Scope as TaskScope
from agentkit.web.bounds import Bounds
from agentkit.web.limits import Limits

_log = logging.getLogger("agentkit.a2a")

LOOK_EVERY: Final = 30.0
"""Seconds after which a process looks again whether another one that shares its database has died."""

DEFAULT_LIMITS: Final = Limits()
"""What one caller may ask for where nothing else is said."""


@dataclass(frozen=True, slots=True)
class GrpcPlace:
    """Where agents are served over gRPC.

    Attributes:
        port: Of the first agent; each further one takes the next port, for the services of A2A have one name each.
        host: The interface.
        public_host: What clients call the host; the interface when left out.
    """

    port: int = 8703
    host: str = "127.0.0.1"
    public_host: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """How webhooks are called.

    Attributes:
        allowed_hosts: Names of hosts that may be called although they are not public.
    """

    allowed_hosts: tuple[str, ...] = ()


def agent_app(
    agents: Agent | HostedAgent | Sequence[Agent | HostedAgent],
    *,
    url: str,
    database: str | Path | None = None,
    security: Security | None = None,
    limits: Limits | None = DEFAULT_LIMITS,
    signing: CardKeys | None = None,
    push: Push | None = Push(),
    grpc: GrpcPlace | None = None,
    versions: Sequence[str] = VERSIONS,
    bounds: Bounds | None = None,
    work: WorkLimits | None = None,
    recoveries: int = RECOVERIES,
    issuers: Issuers | None = None,
) -> Starlette:
    """An app that serves agents over A2A and keeps their tasks; any ASGI server with lifespan runs it.

    One agent lies at `url`, several below it, each under its name with a card of its own. They are listed at
    `/.well-known/ai-catalog.json` and `/agents.json`; `/.well-known/jwks.json` has the keys that cards and
    notifications are signed with.

    Args:
        agents: What is served.
        url: The public address. A path in it is that of a proxy, which takes it off: the app itself lies at `/`.
        database: Of the tasks: a SQLite file, or `postgresql://...`; None keeps them in memory. A task that a crash
            left at work goes on where its agent is durable, and ends `failed` where it is not.
        security: Who is let in, and what the cards say of it; None for everybody, as one anonymous caller.
        limits: How often and for how much at once a caller may ask; None for no limits.
        signing: Signs the cards; None leaves them unsigned.
        push: How webhooks are called; None for no push notifications.
        grpc: Where the agents are served over gRPC; None for nowhere.
        versions: Of the protocol, `1.0` and `0.3` or one of them.
        bounds: How much one request may bring.
        work: How much is done at once, and how much one turn may say.
        recoveries: How often a durable task is taken over from a process that died without a step recorded in between;
            then it ends `failed`, because it may be what kills the process.
        issuers: Asks issuers about tokens; by default over a connection pool of its own.

    Raises:
        SpecError: Names or paths are doubled, a card lacks something, or a scheme cannot be checked.
        ConfigurationError: An agent is durable, and there is no database.
    """
    grpc_host = None if grpc is None else (grpc.public_host or grpc.host, grpc.port)
    manner = Manner(url, security or Security(), tuple(versions), push is not None, grpc_host)
    placed = place(agents, manner)
    durable = any(needs_durability(one.agent) for one in placed)
    if durable and database is None:
        remedy = "Give a SQLite file or the URL of a PostgreSQL database."
        raise ConfigurationError("database", "is needed for agents that are durable", remedy=remedy)
    # Made now, so that what is wrong with it is told before anything is served.
    gate = Gate(manner.security, limits=limits, resource=url.rstrip("/"), issuers=issuers)
    host = _Host(placed, manner, gate, signing, database, durable, push, grpc, bounds or Bounds(), work, recoveries)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await scope["state"]["served"](scope, receive, send)

    app = DirectApp(routes=[Mount("/", served)], exception_handlers=_NOWHERE, lifespan=host.lifespan)
    app.router.redirect_slashes = False
    return app


@dataclass(frozen=True, slots=True)
class _Host:
    """What the app is made of when it starts."""

    placed: tuple[Placed, ...]
    manner: Manner
    gate: Gate
    signing: CardKeys | None
    database: str | Path | None
    durable: bool
    push: Push | None
    grpc: GrpcPlace | None
    bounds: Bounds
    work: WorkLimits | None
    recoveries: int

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncGenerator[dict[str, Starlette | dict[str, ASGIApp]]]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.gate.aclose)
            database = await Database.open(self.database, (*MIGRATIONS, *PUSH_MIGRATIONS))
            stack.push_async_callback(database.close)
            repository = SqlRepository(database)
            repository.on_delete(erase_records)
            durable = await self._durable_engine()
            service = TaskService(repository, InlineEngine(), durable=durable, limits=self.work, vault=Vault())
            stack.push_async_callback(service.close)
            await service.recover(self._agent_of)
            await stack.enter_async_context(self._taking_over(service))
            keys = self.signing or CardKeys.new()
            push = await self._notifications(stack, database, repository, keys)
            served = await self._served(stack, service, push, keys)
            yield {"served": served, "rpc": rpc_endpoints(served)}

    async def _served(
        self, stack: AsyncExitStack, service: TaskService, push: PushNotifications | None, keys: CardKeys
    ) -> Starlette:
        signer = None if self.signing is None else CardSigner(self.signing, self.manner.url)
        routes: list[BaseRoute] = [
            *catalogue_routes(self.placed, self.manner.url),
            document_route(JWKS_PATH, KeySet(keys).current, media_type="application/jwk-set+json"),
        ]
        for one in self.placed:
            offers = Offers(push, extended_card(one, self.manner, self.gate, signer), self.bounds)
            app = a2a_app(
                one.agent,
                service,
                url=one.url,
                card=one.card,
                gate=self.gate,
                offers=offers,
                versions=self.manner.versions,
                signer=signer,
            )
            routes.append(Mount(one.path or "/", app))
            if self.grpc is not None and one.grpc_port is not None:
                await stack.enter_async_context(
                    a2a_grpc(
                        one.agent,
                        service,
                        url=one.url,
                        host=self.grpc.host,
                        port=one.grpc_port,
                        card=one.card,
                        gate=self.gate,
                        offers=offers,
                        versions=self.manner.versions,
                    )
                )
        app = Starlette(routes=routes, exception_handlers=_NOWHERE)
        # A redirect would name the scheme and host that are seen behind a proxy.
        app.router.redirect_slashes = False
        return app

    async def _notifications(
        self, stack: AsyncExitStack, database: Database, repository: Repository, keys: CardKeys
    ) -> PushNotifications | None:
        if self.push is None:
            return None
        sealer = Sealer(await asyncio.to_thread(find_key, None, _file_of(self.database)))
        store = PushStore(database, sealer)
        guard = TargetGuard(allowed_hosts=self.push.allowed_hosts)
        # Its connection pool reads certificates, which blocks.
        delivery = await asyncio.to_thread(Delivery, guard, NotificationSigner(keys, self.manner.url))
        await stack.enter_async_context(delivery)
        outbox = Outbox(repository, store, delivery)
        await stack.enter_async_context(outbox.running())
        return PushNotifications(repository, store, guard, outbox)

    @asynccontextmanager
    async def _taking_over(self, service: TaskService) -> AsyncGenerator[None]:
        """Where several processes share a database, go on with what those leave behind that die."""
        if not isinstance(self.database, str) or not is_postgres(self.database):
            yield
            return

        async def look() -> None:
            while True:
                await asyncio.sleep(LOOK_EVERY)
                try:
                    await service.recover(self._agent_of)
                except AgentKitError as error:
                    _log.warning("the work of other processes could not be looked after: %s", error)

        task = asyncio.create_task(look(), name="agentkit-a2a-taking-over")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _durable_engine(self) -> Engine | None:
        if not self.durable or self.database is None:
            return None
        return await DbosEngine.acquire(self.database, service="a2a", recoveries=self.recoveries)

    async def _agent_of(self, scope: TaskScope) -> Agent | None:
        """The agent of a stored task."""
        return next((one.agent for one in self.placed if one.agent.name == scope.agent_id), None)


async def _no_such_agent(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    body = rest_error(MethodNotFoundError("There is no agent at this address"))
    return JSONResponse(body, status_code=status)


_NOWHERE: Final = {HTTPException: _no_such_agent}


def _file_of(database: str | Path | None) -> Path | None:
    """The file of a SQLite database, beside which the key of what is sealed in it lies."""
    return None if isinstance(database, str) and is_postgres(database) else parse(database)

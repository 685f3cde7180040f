"""An agent as an app that needs nothing else: its task store opens and closes with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from agentkit.a2a.security import Gate
from agentkit.a2a.server import a2a_app
from agentkit.compose import Agent
from agentkit.engine import InlineEngine
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService


def agent_app(agent: Agent, *, url: str, database: str | Path | None = None, gate: Gate | None = None) -> Starlette:
    """An app that serves one agent over A2A 1.0 and keeps its tasks; any ASGI server with lifespan runs it.

    Args:
        agent: What is served.
        url: The public address, for the card.
        database: SQLite file of the tasks; None keeps them in memory. Tasks a crash left at work end `failed`.
        gate: Names the caller and counts; None lets in everybody as one anonymous owner.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[dict[str, Starlette]]:
        async with AsyncExitStack() as stack:
            opened = await Database.open(database, MIGRATIONS)
            stack.push_async_callback(opened.close)
            service = TaskService(SqlRepository(opened), InlineEngine())
            stack.push_async_callback(service.close)
            await service.recover()
            yield {"served": a2a_app(agent, service, url=url, gate=gate)}

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await scope["state"]["served"](scope, receive, send)

    return Starlette(routes=[Mount("/", served)], lifespan=lifespan)

"""A webhook in this process, and a host whose tasks notify it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agentkit.a2a.push import (
    MIGRATIONS,
    Delivery,
    NotificationSigner,
    Outbox,
    PushNotifications,
    PushStore,
    TargetGuard,
)
from agentkit.compose import Caller
from agentkit.engine import InlineEngine
from agentkit.models import Message, Task
from agentkit.storage import Database
from agentkit.storage.sealing import Sealer
from agentkit.tasks import MIGRATIONS as TASKS
from agentkit.tasks import SqlRepository, TaskService
from agentkit.testing.asgi import ASGITransport
from tests.a2a.desk import Desk
from tests.deadline import HANG

ANN = Caller("ann", "base")
HOOK = "https://hooks.example.org/visits"
KEY = b"k" * 32


@dataclass
class Received:
    """One notification as it came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The stream response."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers with the statuses it is given, then 204 for ever."""

    statuses: list[int] = field(default_factory=list[int])
    received: list[Received] = field(default_factory=list[Received])
    hold: anyio.Event | None = None

    def __post_init__(self) -> None:
        self._news = anyio.Event()
        self.app = Starlette(routes=[Route("/visits", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        self.received.append(Received(dict(request.headers), body))
        self._news.set()
        self._news = anyio.Event()
        if self.hold is not None:
            await self.hold.wait()
        return Response(status_code=self.statuses.pop(0) if self.statuses else 204)

    async def until(self, count: int) -> list[Received]:
        """What came in, once it is at least so much."""
        with anyio.fail_after(HANG):
            while len(self.received) < count:
                await self._news.wait()
        return self.received

    @property
    def states(self) -> list[str]:
        """The states that were told, in order."""
        return [
            one.document["statusUpdate"]["status"]["state"] for one in self.received if "statusUpdate" in one.document
        ]


@dataclass(frozen=True)
class Host:
    """Tasks that notify."""

    agent: Desk
    service: TaskService
    push: PushNotifications
    store: PushStore
    database: Database

    async def send(self, text: str, task_id: str | None = None, *, blocking: bool = True) -> Task:
        """Send a message to the desk."""
        message = Message.user(text, task_id=task_id)
        return await self.service.send(
            self.agent, message, ANN, agent_id="desk", blocking=blocking, context_policy="adopt"
        )

    async def create(self, task: Task, **fields: Any) -> dict[str, Any]:
        """Ask to be told about a task."""
        return await self.push.create({"taskId": task.id, "url": HOOK, **fields}, ANN, agent_id="desk")


@asynccontextmanager
async def notifying(
    receiver: Receiver,
    *,
    path: Path | None = None,
    addresses: Sequence[str] = ("93.184.215.14",),
    allowed_hosts: Sequence[str] = (),
    signer: NotificationSigner | None = None,
    attempts: int = 12,
    agent: Desk | None = None,
    later: timedelta = timedelta(),
) -> AsyncGenerator[Host]:
    """Serve a desk whose notifications go to a receiver, whatever the address."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    database = await Database.open(path, (*TASKS, *MIGRATIONS))
    repository = SqlRepository(database)
    service = TaskService(repository, InlineEngine())
    guard = TargetGuard(allowed_hosts=allowed_hosts, resolve=resolve)
    store = PushStore(database, Sealer(KEY))
    delivery = Delivery(guard, signer, transport=ASGITransport(receiver.app))
    outbox = Outbox(
        repository, store, delivery, attempts=attempts, first_pause=0.001, clock=lambda: datetime.now(UTC) + later
    )
    push = PushNotifications(repository, store, guard, outbox)
    try:
        async with delivery, outbox.running():
            yield Host(agent or Desk(), service, push, store, database)
    finally:
        await service.close()
        await database.close()

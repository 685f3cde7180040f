"""What the tests of the client share: clients of the double, and what they asked it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import anyio.lowlevel

from agentkit.client import AgentHandle, AsyncCorti, Corti
from agentkit.models import Task
from agentkit.testing import ASGITransport
from tests.contract.corti_double import Call, CortiDouble
from tests.contract.on_platform import OnPlatform
from tests.contract.serving import served_in_thread
from tests.deadline import HANG

Connect = Callable[..., AsyncCorti]
ConnectBlocking = Callable[..., Corti]
"""Make a client of the double, of the settings they are given."""

TOKEN = "POST */token"
"""A request for a token."""


@asynccontextmanager
async def connected(double: CortiDouble | OnPlatform, **settings: Any) -> AsyncGenerator[AsyncCorti]:
    """A client that is signed in and does not really wait between its tries."""
    given: dict[str, Any] = {
        "base_url": double.url,
        "transport": ASGITransport(double.app),
        "sleep": _at_once,
    }
    if not {"auth", "token"} & set(settings):
        given["token"] = double.token() if isinstance(double, CortiDouble) else await double.bearer()
    async with AsyncCorti(**given | settings) as corti:
        try:
            yield corti
        finally:
            await double.close()


@contextmanager
def served(double: CortiDouble, **settings: Any) -> Generator[Corti]:
    """A blocking client of the double, over a loopback port."""
    pauses: list[float] = []
    with (
        served_in_thread(double) as url,
        Corti(base_url=url, token=double.token(), sleep=pauses.append, **settings) as corti,
    ):
        yield corti


def last(double: CortiDouble | OnPlatform, method: str) -> Call:
    """The latest call of this method."""
    return next(call for call in reversed(double.calls) if call.method == method)


def grants(double: CortiDouble) -> list[str]:
    """The grant types of the token requests, in their order."""
    return [call.form["grant_type"][0] for call in double.token_calls if call.method == "POST"]


async def use(corti: AsyncCorti, double: CortiDouble) -> None:
    """Any call of the API that needs a token."""
    await corti.agents.get(double.add_agent())


async def ended(agent: AgentHandle, task: Task) -> Task:
    """The task when its turn is over."""
    with anyio.fail_after(HANG):
        while not task.status.state.is_settled:
            await anyio.lowlevel.checkpoint()
            task = await agent.task(task.id)
    return task


async def _at_once(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()

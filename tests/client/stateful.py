"""What the tests of the contract's rules share: a client of the stateful double."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio.lowlevel

from agentkit.client import AsyncCorti
from agentkit.testing import ASGITransport
from tests.contract.corti_double import Call, CortiDouble


@asynccontextmanager
async def connected(double: CortiDouble, **settings: Any) -> AsyncGenerator[AsyncCorti]:
    """A client that is signed in at the double and does not really wait between its tries."""
    given: dict[str, Any] = {
        "base_url": double.url,
        "transport": ASGITransport(double.app),
        "sleep": _at_once,
    }
    if not {"auth", "token"} & set(settings):
        given["token"] = double.token()
    async with AsyncCorti(**given | settings) as corti:
        try:
            yield corti
        finally:
            await double.close()


def last(double: CortiDouble, method: str) -> Call:
    """The latest call of this method."""
    return next(call for call in reversed(double.calls) if call.method == method)


async def _at_once(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()

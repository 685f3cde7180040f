"""At most one host per process: DBOS is a singleton, which the engines of all services share."""

from __future__ import annotations

import asyncio
from typing import Final

from agentkit.engine.database import Address
from agentkit.engine.host import Host
from agentkit.errors import EngineError

_hosts: Final[list[Host]] = []


async def enter(address: Address) -> Host:
    """The host of this process on a database; made by the first who enters.

    Raises:
        EngineError: The process has one on another database or event loop, or it cannot be opened.
    """
    while _hosts and _hosts[0].closing is not None:
        await asyncio.wait((_hosts[0].closing,))
    host = _hosts[0] if _hosts else Host(address)
    if host.address.url != address.url:
        raise EngineError(
            f"This process keeps its runs in {host.address.name}; a second engine cannot keep them in {address.name}.",
            remedy="Give all durable services of a process the same database.",
        )
    if host.loop is not asyncio.get_running_loop():
        raise EngineError(
            "The durable engine of this process belongs to another event loop.", remedy="Acquire it in that loop."
        )
    _hosts[:] = [host]
    host.users += 1
    try:
        await asyncio.shield(host.opening)
    except BaseException:
        await leave(host)
        raise
    return host


async def leave(host: Host) -> None:
    """Close the host when nobody else is in it."""
    host.users -= 1
    if host.users:
        return
    host.closing = host.loop.create_task(_close(host))
    await asyncio.shield(host.closing)


async def _close(host: Host) -> None:
    try:
        await host.close()
    finally:
        _hosts.clear()

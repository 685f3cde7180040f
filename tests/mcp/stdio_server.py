"""A server over stdio, run as a child process by `test_stdio.py`; the first argument says how it misbehaves."""

# ruff: noqa: T201

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from agentkit.mcp import ToolServer, caller, report_progress

print("printed on import")


@asynccontextmanager
async def lifespan() -> AsyncGenerator[None]:
    print("lifespan entered", file=sys.stderr, flush=True)
    if "broken" in sys.argv:
        raise RuntimeError("the store is not there")
    yield
    print("lifespan left", file=sys.stderr, flush=True)


server = ToolServer("noisy", version="1.0", lifespan=lifespan)


@server.tool
async def shout(words: str) -> str:
    """Print everywhere and answer.

    Args:
        words: What to say.
    """
    print("printed by a tool")
    print("flushed by a tool", flush=True)
    os.write(1, b"written to descriptor 1\n")
    subprocess.run(["/bin/sh", "-c", "echo from a child; cat"], check=True)  # noqa: ASYNC221
    logging.getLogger("noisy").warning("logged by a tool")
    assert sys.stdin.read() == ""
    return f"{words}!" if caller() is None else "somebody"


@server.tool
async def count(to: int) -> int:
    """Count with progress.

    Args:
        to: How far.
    """
    for step in range(1, to + 1):
        await report_progress(step, to, f"step {step}")
    return to


@server.tool(timeout=3600)
async def wait(seconds: float) -> str:
    """Wait.

    Args:
        seconds: How long.
    """
    print("waiting", file=sys.stderr, flush=True)
    await anyio.sleep(seconds)
    return "waited"


if __name__ == "__main__":
    asyncio.run(server.run_stdio(grace=0.2 if "impatient" in sys.argv else 30))

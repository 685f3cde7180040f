"""A platform that is killed while it erases a conversation of many tasks: in the transaction of the second batch.

Arguments: the database file, and how many tasks. Prints the id of the context before it dies.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from agentkit.storage import Connection
from agentkit.tasks import erasing
from agentkit.tasks.erasure import DeleteHook
from tests.platform.contexts.parts import ROOT, ward

CANARY = "canary-91f3"


async def main(database: Path, tasks: int) -> None:
    scrub, batches = erasing.scrub, 0

    def killed(connection: Connection, hooks: Sequence[DeleteHook]) -> list[tuple[int, str]]:
        nonlocal batches
        batches += 1
        done = scrub(connection, hooks)
        if batches > 1 and done:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    erasing.scrub = killed
    async with ward(database=database, trace_content=True) as home:
        batches = 0
        agent = await home.agent()
        task = await home.send(agent, f"tool {CANARY}")
        for _ in range(tasks - 1):
            await home.send(agent, CANARY, contextId=task["contextId"])
        print(task["contextId"], flush=True)  # noqa: T201 - for the test that waits
        await home.jane.delete(f"{ROOT}/contexts/{task['contextId']}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))

"""Serves a workflow over A2A and is its client too; what its steps do to the world is in the ledger.

Arguments: database, path of the ledger, address of a remote agent, how many tasks to begin in all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from httpx2 import AsyncClient

# Imported before the fork.
import agentkit.engine.dbos_store  # noqa: F401  # pyright: ignore[reportUnusedImport]
from agentkit.a2a.remote import remote_agent
from agentkit.a2a.standalone import agent_app
from agentkit.compose import Agent, FunctionAgent, RunContext, Workflow, workflow
from agentkit.engine import Effect
from agentkit.models import Message
from agentkit.specs import RemoteAgentSpec
from agentkit.testing import ASGITransport, running
from tests.durability.harness import Ledger, Tell

URL: Final = "http://127.0.0.1:8702"
STEPS: Final = ("read", "code", "remote", "file")
_ENDED: Final = ("TASK_STATE_COMPLETED", "TASK_STATE_FAILED")


async def main(arguments: list[str], tell: Tell) -> None:
    database, path, remote_url, last = arguments
    ledger = Ledger(Path(path))
    async with (
        remote_agent(RemoteAgentSpec(name="remote", url=remote_url)) as remote,
        running(
            agent_app(_intake(ledger, remote, tell), url=URL, database=database, limits=None, recoveries=1000)
        ) as live,
        AsyncClient(transport=ASGITransport(live), base_url=URL, headers={"A2A-Version": "1.0"}, timeout=60) as http,
    ):
        ended = {line[1] for line in ledger.lines() if line[0] == "ended"}
        left = [number for number in range(int(last)) if str(number) not in ended]
        await asyncio.gather(*(_converse(http, ledger, number, tell) for number in left))


def _intake(ledger: Ledger, remote: Agent, tell: Tell) -> Workflow:
    def leaf(name: str, effect: Effect) -> FunctionAgent[str, str]:
        async def work(text: str) -> str:
            tell(f"before-{name}")
            ledger.append("effect", name, text, effect)
            tell(f"after-{name}")
            return text

        return FunctionAgent(work, name=name, description=name, effect=effect)

    leaves = {
        "read": leaf("read", "idempotent"),
        "code": leaf("code", "once"),
        "remote": remote,
        "file": leaf("file", "once"),
    }

    @workflow("intake", agents=tuple(leaves.values()))
    async def intake(ctx: RunContext, message: Message) -> Message:
        """Does four steps, two of them at the same time, with a timer and an approval between."""
        number = message.text

        async def call(name: str) -> None:
            await ctx.call(leaves[name], number)
            ledger.append("recorded", name, number)
            tell(f"recorded-{name}")

        await call("read")
        await ctx.gather(call("code"), call("remote"))
        await ctx.sleep(timedelta(milliseconds=20))
        decision = await ctx.approve("File it?", proposal={"number": number})
        tell("approved")
        if decision:
            await call("file")
        return message.reply("filed")

    return intake


async def _converse(http: AsyncClient, ledger: Ledger, number: int, tell: Tell) -> None:
    """Send the message, approve, wait for the end; each again and again until it is answered, under the same id."""
    task = await _send(http, str(number), f"message-{number}", None)
    if f"{number}" not in ledger.count("accepted"):
        ledger.append("accepted", str(number))
        tell("accepted")
    task_id = task["id"]

    async def state() -> str:
        return (await _call(http, "GetTask", {"id": task_id}))["status"]["state"]

    if await _until(state, (*_ENDED, "TASK_STATE_INPUT_REQUIRED")) == "TASK_STATE_INPUT_REQUIRED":
        await _send(http, "yes", f"answer-{number}", task_id)
    await _until(state, _ENDED)
    ended = await _call(http, "GetTask", {"id": task_id})
    why = ended.get("metadata", {})
    ledger.append("ended", str(number), ended["status"]["state"], why.get("error", "-"), why.get("agentkit.step", "-"))
    tell("ended")


async def _until(state: Callable[[], Awaitable[str]], wanted: tuple[str, ...]) -> str:
    while (now := await state()) not in wanted:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return now


async def _send(http: AsyncClient, text: str, message_id: str, task_id: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {"messageId": message_id, "role": "ROLE_USER", "parts": [{"text": text}]}
    if task_id is not None:
        message["taskId"] = task_id
    params = {"message": message, "configuration": {"returnImmediately": True}}
    return (await _call(http, "SendMessage", params))["task"]


async def _call(http: AsyncClient, method: str, params: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post("/a2a", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    return answer.json()["result"]

"""A durable platform with an agent elsewhere that wants no token; its first answer never comes.

Arguments: database, path of the ledger.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import agentkit.engine.dbos_store  # noqa: F401  # pyright: ignore[reportUnusedImport] - imported before the fork
from agentkit.compose import FunctionAgent
from agentkit.platform import PlatformSettings
from agentkit.reasoning import Act, Answer, Delegate, Situation
from agentkit.testing.local_platform import LocalPlatform
from tests.durability.harness import Ledger, Tell
from tests.platform.orchestration.making import a2a, made, served
from tests.platform.parts import Talk, said, signed_in, state

_AT_WORK: Final = frozenset({"submitted", "working"})


class Relay:
    """Has the one expert work and hands its answer on."""

    async def decide(self, situation: Situation) -> Act:
        if situation.delegations:
            return Answer(situation.delegations[-1].text)
        return Delegate(situation.experts[0].name, situation.text)


def _silent(app: ASGIApp) -> ASGIApp:
    """The app without its answers to messages: not even the id of a task gets out, which it would forget."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def withheld(_message: Message) -> None:
            await asyncio.Event().wait()

        is_message = scope["type"] == "http" and scope["method"] == "POST"
        await app(scope, receive, withheld if is_message else send)

    return wrapped


async def main(arguments: list[str], tell: Tell) -> None:
    database, path = arguments
    ledger = Ledger(Path(path))
    agent = next((line[1] for line in ledger.lines() if line[0] == "agent"), None)

    async def think(text: str) -> str:
        """Thinks."""
        if agent is None:
            tell("asked")
            await asyncio.Event().wait()
        return f"thought about {text}"

    settings = PlatformSettings(database=database, durable=True, reasoner=Relay())
    servers = served(FunctionAgent(think, effect="idempotent"))
    if agent is None:
        servers = {url: _silent(app) for url, app in servers.items()}
    async with LocalPlatform(settings, servers=servers) as platform:
        if agent is None:
            chief = await made(platform, a2a())
            task = await chief.send("rain", message_id="message", blocking=False)
            ledger.append("agent", chief.agent, task["id"])
            tell("kept")
            await asyncio.Event().wait()
        chief = Talk(await signed_in(platform), agent or "")
        task_id = next(line[2] for line in ledger.lines() if line[0] == "agent")
        while True:
            task = (await chief.api.get(f"/agents/{chief.agent}/v1/tasks/{task_id}")).json()
            if state(task) not in _AT_WORK:
                break
            await asyncio.sleep(0.02)
        ledger.append("ended", state(task), said(task))

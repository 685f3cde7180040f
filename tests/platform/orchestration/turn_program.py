"""A platform with two MCP servers, and its client too; what the tools do to the world is in the ledger.

Arguments: database, path of the ledger, how many tasks to begin in all, how, and the token that the client gives the
second server on the first message (empty for a server that wants none). How is `inline` or `durable`; `together` is
durable with both experts at once, and `cancel` is durable, with tasks that are cancelled while a tool is at work. With
`-halted` behind it the tool that files never gets any further than to begin.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import agentkit.engine.dbos_store  # noqa: F401  # pyright: ignore[reportUnusedImport] - imported before the fork
from agentkit.mcp import ToolServer
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import BearerAuth, NoAuth
from agentkit.platform import PlatformSettings
from agentkit.reasoning import Act, Answer, CallTool, Delegate, DelegateTogether, Situation
from agentkit.testing.local_platform import LocalPlatform
from tests.durability.harness import Ledger, Tell
from tests.platform.parts import TOOLS, Talk, expert, server, signed_in, state, talk, token

_STEPS: Final = ("looker", "filer")
_HALTED: Final = "-halted"
_AT_WORK: Final = frozenset({"submitted", "working"})


class Clerk:
    """Has one expert look and then the other one file, or both at once."""

    def __init__(self, how: str) -> None:
        self._how = how

    async def decide(self, situation: Situation) -> Act:
        if situation.experts:
            done = len(situation.delegations)
            if self._how == "together" and not done:
                return DelegateTogether(tuple(Delegate(name, situation.text) for name in _STEPS))
            return Delegate(_STEPS[done], situation.text) if done < len(_STEPS) else Answer("filed")
        found = [one for one in situation.observations if one.current and one.expert is None]
        return Answer(found[-1].text) if found else CallTool(situation.tools[0].name, {"text": situation.text})


async def main(arguments: list[str], tell: Tell) -> None:
    database, path, last, how, secret = arguments
    halted, how = how.endswith(_HALTED), how.removesuffix(_HALTED)
    ledger = Ledger(Path(path))
    settings = PlatformSettings(database=database, durable=how != "inline", reasoner=Clerk(how))
    async with LocalPlatform(settings, servers={TOOLS: _tools(ledger, tell, secret, how, halted=halted)}) as platform:
        agent = next((line[1] for line in ledger.lines() if line[0] == "agent"), None)
        if agent is None:
            filer = server("file", "bearer" if secret else "none")
            chief = await talk(platform, [expert("looker", server("look")), expert("filer", filer)])
            ledger.append("agent", chief.agent)
        else:
            chief = Talk(await signed_in(platform), agent)
        ended = {line[1] for line in ledger.lines() if line[0] == "ended"}
        left = [number for number in range(int(last)) if str(number) not in ended]
        await asyncio.gather(*(_converse(chief, ledger, number, tell, secret, how) for number in left))


def _tools(ledger: Ledger, tell: Tell, secret: str, how: str, *, halted: bool) -> Any:
    def tool_server(name: str, *, read_only: bool) -> ToolServer:
        made = ToolServer(name, version="1")

        @made.tool(title=name, read_only=read_only)
        async def work(text: str) -> str:
            """Do it."""
            tell(f"before-{name}")
            if halted and name == "file":
                await asyncio.Event().wait()
            if how == "cancel" and name == "file":
                try:
                    await asyncio.Event().wait()
                finally:
                    ledger.append("stopped", name, text)
            ledger.append("effect", name, text)
            tell(f"after-{name}")
            return f"{name} {text}"

        return made

    auth = BearerAuth(secret) if secret else NoAuth()
    return host(
        [
            HostedServer(tool_server("look", read_only=True), "/look/mcp", NoAuth()),
            HostedServer(tool_server("file", read_only=False), "/file/mcp", auth),
        ],
        public_url=TOOLS,
    )


async def _converse(chief: Talk, ledger: Ledger, number: int, tell: Tell, secret: str, how: str) -> None:
    """Send the message, again and again under the same id until it is answered, and wait for the end of its task."""
    parts = (token("file", secret),) if secret else ()
    task = await chief.send(str(number), *parts, message_id=f"message-{number}", blocking=False)
    if str(number) not in ledger.count("accepted"):
        ledger.append("accepted", str(number))
        tell("accepted")
    while state(task) in _AT_WORK:
        await asyncio.sleep(0.02)
        if how == "cancel" and ledger.count("effect")[f"look {number}"]:
            await chief.api.post(f"/v2/agentic/agents/{chief.agent}/a2a/tasks/{task['id']}:cancel")
        task = (await chief.api.get(f"/agents/{chief.agent}/v1/tasks/{task['id']}")).json()
    metadata = task.get("metadata", {})
    error = metadata.get("agentkit", {}).get("error", {}).get("code") or metadata.get("error", "-")
    wanted = [one.get("mcp_name") for one in metadata.get("agentkit", {}).get("authRequired", [])]
    ledger.append("ended", str(number), state(task), error, ",".join(wanted) or "-")
    tell("ended")

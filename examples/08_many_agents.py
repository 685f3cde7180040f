"""Agents elsewhere, routed, bounded and retried, served together on one host with bearer tokens."""

import asyncio

from httpx2 import AsyncClient

from agentkit import Message, Parallel, Router
from agentkit.a2a import BearerAuth, Security, remote_agent
from agentkit.a2a.client import connect
from agentkit.a2a.standalone import agent_app
from agentkit.compose import Budget, FunctionAgent, Retry, Rule, Timeout
from agentkit.mcp import BearerToken
from agentkit.models import StatusUpdate
from agentkit.testing import ASGITransport, running

HOST = "http://127.0.0.1:8702"


def triage(text: str) -> str:
    """Say how urgent a complaint is."""
    return "urgent" if "chest pain" in text else "routine"


def summarize(text: str) -> str:
    """Shorten a note to its first sentence."""
    return text.partition(".")[0] + "."


async def main() -> None:
    specialists = agent_app(
        [FunctionAgent(triage), FunctionAgent(summarize)],
        url=HOST,
        security=Security(BearerAuth({"clinic": "specialist-token"})),
    )
    async with running(specialists) as live, AsyncClient(transport=ASGITransport(live)) as http:
        auth = BearerToken("specialist-token")
        far_triage = remote_agent(f"{HOST}/triage", name="triage", auth=auth, http=http)
        far_summary = remote_agent(f"{HOST}/summarize", name="summarize", auth=auth, http=http)
        desk = Router(
            "desk",
            [
                Timeout(Retry(far_triage, attempts=2), seconds=30),
                Budget(Parallel("both", [far_triage, far_summary], on_failure="keep"), seconds=60),
            ],
            by=[Rule("triage", words=("urgent",))],
            default="both",
        )
        await ask(desk, "How urgent is chest pain?")
        await ask(desk, "Slept well. No complaints today.")


async def ask(desk: Router, text: str) -> None:
    app = agent_app(desk, url="http://127.0.0.1:8712")
    async with (
        running(app) as live,
        AsyncClient(transport=ASGITransport(live)) as http,
        connect("http://127.0.0.1:8712", http=http) as client,
    ):
        last = [event async for event in client.stream(Message.user(text))][-1]
    assert isinstance(last, StatusUpdate)
    assert last.status.message
    print(last.status.message.text)
    assert ("urgent" in last.status.message.text) == ("chest" in text)


if __name__ == "__main__":
    asyncio.run(main())

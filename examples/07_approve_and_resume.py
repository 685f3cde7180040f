"""A workflow waits for a person, and goes on where it was although its server was stopped meanwhile."""

import asyncio
import tempfile
from pathlib import Path

from httpx2 import AsyncClient
from pydantic import BaseModel

from agentkit import Message, RunContext, workflow
from agentkit.a2a.client import A2AClient, connect
from agentkit.a2a.standalone import agent_app
from agentkit.compose import ExpertAgent, FunctionAgent
from agentkit.experts import load_expert
from agentkit.models import StatusUpdate, TaskState
from agentkit.testing import ASGITransport, running

URL = "http://127.0.0.1:8702"


class Codes(BaseModel):
    """What is to be billed."""

    codes: list[str]


def code(history: str) -> Codes:
    """Find the codes of a history: Z88.2 is the ICD-10-CM code for an allergy to sulfonamides."""
    return Codes(codes=["Z88.2"] if "sulfa" in history.lower() else [])


def measure(history: str) -> str:
    """Say how long a history is."""
    return f"{len(history.split())} words"


def file_codes(codes: Codes) -> str:
    """File codes; nobody wants them filed twice, so it is never done again when nobody knows whether it was done."""
    return f"Filed {', '.join(codes.codes)}."


history_of = ExpertAgent(load_expert("ehr-lookup"), effect="idempotent")
coder = FunctionAgent(code, effect="idempotent")
counter = FunctionAgent(measure, effect="idempotent")
filer = FunctionAgent(file_codes, name="filer", effect="once")


@workflow("intake", agents=(history_of, coder, counter, filer))
async def intake(ctx: RunContext, message: Message) -> Message:
    """Looks up a history, codes it, and files the codes when somebody approves them."""
    history = await ctx.call(history_of, message)
    codes, size = await ctx.gather(ctx.call(coder, history), ctx.call(counter, history))
    ok = await ctx.approve(f"File these codes of {size.text}?", proposal=codes.data)
    return await ctx.call(filer, codes) if ok else codes.reply(f"Declined: {ok.reason}")


async def say(client: A2AClient, message: Message) -> StatusUpdate:
    events = [event async for event in client.stream(message)]
    last = events[-1]
    assert isinstance(last, StatusUpdate)
    assert last.status.message
    print(f"{last.status.state.value}: {last.status.message.text}")
    return last


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "intake.db"
        app = agent_app(intake, url=URL, database=database)
        async with running(app) as live, connect(URL, http=AsyncClient(transport=ASGITransport(live))) as client:
            asked = await say(client, Message.user("What allergies does Robert Okafor have?"))
            assert asked.status.state is TaskState.INPUT_REQUIRED

        # Here the server is stopped, for minutes or days; a paused task is a row in the database and nothing else.
        app = agent_app(intake, url=URL, database=database)
        async with running(app) as live, connect(URL, http=AsyncClient(transport=ASGITransport(live))) as client:
            unclear = await say(client, Message.user("Yes, but not today", task_id=asked.task_id))
            assert unclear.status.state is TaskState.INPUT_REQUIRED
            done = await say(client, Message.user("approve", task_id=asked.task_id))
            assert done.status.state is TaskState.COMPLETED


if __name__ == "__main__":
    asyncio.run(main())

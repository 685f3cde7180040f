"""Chain agents in plain Python and ask the chain over A2A."""

import asyncio

from httpx2 import AsyncClient

from agentkit import Message, Parallel, Sequential
from agentkit.a2a.client import connect
from agentkit.a2a.standalone import agent_app
from agentkit.compose import FunctionAgent
from agentkit.models import StatusUpdate
from agentkit.testing import ASGITransport, running

URL = "http://127.0.0.1:8702"


def count_words(text: str) -> str:
    """Count the words of a note."""
    return f"{len(text.split())} words"


def find_numbers(text: str) -> str:
    """Find the numbers of a note."""
    return "numbers: " + ", ".join(word for word in text.split() if word.replace(".", "").isdigit())


def file_note(message: Message) -> Message:
    """Write down what the others found."""
    return message.reply(f"Filed.\n{message.text}", data=[{"type": "filed", "lines": len(message.text.splitlines())}])


chain = Sequential(
    "note-check",
    [Parallel("readers", [FunctionAgent(count_words), FunctionAgent(find_numbers)]), FunctionAgent(file_note)],
    description="Reads a note twice at once and files what was found.",
)


async def main() -> None:
    app = agent_app(chain, url=URL)
    async with running(app) as live, connect(URL, http=AsyncClient(transport=ASGITransport(live))) as client:
        events = [event async for event in client.stream(Message.user("pulse 72 temperature 36.8"))]
    for event in events:
        print(event)
    last = events[-1]
    assert isinstance(last, StatusUpdate)
    assert last.status.message
    print(last.status.message.text)
    assert "4 words" in last.status.message.text
    assert "72, 36.8" in last.status.message.text


if __name__ == "__main__":
    asyncio.run(main())

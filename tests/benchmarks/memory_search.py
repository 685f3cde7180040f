"""The memory of one context: what a turn costs as it grows, what a search by meaning costs, and what is found.

Run: `.venv/bin/python tests/benchmarks/memory_search.py`. `LENGTH` is how many items the context gets (10,000),
`ROUNDS` how often everything is measured (3); the best round counts. `QUICK=1` does less.

- `turn`: one read before and one write after a message, as the platform does; CPU time of all threads.
- `vectors`: comparing a question with every vector of the context, in memory, and MiniLM's price for a question.
- `found`: shares of the questions of `tests/memory/facts.toml` whose fact came first, and among the first three.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from goals import setting, tell

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from agentkit.memory import MIGRATIONS, ContextMemory, Kind, Note, Scope, Wanted  # noqa: E402
from agentkit.memory.minilm import MiniLM  # noqa: E402
from agentkit.memory.vectors import Vectors, packed  # noqa: E402
from agentkit.storage import Connection, Database  # noqa: E402
from tests.memory.quality import ask  # noqa: E402

TURN_GOAL: Final = 1.2
VECTORS_GOAL: Final = 0.2
_WINDOW: Final = 200
_FIRST: Final = 60
_HERE: Final = Scope("clinic", "alice", "conversation")
_WARDS: Final = ("north", "south", "east", "west")


class Talk:
    """A conversation about beds."""

    def __init__(self, memory: ContextMemory) -> None:
        """Begin."""
        self.memory = memory
        self.turns = 0

    async def turn(self) -> None:
        """One message: what is known, then what was said."""
        number, self.turns = self.turns, self.turns + 1
        text = f"The patient in bed {number} of ward {_WARDS[number % 4]} slept well and asks for tea."
        await self.memory.retrieve(_HERE, Wanted(text, 40, 40, 10))
        notes = [Note(Kind.USER, text, task_id=str(number)), Note(Kind.AGENT, "It is noted.", task_id=str(number))]
        await self.memory.remember(_HERE, notes, turn=str(number))

    async def grow(self, turns: int) -> None:
        """Talk until the conversation has so many turns."""
        while self.turns < turns:
            await self.turn()

    async def price(self) -> float:
        """CPU milliseconds of a turn, all threads."""
        before = time.process_time()
        await self.grow(self.turns + _WINDOW)
        return (time.process_time() - before) / _WINDOW * 1000


async def turns(length: int) -> list[float]:
    """What a turn costs at the begin and at the end of a conversation with so many items."""
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(Path(folder) / "memory.db", MIGRATIONS)
        talk = Talk(ContextMemory(database))
        await talk.grow(_FIRST)
        prices = [await talk.price()]
        for items in (length // 10, length):
            await talk.grow(items // 2)
            prices.append(await talk.price())
        await database.close()
        return prices


async def vectors(length: int) -> tuple[float, float]:
    """CPU milliseconds for comparing a question with every vector of a context, and for embedding it with MiniLM."""
    minilm = MiniLM()
    database = await Database.open(None, MIGRATIONS)
    [told] = await minilm.embed(["the patient slept well"], "document")
    one = packed(told, minilm.model_id, minilm.dim)

    def fill(connection: Connection) -> None:
        rows = [(1, place, minilm.model_id, one) for place in range(1, length + 1)]
        connection.executemany("INSERT INTO memory_vectors (context, place, model, vector) VALUES (?, ?, ?, ?)", rows)

    await database.write(fill)
    kept = Vectors(minilm.model_id, minilm.dim)

    def compare(connection: Connection) -> float:
        kept.nearest(connection, 1, one)
        began = time.process_time()
        for _ in range(50):
            kept.nearest(connection, 1, one)
        return (time.process_time() - began) / 50 * 1000

    compared = await database.read(compare)
    began = time.process_time()
    for number in range(20):
        await minilm.embed([f"How did the patient in bed {number} sleep?"], "query")
    await database.close()
    return compared, (time.process_time() - began) / 20 * 1000


async def quality() -> None:
    """Print what is found by words alone, and with MiniLM."""
    for name, embedder in (("words", None), ("words and meaning", MiniLM())):
        for words, found in (await ask(embedder)).items():
            kind = "names and numbers" if words else "paraphrases"
            print(f"  {name:18} {kind:18} first {found.first:4.0%}   among three {found.among_three:4.0%}")


async def measure() -> None:
    """Measure everything."""
    length, rounds = setting("LENGTH", 10_000, 1000), setting("ROUNDS", 3, 1)
    first, middle, last = (min(prices) for prices in zip(*[await turns(length) for _ in range(rounds)], strict=True))
    print(f"turn: {first:.3f} ms CPU at {2 * _FIRST} items, {middle:.3f} at {length // 10:,}, {last:.3f} at {length:,}")
    tell(f"turn of the memory at {length:,} items", last / first, f"that at {2 * _FIRST}", TURN_GOAL)
    compared, embedded = (min(pair) for pair in zip(*[await vectors(length) for _ in range(rounds)], strict=True))
    print(f"vectors: MiniLM takes {embedded:.1f} ms for a question")
    tell(f"comparing {length:,} vectors", compared, "a millisecond", VECTORS_GOAL)
    print("found:")
    await quality()


if __name__ == "__main__":
    asyncio.run(measure())

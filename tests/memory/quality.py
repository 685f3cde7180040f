"""How well the memory finds what is asked in other words: facts of one consultation, and questions about them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentkit.memory import MIGRATIONS, ContextMemory, Embedder, Kind, Note, Scope
from agentkit.storage import Database

FIXTURE: dict[str, Any] = tomllib.loads(Path(__file__).with_name("facts.toml").read_text(encoding="utf-8"))
HERE = Scope("base", "ann", "consultation")


@dataclass(frozen=True)
class Found:
    """Shares of the questions whose fact came first, and among the first three."""

    first: float
    among_three: float


async def ask(embedder: Embedder | None) -> dict[bool, Found]:
    """Ask all questions: figures for those that share a telling word with their fact, and for the others."""
    database = await Database.open(None, MIGRATIONS)
    memory = ContextMemory(database, embedder)
    await memory.remember(HERE, [Note(Kind.USER, fact) for fact in FIXTURE["facts"]])
    places: dict[bool, list[int]] = {True: [], False: []}
    for question in FIXTURE["question"]:
        items = await memory.search(HERE, question["text"], 3)
        expected = question["fact"] + 1
        place = next((rank for rank, item in enumerate(items) if item.number == expected), 99)
        places[question.get("words", False)].append(place)
    await memory.aclose()
    await database.close()
    return {
        words: Found(sum(rank == 0 for rank in ranks) / len(ranks), sum(rank < 3 for rank in ranks) / len(ranks))
        for words, ranks in places.items()
    }

"""Whatever is said in whichever contexts: a context finds its own items and no others, by words and by meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.memory import MIGRATIONS, ContextMemory, Kind, Note, Scope, Wanted
from agentkit.storage import Database
from tests.memory.embedders import Meanings

scopes = st.builds(
    Scope, st.sampled_from(["base", "ba", "b"]), st.sampled_from(["o", "|o", "ase"]), st.sampled_from(["c", "c2", ""])
)
texts = st.one_of(st.text(max_size=40), st.sampled_from(["penicillin", "doctor penicillin", "AND", '" OR "', "hot"]))
talks = st.lists(st.tuples(scopes, texts), max_size=12)
Talk = Sequence[tuple[Scope, str]]


async def open_memory(url: str | None, meaning: bool) -> tuple[Database, ContextMemory]:
    database = await Database.open(url, MIGRATIONS)
    return database, ContextMemory(database, Meanings() if meaning else None)


async def tell(memory: ContextMemory, said: Talk) -> None:
    for number, (scope, text) in enumerate(said):
        await memory.remember(scope, [Note(Kind.USER, text, task_id=str(number))], turn=str(number))


async def finds_its_own_only(url: str | None, meaning: bool, said: Talk, asked: Scope, query: str) -> None:
    database, memory = await open_memory(url, meaning)
    try:
        await tell(memory, said)
        own = {str(number) for number, (scope, _) in enumerate(said) if scope == asked}
        everything = tuple(str(number) for number in range(len(said)))
        assert {item.note.task_id for item in await memory.search(asked, query, 100)} <= own
        assert {item.note.task_id for item in await memory.recall(asked, list(Kind), 100)} == own
        found = await memory.retrieve(asked, Wanted(query, 1, 1, 100, tasks=everything))
        assert {item.note.task_id for item in (*found.turns, *found.relevant)} == own
    finally:
        await memory.aclose()
        await database.close()


@settings(max_examples=40, deadline=None)
@given(meaning=st.booleans(), said=talks, asked=scopes, query=texts)
def test_a_context_finds_its_own_items_only(meaning: bool, said: Talk, asked: Scope, query: str) -> None:
    asyncio.run(finds_its_own_only(None, meaning, said, asked, query))


def test_a_context_finds_its_own_items_only_on_postgresql(postgres_url: str) -> None:
    said = [(Scope(tenant, owner, "c"), "hot doctor") for tenant in ("a", "b") for owner in ("o", "p")] * 2
    asyncio.run(finds_its_own_only(postgres_url, True, said, said[0][0], "fever of the physician"))


@settings(max_examples=40, deadline=None)
@given(meaning=st.booleans(), own=st.lists(texts, max_size=8), foreign=talks, query=texts)
def test_no_other_context_moves_the_order(meaning: bool, own: list[str], foreign: Talk, query: str) -> None:
    """CTX-03: alone, and among others that were there before, between and after, the ranking is the same."""
    here = Scope("base", "o", "mine")

    async def ranked(others: Talk) -> list[tuple[int, str]]:
        database, memory = await open_memory(None, meaning)
        try:
            half = len(others) // 2
            await tell(memory, others[:half])
            for text in own:
                await tell(memory, others[half : half + 1])
                await memory.remember(here, [Note(Kind.USER, text)])
            await tell(memory, others[half + 1 :])
            for scope, _ in others:
                await memory.search(scope, query)
            return [(item.number, item.note.text) for item in await memory.search(here, query, 100)]
        finally:
            await memory.aclose()
            await database.close()

    assert asyncio.run(ranked(())) == asyncio.run(ranked(foreign))


@settings(max_examples=25, deadline=None)
@given(meaning=st.booleans(), said=talks, gone=scopes)
def test_forgetting_a_context_leaves_no_row_of_it_and_every_row_of_the_others(
    meaning: bool, said: Talk, gone: Scope
) -> None:
    async def check() -> None:
        database, memory = await open_memory(None, meaning)
        try:
            await tell(memory, said)
            for scope, _ in said:
                await memory.search(scope, "hot")
            await memory.forget(gone)
            others = {scope for scope, _ in said} - {gone}
            tables = ("items", "words", "vectors")
            left = await database.read(
                lambda connection: {
                    table: {row[0] for row in connection.execute(f"SELECT context FROM memory_{table}").fetchall()}  # noqa: S608
                    for table in tables
                }
            )
            rows = await database.read(
                lambda connection: connection.execute(
                    "SELECT number, tenant, owner, context_id FROM memory_contexts"
                ).fetchall()
            )
            numbers = {number for number, *_ in rows}
            assert {Scope(*row[1:]) for row in rows} == others
            assert left["items"] == numbers
            assert left["words"] | left["vectors"] <= numbers
            for scope in others:
                kept = await memory.recall(scope, list(Kind), 100)
                assert len(kept) == sum(1 for one, _ in said if one == scope)
        finally:
            await memory.aclose()
            await database.close()

    asyncio.run(check())

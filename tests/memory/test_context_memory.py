"""The memory of a context finds what was said in it, forgets it for good, and knows nothing of any other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentkit.memory import MIGRATIONS, ContextMemory, Item, Kind, Note, Scope
from agentkit.storage import Database

pytestmark = pytest.mark.anyio

HERE = Scope("base", "issuer|ann", "c-1")
ELSEWHERE = Scope("base", "issuer|ann", "c-2")
ANOTHER_OWNER = Scope("base", "issuer|bob", "c-1")
ANOTHER_TENANT = Scope("other", "issuer|ann", "c-1")


@pytest.fixture
async def memory() -> AsyncIterator[ContextMemory]:
    database = await Database.open(None, MIGRATIONS)
    try:
        yield ContextMemory(database)
    finally:
        await database.close()


def said(text: str) -> Note:
    return Note(Kind.USER, text)


def bytes_under(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def texts(items: tuple[Item, ...]) -> list[str]:
    return [item.note.text for item in items]


async def test_a_word_is_found_in_another_inflection(memory: ContextMemory) -> None:
    await memory.remember(HERE, [said("She is allergic to penicillin"), said("The weather was fine")])
    assert texts(await memory.search(HERE, "any allergics?")) == ["She is allergic to penicillin"]


async def test_the_item_that_shares_more_and_rarer_words_comes_first(memory: ContextMemory) -> None:
    await memory.remember(
        HERE, [said("the result came back"), said("the potassium result is high"), said("the result is normal")]
    )
    assert texts(await memory.search(HERE, "the potassium result"))[0] == "the potassium result is high"


async def test_items_come_back_with_everything_they_were_kept_with(memory: ContextMemory) -> None:
    note = Note(Kind.OBSERVATION, "found one", {"count": 1, "names": ["x"]}, "record-reader", "t-1")
    await memory.remember(HERE, [note])
    (item,) = await memory.observations(HERE)
    assert item.note == note
    assert item.remembered.tzinfo is not None


async def test_the_newest_items_of_a_kind_come_oldest_first(memory: ContextMemory) -> None:
    await memory.remember(HERE, [said(f"turn {number}") for number in range(5)])
    await memory.remember(HERE, [Note(Kind.AGENT, "an answer")])
    assert texts(await memory.recall(HERE, [Kind.USER], 2)) == ["turn 3", "turn 4"]
    assert texts(await memory.recall(HERE, [Kind.USER, Kind.AGENT], 2)) == ["turn 4", "an answer"]
    assert await memory.recall(HERE, [Kind.USER], 0) == ()


@pytest.mark.parametrize("foreign", [ELSEWHERE, ANOTHER_OWNER, ANOTHER_TENANT])
async def test_nothing_is_found_across_contexts_owners_and_tenants(memory: ContextMemory, foreign: Scope) -> None:
    await memory.remember(HERE, [said("penicillin"), Note(Kind.OBSERVATION, "penicillin")])
    assert await memory.search(foreign, "penicillin") == ()
    assert await memory.observations(foreign) == ()
    assert await memory.recall(foreign, list(Kind), 10) == ()


async def test_another_contexts_items_do_not_move_the_order_of_results(memory: ContextMemory) -> None:
    await memory.remember(HERE, [said("alpha beta"), said("alpha gamma"), said("alpha beta gamma")])
    before = await memory.search(HERE, "beta gamma")
    await memory.remember(ELSEWHERE, [said("beta")] * 50)
    assert await memory.search(HERE, "beta gamma") == before


async def test_forgetting_one_context_leaves_the_others(memory: ContextMemory) -> None:
    await memory.remember(HERE, [said("penicillin")])
    await memory.remember(ELSEWHERE, [said("penicillin")])
    await memory.forget(HERE)
    assert await memory.search(HERE, "penicillin") == ()
    assert await memory.recall(HERE, list(Kind), 10) == ()
    assert texts(await memory.search(ELSEWHERE, "penicillin")) == ["penicillin"]


async def test_what_was_forgotten_is_in_no_file_any_more(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "memory.db", MIGRATIONS)
    memory = ContextMemory(database)
    await memory.remember(HERE, [said("zebrafishes were mentioned")] * 3)
    stored = bytes_under(tmp_path)
    await memory.forget(HERE)
    left = bytes_under(tmp_path)
    await database.close()
    assert b"zebrafish" in stored
    assert b"zebrafish" not in left


async def test_memory_outlives_the_process(tmp_path: Path) -> None:
    first = await Database.open(tmp_path / "memory.db", MIGRATIONS)
    await ContextMemory(first).remember(HERE, [said("penicillin")])
    await first.close()
    second = await Database.open(tmp_path / "memory.db", MIGRATIONS)
    assert texts(await ContextMemory(second).search(HERE, "penicillin")) == ["penicillin"]
    await second.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        '"',
        "AND OR NOT NEAR(",
        "scope:x text:* ^a -b {c}",
        "a AND (b",
        "\x00",
        "\ud800 lone",
        "it's 50% of x'; DROP TABLE memory_items; --",
        "_ __ ___",
        "日本語 naïve ﬁ",
        "word " * 2000,
    ],
)
async def test_no_text_is_read_as_query_language(memory: ContextMemory, text: str) -> None:
    await memory.remember(HERE, [said(text), said("kept")])
    await memory.search(HERE, text)
    assert texts(await memory.search(HERE, "kept")) == ["kept"]


async def test_a_search_without_words_or_without_room_finds_nothing(memory: ContextMemory) -> None:
    await memory.remember(HERE, [said("penicillin")])
    assert await memory.search(HERE, "?!") == ()
    assert await memory.search(HERE, "penicillin", 0) == ()


def test_notes_and_items_show_no_content() -> None:
    assert "penicillin" not in repr(said("penicillin"))

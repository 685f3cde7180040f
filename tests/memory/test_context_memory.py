"""The memory of a context finds what was said in it, forgets it for good, and knows nothing of any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentkit.memory import MIGRATIONS, ContextMemory, Item, Kind, Note, Retrieved, Scope, Wanted
from agentkit.memory.items import TEXT_LIMIT
from agentkit.storage import Database

pytestmark = pytest.mark.anyio

HERE = Scope("base", "issuer|ann", "c-1")
ELSEWHERE = Scope("base", "issuer|ann", "c-2")
ANOTHER_OWNER = Scope("base", "issuer|bob", "c-1")
ANOTHER_TENANT = Scope("other", "issuer|ann", "c-1")


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
    (item,) = await memory.recall(HERE, [Kind.OBSERVATION], 5)
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
    assert await memory.retrieve(foreign, Wanted("penicillin", 10, 10, 10, tasks=("t-1",))) == Retrieved()
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
    await memory.remember(HERE, [said("zebrafishes were mentioned")] * 200)
    assert await memory.search(HERE, "zebrafish")
    stored = bytes_under(tmp_path)
    await memory.forget(HERE)
    left = bytes_under(tmp_path)
    await database.close()
    assert b"zebrafish" in stored
    assert b"zebrafish" not in left


async def test_memory_outlives_the_process(tmp_path: Path) -> None:
    first = await Database.open(tmp_path / "memory.db", MIGRATIONS)
    await ContextMemory(first).remember(HERE, [said("penicillin")])
    await first.close()  # what was posted is written before
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


@pytest.mark.parametrize("limit", [1, 7])
async def test_what_waits_for_the_index_is_found_like_what_is_in_it(memory: ContextMemory, limit: int) -> None:
    """More than one batch of items, so that the first are indexed and the last are not."""
    for number in range(90):
        await memory.remember(HERE, [said(f"bed {number} is {'free' if number % 30 == 0 else 'taken'}")])
    assert (
        texts(await memory.search(HERE, "which are free?", limit))
        == ["bed 60 is free", "bed 30 is free", "bed 0 is free"][:limit]
    )


async def test_a_turn_is_kept_once_however_often_it_runs(memory: ContextMemory) -> None:
    notes = [Note(Kind.USER, "penicillin", task_id="t-1"), Note(Kind.AGENT, "noted", task_id="t-1")]
    for turn in ("m-1", "m-1", "m-2"):
        await memory.remember(HERE, notes, turn=turn)
    await memory.remember(ELSEWHERE, notes, turn="m-1")
    assert texts(await memory.recall(HERE, list(Kind), 10)) == ["penicillin", "noted"] * 2
    assert texts(await memory.recall(ELSEWHERE, list(Kind), 10)) == ["penicillin", "noted"]


async def test_a_message_gets_the_newest_and_what_else_bears_on_it(memory: ContextMemory) -> None:
    """However old it is (CTX-06), and each thing once."""
    await memory.remember(
        HERE, [Note(Kind.ARTIFACT, "discharge letter: penicillin rash"), said("I dislike penicillin")]
    )
    await memory.remember(HERE, [Note(Kind.OBSERVATION, "penicillin is on the list")])
    for number in range(120):
        await memory.remember(HERE, [said(f"small talk {number}"), Note(Kind.OBSERVATION, f"value {number}")])
    found = await memory.retrieve(HERE, Wanted("what about penicillin?", 2, 3, 10))
    assert texts(found.turns) == ["small talk 118", "small talk 119"]
    assert texts(found.observations) == ["value 117", "value 118", "value 119"]
    assert set(texts(found.relevant)) == {
        "discharge letter: penicillin rash", "I dislike penicillin", "penicillin is on the list",
    }  # fmt: skip
    shown = await memory.retrieve(HERE, Wanted("talk 119", 2, 3, 10))
    assert not set(texts(shown.relevant)) & set(texts(shown.turns))


async def test_what_a_named_task_left_is_there_whatever_the_text_and_foreign_ids_name_nothing(
    memory: ContextMemory,
) -> None:
    """CTX-07: named tasks of the same context are explicit input; an id from elsewhere is never resolved."""
    await memory.remember(HERE, [Note(Kind.ARTIFACT, "the old plan", task_id="t-old")])
    for scope in (ELSEWHERE, ANOTHER_OWNER, ANOTHER_TENANT):
        await memory.remember(scope, [Note(Kind.ARTIFACT, "a foreign plan", task_id="t-foreign")])
    await memory.remember(HERE, [said("unrelated")] * 5)
    found = await memory.retrieve(HERE, Wanted("go on", 1, 1, 10, tasks=("t-foreign", "t-old", "t-none")))
    assert texts(found.relevant) == ["the old plan"]


async def test_what_a_deleted_task_left_is_forgotten_with_it(memory: ContextMemory, database: Database) -> None:
    for number in range(80):
        task = "t-gone" if number % 2 else "t-kept"
        await memory.remember(HERE, [Note(Kind.USER, f"penicillin {number}", task_id=task)])
    await database.write(lambda connection: memory.forget_tasks(connection, ["t-gone", "t-none"]))
    found = await memory.search(HERE, "penicillin", 100)
    assert {item.note.task_id for item in found} == {"t-kept"}
    assert len(found) == 40
    words, items = await database.read(
        lambda connection: [
            connection.execute(sql).fetchone()[0]
            for sql in ("SELECT count(*) FROM memory_words", "SELECT count(*) FROM memory_items WHERE place <= 64")
        ]
    )
    assert words == 2 * items  # `penicillin` and the number
    await memory.remember(HERE, [said("a new one")])
    assert texts(await memory.search(HERE, "new one")) == ["a new one"]


async def test_long_texts_and_large_data_are_kept_in_part(memory: ContextMemory) -> None:
    await memory.remember(HERE, [Note(Kind.PART, "x" * 100_000, {"blob": "y" * 1_000_000})])
    (item,) = await memory.recall(HERE, [Kind.PART], 1)
    assert (len(item.note.text), item.note.text[-1], item.note.data) == (TEXT_LIMIT, "…", None)


async def test_a_database_that_refuses_is_logged_and_the_turn_goes_on(
    memory: ContextMemory, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await database.write(lambda connection: connection.execute("DROP TABLE memory_items"))
    await memory.remember(HERE, [said("penicillin")])
    assert await memory.recall(HERE, list(Kind), 1) == ()
    assert "a turn was not remembered" in caplog.text
    assert "penicillin" not in caplog.text


def test_notes_and_items_show_no_content() -> None:
    assert "penicillin" not in repr(said("penicillin"))

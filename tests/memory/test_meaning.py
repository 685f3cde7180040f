"""With an embedder the memory finds paraphrases; without one that works it finds words, and says so once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from agentkit.errors import ModelRefused, ModelUnreachable
from agentkit.memory import MIGRATIONS, ContextMemory, Item, Kind, Note, Scope, TextKind, Vector, Wanted
from agentkit.memory import meaning as rooms
from agentkit.memory import vectors as matrices
from agentkit.memory.vectors import Vectors, packed
from agentkit.storage import Connection, Database
from tests.deadline import HANG
from tests.memory.embedders import Meanings

pytestmark = pytest.mark.anyio

HERE = Scope("base", "issuer|ann", "c-1")
ELSEWHERE = Scope("base", "issuer|ann", "c-2")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def said(text: str) -> Note:
    return Note(Kind.USER, text)


def texts(items: tuple[Item, ...]) -> list[str]:
    return [item.note.text for item in items]


def vectors(connection: Connection) -> int:
    count: int = connection.execute("SELECT count(*) FROM memory_vectors").fetchone()[0]
    return count


async def embedded(memory: ContextMemory, scope: Scope = HERE) -> None:
    """Wait until nothing is left to embed."""
    with anyio.fail_after(HANG):
        await memory.search(scope, "anything")


async def test_a_paraphrase_is_found_that_shares_no_word(database: Database) -> None:
    """CTX-06: the memory is searched by meaning."""
    memory = ContextMemory(database, Meanings())
    await memory.remember(HERE, [said("the weather was fine"), said("running a temperature"), said("likes chess")])
    assert texts(await memory.search(HERE, "fever", 1)) == ["running a temperature"]
    assert await ContextMemory(database).search(HERE, "fever", 1) == ()
    await memory.aclose()


async def test_words_and_meaning_are_weighed_together(database: Database) -> None:
    """What both halves find stands before what one of them finds."""
    memory = ContextMemory(database, Meanings())
    await memory.remember(HERE, [said("tobacco"), said("bed 4711"), said("smokes 4711"), said("tea")])
    assert texts(await memory.search(HERE, "cigarettes 4711", 1)) == ["smokes 4711"]
    await memory.aclose()


async def test_what_is_new_is_embedded_in_the_background_once(database: Database) -> None:
    embedder = Meanings()
    memory = ContextMemory(database, embedder)
    await memory.remember(HERE, [said("one"), said("   "), said("two")])
    with anyio.fail_after(HANG):
        await embedder.embeds(2)
    await memory.search(HERE, "one")
    assert sorted(embedder.documents) == ["one", "two"]
    await memory.aclose()


async def test_a_search_waits_for_what_the_context_has_said_before(database: Database) -> None:
    embedder = Meanings()
    embedder.gate = asyncio.Event()
    memory = ContextMemory(database, embedder)
    await memory.remember(HERE, [said("tobacco")])
    async with asyncio.TaskGroup() as group:
        search = group.create_task(memory.search(HERE, "cigarettes"))
        await memory.recall(HERE, [Kind.USER], 1)
        assert not search.done()
        embedder.gate.set()
    assert texts(search.result()) == ["tobacco"]
    await memory.aclose()


async def test_what_a_crash_left_out_is_embedded_at_the_next_search(tmp_path: Path) -> None:
    killed = Meanings()
    killed.gate = asyncio.Event()
    first = await Database.open(tmp_path / "memory.db", MIGRATIONS)
    memory = ContextMemory(first, killed)
    await memory.remember(HERE, [said("tobacco")])
    await memory.aclose()
    await first.close()
    second = await Database.open(tmp_path / "memory.db", MIGRATIONS)
    assert await second.read(vectors) == 0
    memory = ContextMemory(second, Meanings())
    assert texts(await memory.search(HERE, "cigarettes")) == ["tobacco"]
    await memory.aclose()
    await second.close()


async def test_another_model_embeds_everything_anew_and_a_turn_waits_for_a_few_batches_only(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "BATCH", 2)
    old = ContextMemory(database, Meanings("old"))
    await old.remember(HERE, [said("tobacco"), *(said(f"talk {number}") for number in range(19))])
    await embedded(old)
    await old.aclose()
    embedder = Meanings("new")
    new = ContextMemory(database, embedder)
    assert texts(await new.search(HERE, "cigarettes", 1)) == ["tobacco"]
    assert len(embedder.documents) < 20
    with anyio.fail_after(HANG):
        await embedder.embeds(20)
    await embedded(new)
    models = await database.read(
        lambda connection: connection.execute("SELECT DISTINCT model FROM memory_vectors").fetchall()
    )
    assert models == [("new/64",)]
    assert len(embedder.documents) == 20
    await new.aclose()


async def test_vectors_of_another_length_are_those_of_another_model(database: Database) -> None:
    """An endpoint may serve another model under the old name."""
    short, long = Meanings(), Meanings()
    short.dim = 32
    writing = ContextMemory(database)
    await writing.remember(HERE, [said("tobacco"), said("tea")])
    assert texts(await writing.search(HERE, "tobacco", 1)) == ["tobacco"]  # it waits until both are written
    for embedder in (short, long):
        memory = ContextMemory(database, embedder)
        assert texts(await memory.search(HERE, "cigarettes", 1)) == ["tobacco"]
        await memory.aclose()
    assert long.documents == ["tobacco", "tea"]


@pytest.mark.parametrize("failure", [ModelUnreachable("m", "no answer."), RuntimeError("penicillin")])
async def test_an_embedder_that_fails_leaves_the_words_and_is_told_once(
    database: Database, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked again after a while, and what was missed is embedded then."""
    embedder, clock = Meanings(), Clock()
    memory = ContextMemory(database, embedder, clock=clock)
    embedder.failure = failure
    await memory.remember(HERE, [said("penicillin"), said("tobacco")])
    for _ in range(3):
        assert texts(await memory.search(HERE, "penicillin")) == ["penicillin"]
        assert await memory.search(HERE, "cigarettes") == ()
    assert caplog.text.count("by words alone") == 1
    assert "penicillin" not in caplog.text
    embedder.failure = None
    assert await memory.search(HERE, "cigarettes") == ()
    clock.now += rooms.PATIENCE + timedelta(seconds=1)
    assert texts(await memory.search(HERE, "cigarettes", 1)) == ["tobacco"]
    assert caplog.text.count("works again") == 1
    await memory.aclose()


@pytest.mark.parametrize("answer", [[], [[1.0] * 3], [[float("nan")] * 64], [["x"] * 64], [[1.0] * 64] * 2], ids=repr)
async def test_an_answer_that_is_none_counts_as_a_failure(
    database: Database, answer: list[list[float]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = Meanings()

    async def nonsense(*_: object) -> list[list[float]]:
        return answer

    monkeypatch.setattr(embedder, "embed", nonsense)
    memory = ContextMemory(database, embedder)
    await memory.remember(HERE, [said("penicillin")])
    assert texts(await memory.search(HERE, "penicillin")) == ["penicillin"]
    assert "embedding" in caplog.text
    await memory.aclose()


async def test_a_text_that_is_refused_keeps_nothing_else_waiting(database: Database) -> None:
    class Picky(Meanings):
        async def embed(self, texts: Sequence[str], kind: TextKind) -> Sequence[Vector]:
            if any("forbidden" in text for text in texts):
                raise ModelRefused("m", "content", "not this.")
            return [self.vector(text) for text in texts]

    memory = ContextMemory(database, Picky())
    await memory.remember(HERE, [said("tobacco"), said("forbidden"), said("tea")])
    assert texts(await memory.search(HERE, "cigarettes", 1)) == ["tobacco"]
    assert texts(await memory.search(HERE, "forbidden", 1)) == ["forbidden"]
    assert await database.read(vectors) == 2
    await memory.aclose()


async def test_what_is_forgotten_while_it_is_embedded_leaves_no_vector(database: Database) -> None:
    embedder = Meanings()
    embedder.gate = asyncio.Event()
    memory = ContextMemory(database, embedder)
    await memory.remember(HERE, [said("tobacco")])
    async with asyncio.TaskGroup() as group:
        group.create_task(memory.search(HERE, "cigarettes"))
        await memory.forget(HERE)
        await memory.remember(HERE, [said("tea")])
        embedder.gate.set()
    assert texts(await memory.search(HERE, "cigarettes")) in ([], ["tea"])
    assert await database.read(vectors) <= 1
    await memory.aclose()


async def test_forgetting_takes_the_vectors_along(database: Database) -> None:
    memory = ContextMemory(database, Meanings())
    await memory.remember(HERE, [Note(Kind.USER, "tobacco", task_id="t-1"), Note(Kind.USER, "tea", task_id="t-2")])
    await memory.remember(ELSEWHERE, [said("tobacco")])
    assert len(await memory.search(HERE, "cigarettes")) == 2
    await embedded(memory, ELSEWHERE)
    await database.write(lambda connection: memory.forget_tasks(connection, ["t-1"]))
    assert await database.read(vectors) == 2
    assert texts(await memory.search(HERE, "cigarettes")) == ["tea"]
    await memory.forget(HERE)
    assert await database.read(vectors) == 1
    assert await memory.search(HERE, "cigarettes") == ()
    assert texts(await memory.search(ELSEWHERE, "cigarettes")) == ["tobacco"]
    await memory.aclose()


async def test_what_another_process_erased_is_not_found(database: Database) -> None:
    """Its vectors may still be in this one's memory."""
    here, there = ContextMemory(database, Meanings()), ContextMemory(database, Meanings())
    await here.remember(HERE, [Note(Kind.USER, "tobacco", task_id="t-1"), said("tea")])
    assert len(await here.search(HERE, "cigarettes")) == 2
    await database.write(lambda connection: there.forget_tasks(connection, ["t-1"]))
    assert texts(await here.search(HERE, "cigarettes")) == ["tea"]
    await here.aclose()


async def test_a_message_gets_what_is_near_in_meaning_beside_the_newest(database: Database) -> None:
    memory = ContextMemory(database, Meanings())
    await memory.remember(HERE, [said("tobacco"), *(said(f"talk {number}") for number in range(40))])
    found = await memory.retrieve(HERE, Wanted("cigarettes", 5, 5, 1))
    assert texts(found.turns) == [f"talk {number}" for number in range(35, 40)]
    assert texts(found.relevant) == ["tobacco"]
    await memory.aclose()


async def test_a_conversation_that_is_shown_as_a_whole_needs_no_search(database: Database) -> None:
    embedder = Meanings()
    memory = ContextMemory(database, embedder)
    await memory.remember(HERE, [said("tobacco")])
    await memory.retrieve(HERE, Wanted("cigarettes", 5, 5, 5))
    assert ("cigarettes", "query") not in embedder.asked
    await memory.aclose()


async def test_vectors_of_contexts_that_rest_leave_the_process(database: Database) -> None:
    """The memory of the process is bounded; what left it is read again and finds the same."""
    memory = ContextMemory(database, Meanings())
    for number in range(4):
        scope = Scope("base", "ann", f"c-{number}")
        await memory.remember(scope, [said("tobacco"), said("tea")])
        await embedded(memory, scope)
    numbers = await database.read(
        lambda connection: [row[0] for row in connection.execute("SELECT number FROM memory_contexts ORDER BY number")]
    )
    query = packed(Meanings().vector("cigarettes"), "m", 64)
    room_for_two = Vectors("meanings-1/64", 64, capacity=2 * 64 * 64 * 4)

    def look(connection: Connection) -> list[list[int]]:
        return [room_for_two.nearest(connection, number, query) for number in (*numbers, numbers[0])]

    assert await database.read(look) == [[1, 2]] * 5
    assert room_for_two.contexts == 2
    await memory.aclose()


async def test_what_is_too_old_to_be_compared_takes_no_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrices, "MOST_VECTORS", 4)
    vectors_of = Vectors("m", 2)
    row = packed([1.0, 0.0], "m", 2)
    for place in range(1, 1000):

        def keep(connection: Connection, place: int = place) -> None:
            connection.execute(
                "INSERT INTO memory_vectors (context, place, model, vector) VALUES (1, ?, 'm', ?)", (place, row)
            )

        await database.write(keep)
        await database.read(lambda connection: vectors_of.nearest(connection, 1, row))
    assert vectors_of.held <= 128 * 2 * 4

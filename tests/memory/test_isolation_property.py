"""Whatever is said in whichever contexts: a context finds its own items and no others."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.memory import MIGRATIONS, ContextMemory, Kind, Note, Scope
from agentkit.storage import Database

scopes = st.builds(
    Scope, st.sampled_from(["base", "ba", "b"]), st.sampled_from(["o", "|o", "ase"]), st.sampled_from(["c", "c2", ""])
)
texts = st.one_of(st.text(max_size=40), st.sampled_from(["penicillin", "allergy penicillin", "AND", '" OR "']))


@settings(max_examples=40, deadline=None)
@given(said=st.lists(st.tuples(scopes, texts), max_size=12), asked=scopes, query=texts)
def test_a_context_finds_its_own_items_only(said: list[tuple[Scope, str]], asked: Scope, query: str) -> None:
    async def check() -> None:
        database = await Database.open(None, MIGRATIONS)
        memory = ContextMemory(database)
        try:
            for number, (scope, text) in enumerate(said):
                await memory.remember(scope, [Note(Kind.USER, text, task_id=str(number))])
            own = {str(number) for number, (scope, _) in enumerate(said) if scope == asked}
            assert {item.note.task_id for item in await memory.search(asked, query, 100)} <= own
            assert {item.note.task_id for item in await memory.recall(asked, list(Kind), 100)} == own
        finally:
            await database.close()

    asyncio.run(check())

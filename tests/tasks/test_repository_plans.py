"""No question of the task service reads a whole table, however many tasks there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentkit.models import Message, TaskState
from agentkit.storage import Connection
from agentkit.tasks import SqlRepository, TaskFilter
from agentkit.tasks.reading import SORTED
from tests.tasks.turns import ALICE, BOB, START, finish, opened, take, write

pytestmark = pytest.mark.anyio


async def converse(repository: SqlRepository) -> None:
    """Ask everything that is asked while a server runs."""
    ended = await finish(repository)
    asked = await take(repository, context_id=ended.task.context_id)
    waiting = await write(repository, asked.stored, TaskState.INPUT_REQUIRED, "which?", changed=())
    assert waiting is not None
    await take(repository, "that", task_id=waiting.task.id)
    await repository.accept(
        BOB, Message.user("x"), policy="adopt", new_task_id="t", new_context_id="c", now=START, metadata={}
    )
    await repository.load(ALICE, ended.task.id)
    await repository.turn(ALICE, ended.task.id, 1)
    await repository.events(ended.key, ALICE, 0, 10)
    await repository.unsettled()
    await repository.open_tasks(ALICE.tenant, ALICE.owner)
    await repository.keep_state(ALICE, ended.task.context_id, "k", 1, START)
    await repository.state(ALICE, ended.task.context_id, "k")
    await repository.context(ALICE, ended.task.context_id, limit=10, offset=0)
    for chosen in (
        TaskFilter(),
        TaskFilter(context_id=ended.task.context_id),
        TaskFilter(state=TaskState.COMPLETED),
        TaskFilter(since=START),
        TaskFilter(ended.task.context_id, TaskState.COMPLETED, START),
    ):
        for after in (None, (START, 5)):
            await repository.tasks(ALICE, chosen, limit=50, after=after, history_length=0)
    await repository.delete_context(ALICE, ended.task.context_id, START)


async def test_everything_is_found_by_an_index(tmp_path: Path, plans: dict[str, list[str]]) -> None:
    path = tmp_path / "tasks.db"
    async with opened(f"sqlite:///{path}") as (repository, _):
        await converse(repository)

    # The partial index holds only what a crash left half erased.
    fine = ("SCAN CONSTANT ROW", "SCAN tasks USING INDEX tasks_to_scrub")
    scans = {sql: plan for sql, plan in plans.items() if any(s.startswith("SCAN") and s not in fine for s in plan)}
    assert scans == {}
    assert len(plans) > 25


async def test_a_page_and_its_count_are_read_from_an_index_in_order(
    tmp_path: Path, plans: dict[str, list[str]]
) -> None:
    path = tmp_path / "tasks.db"
    async with opened(f"sqlite:///{path}") as (repository, _):
        await converse(repository)

    pages = [plan for sql, plan in plans.items() if "ORDER BY updated DESC" in sql]
    counts = [plan for sql, plan in plans.items() if sql.startswith("SELECT count(*) FROM tasks WHERE listed =")]
    assert len(pages) == 10
    assert [plan for plan in pages if any("TEMP B-TREE" in step for step in plan)] == [
        plan for plan in pages if "tasks_of_context" in plan[0]
    ]
    assert len(counts) == 5
    assert all(plan[0].startswith("SEARCH tasks USING") and "INDEX tasks_" in plan[0] for plan in counts)
    assert len([plan for plan in counts if plan[0].startswith("SEARCH tasks USING COVERING INDEX tasks_")]) == 4


async def test_a_page_of_a_large_context_comes_in_order_too(tmp_path: Path, plans: dict[str, list[str]]) -> None:
    async with opened(f"sqlite:///{tmp_path / 'tasks.db'}") as (repository, _):
        for number in range(SORTED + 2):
            await take(repository, f"{number}", context_id="large" if number else "other", now=START + number)
        plans.clear()

        page, total = await repository.tasks(
            ALICE, TaskFilter(context_id="large"), limit=50, after=None, history_length=0
        )

    assert total == SORTED + 1
    assert [cursor[0] for cursor, _ in page] == [START + SORTED + 1 - number for number in range(50)]
    (plan,) = (plan for sql, plan in plans.items() if "ORDER BY updated DESC" in sql)
    assert plan[0].startswith("SEARCH tasks USING INDEX tasks_listed")
    assert not any("TEMP B-TREE" in step for step in plan)


async def test_postgresql_reads_a_page_and_its_count_from_an_index_too(postgres_url: str) -> None:
    def explain(connection: Connection) -> str:
        connection.execute(
            "INSERT INTO scopes (tenant, owner, agent_id) SELECT 't', 'o' || n, 'a' FROM generate_series(1, 200) AS n"
        )
        connection.execute(
            "INSERT INTO tasks (id, tenant, owner, agent_id, context_id, state, version, said, created, updated, body,"
            " listed) SELECT n, 't', 'o', 'a', n, 'completed', 1, 0, n, n, '', 1 + n % 200"
            " FROM generate_series(1, 20000) AS n"
        )
        connection.execute("ANALYZE tasks")
        plans: list[str] = []
        newest = "ORDER BY updated DESC, key DESC LIMIT 50"
        for question in (
            "SELECT count(*) FROM tasks WHERE listed = 7",
            f"SELECT body FROM tasks WHERE listed = 7 {newest}",  # noqa: S608
            f"SELECT body FROM tasks WHERE listed = 7 AND (updated, key) < (9, 9) {newest}",  # noqa: S608
            "SELECT key FROM tasks WHERE state IN ('submitted', 'working') AND deleted IS NULL AND key > 0",
        ):
            plans += ["\n".join(row[0] for row in connection.execute(f"EXPLAIN {question}"))]
        return "\n\n".join(plans)

    async with opened(postgres_url) as (_, database):
        shown = await database.write(explain)

    assert "Seq Scan" not in shown
    assert "Sort" not in shown

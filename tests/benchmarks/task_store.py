"""What a turn and a page cost as a task, a context and a list grow: CPU time, as ratios.

Run: `.venv/bin/python tests/benchmarks/task_store.py`. `N` is how many messages a task or context gets (1000), `TASKS`
how many tasks the long list has (10000), `ROUNDS` how often everything is measured (3); the best round counts.
`QUICK=1` does less.

The turns go through the task service with an agent that says a sentence and asks for more; the answer shows the task
without its history (`historyLength=0`), which would grow by itself. Rows:

- `sqlite`: a file in WAL mode; writer and reader thread count.
- `postgresql`: a server on a Unix socket, from the tests' wheel; its own CPU time does not count, ours does.
- `served`: the same as `sqlite`, asked over HTTP (JSON-RPC); the CPU time of the server's process counts.
- `sdk`: the A2A SDK's `DatabaseTaskStore` on aiosqlite with WAL: `save` of the task with its history, and `list`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import a2a_echo as echo
from goals import setting, tell

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from agentkit.compose import Caller, RunContext, status_update  # noqa: E402
from agentkit.engine import InlineEngine  # noqa: E402
from agentkit.models import Event, Message, TaskState, TaskStatus  # noqa: E402
from agentkit.storage import Database  # noqa: E402
from agentkit.tasks import MIGRATIONS, Scope, SqlRepository, TaskService  # noqa: E402
from agentkit.tasks.codec import encode, moment, stamped  # noqa: E402
from agentkit.tasks.repository import Append, Opened  # noqa: E402

if TYPE_CHECKING:
    from a2a.server.context import ServerCallContext
    from a2a.server.tasks import DatabaseTaskStore
    from starlette.applications import Starlette

WINDOW: Final = 25
TURNS: Final = 4
FEW: Final = 100
TURN_GOAL: Final = 1.1
PAGE_GOAL: Final = 1.2
_ALICE: Final = Caller(owner="https://issuer.example|alice", tenant="clinic")
_SCOPE: Final = Scope.of(_ALICE, "asks")
_START: Final = 1_700_000_000_000_000

Work = Callable[[], Awaitable[object]]
Clock = Callable[[], float]


class Asks:
    """Answers every message with a question, and leaves an artifact where it is told to."""

    name = "asks"
    description = "Asks for more"
    skills = ()

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        """One turn."""
        yield status_update(context, TaskState.INPUT_REQUIRED, message.reply(f"{message.text}: and then?"))

    async def cancel(self, context: RunContext) -> None:
        """Nothing goes on elsewhere."""


async def _cpu(work: Work, times: int, clock: Clock = time.process_time) -> float:
    """CPU milliseconds per call, all threads."""
    started = clock()
    for _ in range(times):
        await work()
    return (clock() - started) / times * 1000


# --- turns ---------------------------------------------------------------------------------------------------------


async def _growth(begin: Callable[[], Work], messages: int, clock: Clock = time.process_time) -> tuple[float, float]:
    """CPU of a message in a young conversation and in one that has many, in turns."""
    grown = begin()
    await _cpu(grown, messages)
    early, late = list[float](), list[float]()
    for _ in range(TURNS):
        young = begin()
        await young()
        early.append(await _cpu(young, WINDOW, clock))
        late.append(await _cpu(grown, WINDOW, clock))
    return min(early), min(late)


def _in_one_task(service: TaskService) -> Work:
    task_id: str | None = None

    async def send() -> None:
        nonlocal task_id
        message = Message.user("Any allergies on file?", task_id=task_id)
        task = await service.send(Asks(), message, _ALICE, agent_id="asks", context_policy="adopt", history_length=0)
        task_id = task.id

    return send


def _in_one_context(service: TaskService) -> Work:
    context_id: str | None = None

    async def send() -> None:
        nonlocal context_id
        message = Message.user("Any allergies on file?", context_id=context_id)
        task = await service.send(Asks(), message, _ALICE, agent_id="asks", context_policy="adopt", history_length=0)
        context_id = task.context_id

    return send


# --- pages ---------------------------------------------------------------------------------------------------------


async def _fill(repository: SqlRepository, scope: Scope, tasks: int) -> None:
    """Tasks that have ended, half of them in one context, every tenth failed."""

    async def one(number: int) -> None:
        context = "one" if number % 2 else f"context-{number}"
        now = _START + number * 1_000_000
        message = Message.user("Any allergies on file?", context_id=context)
        taken = await repository.accept(
            scope, message, policy="adopt", new_task_id=str(uuid4()), new_context_id="", now=now
        )
        assert isinstance(taken, Opened)
        stored = taken.stored
        state = TaskState.COMPLETED if number % 10 else TaskState.FAILED
        answer = stamped(Message.agent("Penicillin."), stored.task.id, context)
        status = TaskStatus(state=state, message=answer, timestamp=moment(now))
        task = stored.task.model_copy(update={"status": status})
        await repository.append(Append(stored.key, scope, 2, (encode(answer),), task, now, artifacts=()))

    for start in range(0, tasks, 200):
        await asyncio.gather(*(one(number) for number in range(start, min(start + 200, tasks))))


def _page(service: TaskService, agent_id: str, **filters: object) -> Work:
    async def read() -> None:
        page = await service.list_tasks(_ALICE, agent_id=agent_id, limit=50, history_length=0, **filters)  # pyright: ignore[reportArgumentType]
        assert page.tasks

    return read


def _questions(tasks: int) -> dict[str, dict[str, object]]:
    """Filters that find at least a page in both lists."""
    half = datetime.fromtimestamp(_START / 1_000_000, UTC) + timedelta(seconds=tasks // 2)
    return {
        "page": {},
        "page of a context": {"context_id": "one"},
        "page of a state": {"state": TaskState.COMPLETED},
        "page since": {"since": half},
    }


async def _pages(service: TaskService, repository: SqlRepository, many: int) -> dict[str, tuple[float, float]]:
    for agent_id, tasks in (("few", FEW), ("many", many)):
        await _fill(repository, Scope(_SCOPE.tenant, _SCOPE.owner, agent_id), tasks)
    found: dict[str, tuple[float, float]] = {}
    few, lots = _questions(FEW), _questions(many)
    for name in few:
        for _ in range(TURNS):
            early = await _cpu(_page(service, "few", **few[name]), WINDOW)
            late = await _cpu(_page(service, "many", **lots[name]), WINDOW)
            before = found.get(name, (early, late))
            found[name] = (min(early, before[0]), min(late, before[1]))
    return found


# --- served --------------------------------------------------------------------------------------------------------

_numbers = count(1)


def _served_app(file: Path) -> Starlette:
    from starlette.applications import Starlette

    from agentkit.a2a import BearerAuth, Gate, Security, a2a_routes

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with _house(str(file)) as (service, _):
            gate = Gate(Security(BearerAuth({owner: f"token-of-{owner}" for owner in ("few", "many")})))
            app.router.routes.extend(a2a_routes(Asks(), service, url="http://127.0.0.1", gate=gate))
            yield

    return Starlette(lifespan=lifespan)


class Connection:
    """Asks the server as one of the two owners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, owner: str, method: str, params: Mapping[str, object]) -> dict[str, object]:
        """Call a method of JSON-RPC; returns its result."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        head = (
            "POST /a2a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nA2A-Version: 1.0\r\n"
            f"Authorization: Bearer token-of-{owner}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write((head + body).encode())
        answered = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answered.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return json.loads(await self._reader.readexactly(int(length.partition(b":")[2])))["result"]

    def talk(self, kept: str, field: str) -> Work:
        """Messages that stay in the task or context of the first one."""
        place: dict[str, object] = {}

        async def send() -> None:
            message = {"messageId": f"m-{next(_numbers)}", "role": "ROLE_USER", "parts": [{"text": "Any allergies?"}]}
            params = {"message": message | place, "configuration": {"historyLength": 0}}
            result = await self.ask("few", "SendMessage", params)
            task = result["task"]
            assert isinstance(task, dict)
            place[kept] = task[field]

        return send

    def page(self, owner: str) -> Work:
        """A page of the tasks of an owner."""

        async def read() -> None:
            found = await self.ask(owner, "ListTasks", {"pageSize": 50, "historyLength": 0})
            assert found["tasks"]

        return read


async def _served(folder: Path, messages: int, tasks: int) -> dict[str, tuple[float, float]]:
    async with _house(str(folder / "served.db")) as (_, repository):
        for owner, many in (("few", FEW), ("many", tasks)):
            await _fill(repository, Scope.of(Caller(owner=owner), "asks"), many)
    target = await asyncio.to_thread(echo.start, __file__, "agentkit", folder)
    try:
        connection = Connection(*await asyncio.open_connection("127.0.0.1", target.port))
        pages = [
            (
                await _cpu(connection.page("few"), WINDOW, target.cpu),
                await _cpu(connection.page("many"), WINDOW, target.cpu),
            )
            for _ in range(TURNS)
        ]
        return {
            "message in one task": await _growth(partial(connection.talk, "taskId", "id"), messages, target.cpu),
            "message in one context": await _growth(
                partial(connection.talk, "contextId", "contextId"), messages, target.cpu
            ),
            "page": (min(early for early, _ in pages), min(late for _, late in pages)),
        }
    finally:
        await asyncio.to_thread(target.process.communicate, "", timeout=20)


# --- stores --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _house(address: str) -> AsyncGenerator[tuple[TaskService, SqlRepository]]:
    database = await Database.open(address, MIGRATIONS)
    repository = SqlRepository(database)
    service = TaskService(repository, InlineEngine())
    try:
        yield service, repository
    finally:
        await service.close()
        await database.close()


async def _ours(address: str, messages: int, tasks: int) -> dict[str, tuple[float, float]]:
    async with _house(address) as (service, repository):
        found = {
            "message in one task": await _growth(partial(_in_one_task, service), messages),
            "message in one context": await _growth(partial(_in_one_context, service), messages),
        }
        return found | await _pages(service, repository, tasks)


async def _sdk(folder: Path, messages: int, tasks: int) -> dict[str, tuple[float, float]]:
    from a2a.server.context import ServerCallContext
    from a2a.server.tasks import DatabaseTaskStore
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine

    found: dict[str, tuple[float, float]] = {}
    stores: dict[str, DatabaseTaskStore] = {}
    engines = {name: create_async_engine(f"sqlite+aiosqlite:///{folder / name}.db") for name in ("few", "many")}
    for name, engine in engines.items():

        def use_wal(connection: object, _record: object) -> None:
            cursor = connection.cursor()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
            cursor.execute("PRAGMA journal_mode=WAL")  # pyright: ignore[reportUnknownMemberType]
            cursor.close()  # pyright: ignore[reportUnknownMemberType]

        event.listen(engine.sync_engine, "connect", use_wal)
        stores[name] = DatabaseTaskStore(engine)
        await stores[name].initialize()
    context = ServerCallContext()
    found["message in one task"] = await _growth(partial(_sdk_task, stores["few"], context, True), messages)
    found["message in one context"] = await _growth(partial(_sdk_task, stores["few"], context, False), messages)
    for name, many in (("few", FEW), ("many", tasks)):
        save = _sdk_task(stores[name], context, False)
        for _ in range(many):
            await save()
    early = await _cpu(partial(_sdk_list, stores["few"], context), WINDOW)
    found["page"] = (early, await _cpu(partial(_sdk_list, stores["many"], context), WINDOW))
    for engine in engines.values():
        await engine.dispose()
    return found


def _sdk_task(store: DatabaseTaskStore, context: ServerCallContext, grows: bool) -> Work:
    from a2a import types
    from a2a.helpers import new_text_message

    task = types.Task(id=str(uuid4()), context_id=str(uuid4()))

    async def save() -> None:
        nonlocal task
        if not grows:
            task = types.Task(id=str(uuid4()), context_id=task.context_id)
        for text in ("Any allergies on file?", "Any allergies on file?: and then?"):
            task.history.append(new_text_message(text))
            task.status.state = types.TaskState.TASK_STATE_INPUT_REQUIRED
            task.status.timestamp.GetCurrentTime()
            await store.save(task, context)

    return save


async def _sdk_list(store: DatabaseTaskStore, context: ServerCallContext) -> None:
    from a2a import types

    answer = await store.list(types.ListTasksRequest(page_size=50), context)
    assert len(answer.tasks) == 50


async def _measure(messages: int, tasks: int, rounds: int) -> dict[tuple[str, str], tuple[float, float]]:
    from tests.postgres import PostgresServer

    measured: dict[tuple[str, str], tuple[float, float]] = {}
    server = await asyncio.to_thread(PostgresServer)
    try:
        for number in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                base = await asyncio.to_thread(server.create)
                found = {
                    "sqlite": await _ours(str(Path(folder) / f"ours-{number}.db"), messages, tasks),
                    "served": await _served(Path(folder), messages, tasks),
                    "postgresql": await _ours(server.url(base), messages, tasks),
                    "sdk": await _sdk(Path(folder), messages, tasks // 10),
                }
            for store, rows in found.items():
                for row, (early, late) in rows.items():
                    before = measured.get((store, row), (early, late))
                    measured[store, row] = min(early, before[0]), min(late, before[1])
    finally:
        await asyncio.to_thread(server.stop)
    return measured


def _report(measured: dict[tuple[str, str], tuple[float, float]], messages: int, tasks: int) -> None:
    print(
        f"message 1 against message {messages}; a page of 50 from {FEW} against one from {tasks} tasks (sdk: a tenth)"
    )
    print(f"{'':36} {'cpu ms':>8} {'cpu ms':>8} {'ratio':>7}")
    for (store, row), (early, late) in measured.items():
        print(f"{store:12} {row:23} {early:8.3f} {late:8.3f} {late / early:7.2f}")
    print()
    for (store, row), (early, late) in measured.items():
        if store == "sdk":
            continue
        if row.startswith("message"):
            tell(f"{row}, {store}, message {messages}", late / early, "message 1", TURN_GOAL)
        else:
            tell(f"{row} of 50 from {tasks}, {store}", late / early, f"the same from {FEW}", PAGE_GOAL)


def main() -> None:
    """Measure all stores in turns and print the table."""
    messages, tasks, rounds = setting("N", 1000, 300), setting("TASKS", 10_000, 3_000), setting("ROUNDS", 3, 1)
    _report(asyncio.run(_measure(messages, tasks, rounds)), messages, tasks)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        echo.trace()
        echo.run_app(_served_app(Path(sys.argv[3]) / "served.db"))
    else:
        main()

"""What is kept of sessions, on both database systems: hashes, bounded, until it expires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentkit.platform.realm.schema import MIGRATIONS
from agentkit.platform.realm.sessions import CODES, RELOAD, SESSIONS, Code, Session, Sessions
from agentkit.storage import Connection, Database
from agentkit.storage.connection import Job

pytestmark = pytest.mark.anyio

CALLBACK = "https://app.example.org/callback"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "realm.db") if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await Database.open(url, MIGRATIONS)
    yield opened
    await opened.close()


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


async def count(database: Database, table: str) -> int:
    def read(connection: Connection) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    return await database.read(read)


async def opened(sessions: Sessions, user: str = "ada") -> tuple[Session, str]:
    session = sessions.begin("base", "app", user)
    token, lives = await sessions.open(session, "openid", 1800)
    assert lives == 1800
    return session, token


async def test_a_refresh_token_is_found_by_its_hash_and_rotates_once(database: Database) -> None:
    """AUTH-05."""
    sessions = Sessions(database, Seconds())
    session, token = await opened(sessions)
    found = await sessions.find(token)
    assert found is not None
    assert (found.session, found.scope, found.used) == (session, "openid", False)
    following = await sessions.rotate(token, "openid", 1800)
    assert following is not None
    assert await sessions.rotate(token, "openid", 1800) is None
    used = await sessions.find(token)
    assert used is not None
    assert used.used
    assert await sessions.find("unknown") is None


async def test_of_many_sessions_of_one_person_the_oldest_end(database: Database) -> None:
    time = Seconds()
    sessions = Sessions(database, time)
    _, first = await opened(sessions)
    _, other = await opened(sessions, "bob")
    last = first
    for _ in range(SESSIONS):
        time.now += 1
        last = (await opened(sessions))[1]
    assert await count(database, "realm_sessions") == SESSIONS + 1
    assert await sessions.find(first) is None
    assert await sessions.find(last) is not None
    assert await sessions.find(other) is not None


async def test_what_has_expired_is_forgotten(database: Database) -> None:
    time = Seconds()
    sessions = Sessions(database, time)
    session, _ = await opened(sessions)
    await sessions.end_session(session.id, session.expires)
    await sessions.end_token("a-token", time.now + 300)
    await opened(sessions)
    time.now += 40_000
    await opened(sessions)
    assert await count(database, "realm_sessions") == 1
    assert await count(database, "realm_refresh_tokens") == 1
    await sessions.end_token("another", time.now + 300)
    assert await count(database, "realm_ended") == 1
    assert not sessions.has_ended("a-token")


async def test_what_ended_is_still_known_after_a_restart(database: Database) -> None:
    time = Seconds()
    before = Sessions(database, time)
    session, token = await opened(before)
    await before.end_session(session.id, session.expires)
    await before.end_session(session.id, session.expires)
    after = Sessions(database, time)
    await after.load()
    assert after.has_ended("x", session.id)
    assert await after.find(token) is None


async def test_another_process_hears_of_an_end_within_seconds(postgres_url: str) -> None:
    time = Seconds()
    one, other = [await Database.open(postgres_url, MIGRATIONS) for _ in range(2)]
    try:
        here, there = Sessions(one, time), Sessions(other, time)
        await there.load()
        await here.end_token("t", time.now + 300)
        assert not there.is_stale
        time.now += RELOAD
        assert there.is_stale
        await there.load()
        assert there.has_ended("t")
        assert not there.is_stale
    finally:
        await one.close()
        await other.close()


async def test_of_two_processes_one_alone_uses_a_refresh_token(postgres_url: str) -> None:
    """AUTH-05: the other one hears that it was used, and the session ends."""
    time = Seconds()
    one, other = [await Database.open(postgres_url, MIGRATIONS) for _ in range(2)]
    try:
        here, there = Sessions(one, time), Sessions(other, time)
        for number in range(50):
            _, token = await opened(here, f"user-{number}")
            found = await asyncio.gather(*(each.rotate(token, "openid", 1800) for each in (here, there)))
            assert found.count(None) == 1
    finally:
        await one.close()
        await other.close()


async def test_two_processes_may_end_the_same_session_at_once(postgres_url: str) -> None:
    time = Seconds()
    one, other = [await Database.open(postgres_url, MIGRATIONS) for _ in range(2)]
    try:
        here, there = Sessions(one, time), Sessions(other, time)
        for number in range(50):
            await asyncio.gather(*(each.end_session(f"s-{number}", time.now + 300) for each in (here, there)))
        assert await count(one, "realm_ended") == 50
    finally:
        await one.close()
        await other.close()


async def test_what_ends_while_the_ended_are_read_stays_ended(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, read = Sessions(database, Seconds()), database.read

    async def meanwhile(job: Job[object]) -> object:
        found = await read(job)
        await sessions.end_token("t", 2_000_000.0)
        return found

    monkeypatch.setattr(database, "read", meanwhile)
    await sessions.load()
    assert sessions.has_ended("t")


async def test_codes_are_bounded_and_the_oldest_are_dropped(database: Database) -> None:
    time = Seconds()
    sessions = Sessions(database, time)
    session = sessions.begin("base", "app", "ada")
    code = Code(session, CALLBACK, None, None, (), time.now + 60)
    texts = [sessions.hand_out(code) for _ in range(CODES + 1)]
    assert await sessions.redeem(texts[0]) is None
    assert await sessions.redeem(texts[1]) == code
    assert await sessions.redeem(texts[-1]) == code

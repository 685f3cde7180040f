"""Clients, keys and revocations that outlive the process, and that several processes share (design D6, D13)."""

from __future__ import annotations

import base64
import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from agentkit.errors import AuthenticationError, ConfigurationError, StorageError
from agentkit.oauth import (
    IssuerStore,
    JwtVerifier,
    RegisteredClient,
    TokenIssuer,
    authorization_server,
)
from agentkit.storage import Database
from agentkit.testing.asgi import ASGITransport
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

ISSUER = "http://127.0.0.1:8704"
EHR = "http://127.0.0.1:8701/ehr/mcp"
SECRET = "the-first-secret-0123456789"
SECOND = "the-second-secret-0123456789"
AGENT = RegisteredClient("agent", ("a", "b"), (EHR,))
SERVER = RegisteredClient("ehr-server", serves=(EHR,))
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentkit.oauth.secrets._COST", 2**4)
    monkeypatch.delenv("AGENTKIT_SECRET_KEY", raising=False)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "issuer.db"


@asynccontextmanager
async def served(store: IssuerStore, clock: Clock) -> AsyncGenerator[httpx2.AsyncClient]:
    tokens = TokenIssuer(ISSUER, store.keys, clock)
    routes = authorization_server(
        ISSUER, store.keys, store.clients, lifetime=store.lifetime, tokens=tokens, revoked=store.revoked
    )
    async with store:
        await store.keys.load()
        transport = ASGITransport(Starlette(routes=routes))
        async with httpx2.AsyncClient(transport=transport, base_url=ISSUER, timeout=HANG) as http:
            yield http


async def token(http: httpx2.AsyncClient, secret: str = SECRET) -> str | None:
    answer = await http.post("/token", data=GRANT, auth=("agent", secret))
    assert answer.status_code in {200, 401}
    return answer.json().get("access_token")


async def active(http: httpx2.AsyncClient, text: str) -> bool:
    answer = await http.post("/introspect", data={"token": text}, auth=("ehr-server", SECRET))
    return bool(answer.json()["active"])


def stored(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file() and not file.name.endswith("key"))


async def test_a_running_server_sees_what_another_process_does_to_its_clients(path: Path) -> None:
    clock = Clock()
    async with served(IssuerStore(path, clock=clock), clock) as http, IssuerStore(path, clock=clock) as other:
        assert await token(http) is None
        await other.clients.add(AGENT, SECRET)
        await other.clients.add(SERVER, SECRET)
        made = await token(http)
        assert made
        assert (await http.get("/.well-known/oauth-authorization-server")).json()["scopes_supported"] == ["a", "b"]
        assert await active(http, made)
        await other.clients.remove("agent")
        assert await token(http) is None
        assert not await active(http, made)


async def test_clients_keys_and_revocations_are_there_after_a_restart(path: Path) -> None:
    clock = Clock()
    async with served(IssuerStore(path, clock=clock), clock) as http:
        async with IssuerStore(path, clock=clock) as other:
            await other.clients.add(AGENT, SECRET)
            await other.clients.add(SERVER, SECRET)
        kept, revoked = await token(http), await token(http)
        assert kept
        assert revoked
        await http.post("/revoke", data={"token": revoked}, auth=("agent", SECRET))
    async with served(IssuerStore(path, clock=clock), clock) as http:
        assert await active(http, kept)
        assert not await active(http, revoked)


async def test_nothing_that_opens_a_door_lies_in_the_files_and_only_their_owner_reads_them(path: Path) -> None:
    clock = Clock()
    async with served(IssuerStore(path, clock=clock), clock) as http:
        async with IssuerStore(path, clock=clock) as other:
            await other.clients.add(AGENT, SECRET)
            await other.clients.rotate_secret("agent", SECOND, keep=60)
        made = await token(http)
        content = stored(path.parent)
        for hidden in (SECRET, SECOND, made or "", "PRIVATE KEY"):
            assert hidden.encode() not in content
        assert b"scrypt$" in content
        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir() if file.is_file()} == {0o600}


async def test_two_secrets_are_good_while_one_replaces_the_other(path: Path) -> None:
    clock = Clock()
    async with served(IssuerStore(path, clock=clock), clock) as http, IssuerStore(path, clock=clock) as other:
        await other.clients.add(AGENT, SECRET)
        assert await token(http)
        await other.clients.rotate_secret("agent", SECOND, keep=60)
        assert await token(http, SECRET)
        assert await token(http, SECOND)
        clock.now += 60
        assert await token(http, SECRET) is None
        assert await token(http, SECOND)
        await other.clients.rotate_secret("agent", "third", keep=3_600)
        await other.clients.end_old_secret("agent")
        assert await token(http, SECOND) is None
        assert await token(http, "third")


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
async def test_the_newest_secret_is_good_and_at_most_one_before_it_until_it_ends(steps: list[tuple[int, int]]) -> None:
    clock = Clock()
    async with IssuerStore(None, clock=clock) as store:
        await store.clients.add(AGENT, "secret-0")
        ends = [float("inf")]
        for number, (pause, keep) in enumerate(steps, start=1):
            clock.now += pause
            await store.clients.rotate_secret("agent", f"secret-{number}", keep=keep)
            ends = [min(end, clock.now + keep) for end in ends] + [float("inf")]
            for old, end in enumerate(ends):
                good = old >= number - 1 and end > clock.now
                found = await store.clients.authenticate("agent", f"secret-{old}")
                assert found == (AGENT if good else None)
        (record,) = await store.clients.records()
        assert len(record.secrets) <= 2
        assert record.secrets[:1] == (None,)


@pytest.mark.parametrize("keep", [float("nan"), float("inf"), -1.0, 1e300])
async def test_an_old_secret_is_never_kept_for_ever(path: Path, keep: float) -> None:
    async with IssuerStore(path) as store:
        await store.clients.add(AGENT, SECRET)
        with pytest.raises(ConfigurationError, match="keep"):
            await store.clients.rotate_secret("agent", SECOND, keep=keep)
        assert await store.clients.authenticate("agent", SECOND) is None


async def test_an_old_secret_ends_at_once_where_that_is_wanted(path: Path) -> None:
    async with IssuerStore(path) as store:
        await store.clients.add(AGENT, SECRET)
        assert await store.clients.authenticate("agent", SECRET)
        await store.clients.rotate_secret("agent", SECOND, keep=0)
        assert await store.clients.authenticate("agent", SECRET) is None
        assert await store.clients.authenticate("agent", SECOND) == AGENT


@pytest.mark.parametrize("client_id", ["", " ", "a b", "a:b", "é", "x" * 200, "-a", "a\n", "a\x00"])
async def test_an_id_that_commands_and_headers_change_is_refused(path: Path, client_id: str) -> None:
    async with IssuerStore(path) as store:
        with pytest.raises(ConfigurationError, match="client id"):
            await store.clients.add(RegisteredClient(client_id), SECRET)


async def test_a_client_that_is_there_twice_or_not_at_all_is_told(path: Path) -> None:
    async with IssuerStore(path) as store:
        await store.clients.add(AGENT, SECRET)
        with pytest.raises(ConfigurationError, match="agent: is registered already"):
            await store.clients.add(AGENT, SECRET)
        with pytest.raises(ConfigurationError, match="no secret"):
            await store.clients.add(SERVER, "")
        for wrong in ("nobody", "x'; DROP TABLE oauth_clients; --"):
            with pytest.raises(ConfigurationError, match="not registered"):
                await store.clients.remove(wrong)
            with pytest.raises(ConfigurationError, match="not registered"):
                await store.clients.rotate_secret(wrong, SECRET, keep=0)
            with pytest.raises(ConfigurationError, match="not registered"):
                await store.clients.end_old_secret(wrong)
        assert [record.client for record in await store.clients.records()] == [AGENT]


async def test_a_running_server_signs_with_the_key_that_another_process_made(path: Path) -> None:
    clock, ticks = Clock(), Clock()
    store = IssuerStore(path, clock=clock)
    store.keys._ticks = ticks  # pyright: ignore[reportPrivateUsage]
    async with served(store, clock) as http, IssuerStore(path, clock=clock) as other:
        await other.clients.add(AGENT, SECRET)
        before = await token(http)
        new_key = await other.keys.rotate()
        ticks.now += 1
        after = await token(http)
        assert before
        assert after
        found = (await http.get("/jwks")).json()
        assert found["keys"][0]["kid"] == new_key
        assert len(found["keys"]) == 2
        # The store is a live source of keys for servers in the same process.
        verifier = JwtVerifier(ISSUER, EHR, store.keys, clock=clock, remember=0)
        for text in (before, after):
            assert (await verifier.verify(text)).client_id == "agent"
        clock.now += store.lifetime + 61
        assert len((await http.get("/jwks")).json()["keys"]) == 1
        with pytest.raises(AuthenticationError):
            await verifier.verify(before)


async def test_a_verifier_finds_the_key_of_a_rotation_it_has_not_seen(path: Path) -> None:
    clock, ticks = Clock(), Clock()
    async with IssuerStore(path, clock=clock) as one, IssuerStore(path, clock=clock) as two:
        one.keys._ticks = ticks  # pyright: ignore[reportPrivateUsage]
        await one.keys.load()
        await two.keys.load()
        await two.keys.rotate()
        made = TokenIssuer(ISSUER, two.keys, clock).issue("agent", EHR)
        verifier = JwtVerifier(ISSUER, EHR, one.keys, clock=clock)
        with pytest.raises(AuthenticationError, match="key is unknown"):
            await verifier.verify(made)  # a storm of unknown keys asks the database once a second
        ticks.now += 1
        assert await verifier.verify(made)


async def test_a_retired_private_key_is_in_no_file_and_an_expired_one_leaves_nothing(path: Path) -> None:
    clock = Clock()
    async with IssuerStore(path, clock=clock) as store:
        await store.keys.load()
        await store.keys.rotate()
        await store.keys.rotate()
    rows = sqlite3.connect(path)
    assert rows.execute("SELECT count(*), count(sealed), count(expires) FROM oauth_keys").fetchone() == (3, 1, 2)
    rows.close()
    clock.now += 4_000
    async with IssuerStore(path, clock=clock) as store:
        await store.keys.load()
        found = store.keys.jwks()["keys"]
        assert isinstance(found, list)
        assert len(found) == 1


async def test_a_retired_private_key_is_gone_from_the_log_of_a_running_server_too(path: Path) -> None:
    """Sealed, but whoever gets files and key file later would have it."""
    async with IssuerStore(path) as running, IssuerStore(path) as other:
        await running.keys.load()
        reader = sqlite3.connect(path)
        (sealed,) = reader.execute("SELECT sealed FROM oauth_keys").fetchone()
        reader.close()
        assert sealed in stored(path.parent)
        await other.keys.rotate()
        assert sealed not in stored(path.parent)


async def test_a_longer_lifetime_of_tokens_keeps_a_key_longer(path: Path) -> None:
    clock = Clock()
    async with IssuerStore(path, lifetime=100_000, clock=clock) as store:
        await store.keys.load()
        async with IssuerStore(path, clock=clock) as other:  # does not know how long tokens live
            await other.keys.rotate()
        clock.now += 90_000
        await store.keys.load()
        found = store.keys.jwks()["keys"]
        assert isinstance(found, list)
        assert len(found) == 2


async def test_a_key_sealed_with_a_lost_secret_key_is_told_and_replaced_only_when_insisted(path: Path) -> None:
    one, two = (base64.urlsafe_b64encode(os.urandom(32)).decode() for _ in range(2))
    async with IssuerStore(path, secret_key=one) as store:
        await store.keys.load()
        assert "PRIVATE" not in repr(store.keys)
    async with IssuerStore(path, secret_key=two) as store:
        for attempt in (store.keys.load, store.keys.rotate):
            with pytest.raises(ConfigurationError, match="does not open the signing key") as caught:
                await attempt()
            assert one not in str(caught.value)
            assert two not in str(caught.value)
        await store.keys.rotate(force=True)
        await store.keys.load()
        assert store.keys.sign({"exp": 1})


async def test_a_rotation_that_a_running_server_cannot_open_leaves_it_with_the_key_before(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = (base64.urlsafe_b64encode(os.urandom(32)).decode() for _ in range(2))
    async with IssuerStore(path, secret_key=one) as store, IssuerStore(path, secret_key=two) as other:
        ticks = Clock()
        store.keys._ticks = ticks  # pyright: ignore[reportPrivateUsage]
        await store.keys.load()
        before = store.keys.jwks()
        await other.keys.rotate(force=True)
        ticks.now += 1
        await store.keys.refresh()
        assert store.keys.jwks() == before
    assert "does not open the signing key" in caplog.text


async def test_two_servers_that_start_together_make_one_key(path: Path) -> None:
    async with IssuerStore(path) as one, IssuerStore(path) as two:
        await one.keys.load()
        await two.keys.load()
        assert one.keys.jwks() == two.keys.jwks()


async def test_a_store_that_is_not_open_and_a_file_that_another_uses_alone_are_told(path: Path) -> None:
    store = IssuerStore(path)
    with pytest.raises(StorageError, match="not open"):
        await store.clients.find("agent")
    with pytest.raises(StorageError, match="not loaded"):
        store.keys.jwks()
    alone = await Database.open(path, [])
    with pytest.raises(StorageError, match="in use"):
        await store.__aenter__()
    await alone.close()
    with pytest.raises(StorageError, match="not supported"):
        IssuerStore("postgresql://x/y")


async def test_a_database_that_fails_is_an_answer_without_details(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    store = IssuerStore(path, clock=clock)
    async with served(store, clock) as http:
        await store.__aexit__(None, None, None)
        answers = [
            await http.post("/token", data=GRANT, auth=("agent", SECRET)),
            await http.get("/.well-known/oauth-authorization-server"),
        ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (503, "server_error")
        assert str(path) not in answer.text
    assert SECRET not in caplog.text

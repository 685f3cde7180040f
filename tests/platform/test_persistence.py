"""What survives a restart, what must not, and what a crash leaves behind (design D7, D13)."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

import anyio
import pytest

from agentkit.errors import ConfigurationError
from agentkit.mcp.hosting.authorization import ServerAuth
from agentkit.models import Role
from agentkit.platform import PlatformSettings
from agentkit.reasoning import Act, Situation
from agentkit.storage.sealing import KEY_VARIABLE, Sealer, find_key
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import (
    BEARER,
    TOKEN,
    TOOLS,
    Plain,
    Talk,
    expert,
    said,
    server,
    signed_in,
    state,
    talk,
    token,
    tools_app,
)

pytestmark = pytest.mark.anyio


def local(database: Path | None, reasoner: Plain, **auth: ServerAuth) -> LocalPlatform:
    return LocalPlatform(
        PlatformSettings(database=database), servers={TOOLS: tools_app(auth or {"ehr": BEARER})}, reasoner=reasoner
    )


async def test_agents_contexts_and_memory_survive_a_restart_but_credentials_do_not(tmp_path: Path) -> None:
    database = tmp_path / "platform.db"
    async with local(database, Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr", "bearer"))])
        first = await chief.send("hello", token("ehr"))
        assert state(first) == "completed"
    reasoner = Plain()
    async with local(database, reasoner) as platform:
        chief = Talk(await signed_in(platform), chief.agent)
        waiting = await chief.send("and again?", context=first["contextId"])
        assert state(waiting) == "auth-required"
        assert "ehr" in said(waiting)
        done = await chief.send(None, token("ehr"), task=waiting["id"])
        assert state(done) == "completed"
    seen = next(one for one in reasoner.situations if one.text == "and again?")
    assert [turn.role for turn in seen.history][:2] == [Role.USER, Role.AGENT]
    assert [one.data for one in seen.observations] == [{"said": "ehr: hello"}]


async def test_an_access_token_stays_good_over_a_restart(tmp_path: Path) -> None:
    async with local(tmp_path / "platform.db", Plain()) as platform:
        headers = {"authorization": f"Bearer {await platform.bearer()}"}
    async with local(tmp_path / "platform.db", Plain()) as platform:
        assert (await platform.http.get(platform.url + "/agents", headers=headers)).status_code == 200
    assert b"PRIVATE KEY" not in await stored(tmp_path)


async def test_a_static_token_survives_a_restart(tmp_path: Path) -> None:
    database = tmp_path / "platform.db"
    async with local(database, Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr", "bearer", token=TOKEN))])
    async with local(database, Plain()) as platform:
        assert state(await Talk(await signed_in(platform), chief.agent).send()) == "completed"


async def test_a_static_token_sealed_with_a_lost_key_is_asked_for(tmp_path: Path) -> None:
    database = tmp_path / "platform.db"
    async with local(database, Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr", "bearer", token=TOKEN))])
    key = database.with_name("platform.db.key")
    await anyio.to_thread.run_sync(key.unlink)
    async with local(database, Plain()) as platform:
        assert state(await Talk(await signed_in(platform), chief.agent).send()) == "auth-required"


async def test_a_task_at_work_when_the_platform_ends_is_failed_and_not_working_for_ever(tmp_path: Path) -> None:
    class Stuck(Plain):
        async def decide(self, situation: Situation) -> Act:
            await anyio.sleep_forever()
            return await super().decide(situation)

    database = tmp_path / "platform.db"
    async with local(database, Stuck()) as platform:
        chief = await talk(platform)
        task = await chief.send("hello", blocking=False)
    async with local(database, Plain()) as platform:
        chief = Talk(await signed_in(platform), chief.agent)
        read = (await chief.api.get(f"/agents/{chief.agent}/v1/tasks/{task['id']}")).json()
    assert state(read) == "failed"
    assert read["metadata"]["error"] == "interrupted"


async def test_a_deleted_context_leaves_no_words_in_any_file(tmp_path: Path) -> None:
    async with local(tmp_path / "platform.db", Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr", "bearer"))])
        task = await chief.send("quetzalcoatlus sighting", token("ehr"))
        assert b"quetzalcoatlus" in await stored(tmp_path)
        answer = await chief.api.delete(f"/agents/{chief.agent}/v1/contexts/{task['contextId']}")
        assert answer.status_code == 204
        assert b"quetzalcoatlus" not in await stored(tmp_path)


def test_the_key_comes_from_the_setting_then_the_variable_then_a_private_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (base64.urlsafe_b64encode(os.urandom(32)).decode() for _ in range(2))
    database = tmp_path / "p.db"
    monkeypatch.setenv(KEY_VARIABLE, two)
    assert find_key(one, database) == base64.urlsafe_b64decode(one)
    assert find_key(None, database) == base64.urlsafe_b64decode(two)
    monkeypatch.delenv(KEY_VARIABLE)
    assert find_key(None, database) == find_key(None, database)
    assert find_key(None, None) != find_key(None, None)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["p.db.key"]


def test_a_key_that_is_none_is_refused_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=KEY_VARIABLE) as caught:
        find_key("my-password", None)
    assert "my-password" not in str(caught.value)
    key = tmp_path / "p.db.key"
    key.write_text("broken")
    key.chmod(0o600)
    with pytest.raises(ConfigurationError, match="32 bytes"):
        find_key(None, tmp_path / "p.db")


@pytest.mark.skipif(sys.platform == "win32", reason="has no such modes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_key_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    """A copy or a restored backup often is."""
    database = tmp_path / "p.db"
    made = find_key(None, database)
    key = tmp_path / "p.db.key"
    key.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"mode {mode:o}") as caught:
        find_key(None, database)
    assert "chmod 600" in str(caught.value)
    assert KEY_VARIABLE in str(caught.value)
    key.chmod(0o400)
    assert find_key(None, database) == made


def test_what_is_sealed_opens_in_its_place_only() -> None:
    sealer = Sealer(os.urandom(32))
    sealed = sealer.seal("secret", "a")
    assert sealer.open(sealed, "a") == "secret"
    assert sealer.open(sealed, "b") is None
    assert sealer.open(b"", "a") is None
    assert Sealer(os.urandom(32)).open(sealed, "a") is None


async def stored(folder: Path) -> bytes:
    def read() -> bytes:
        return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())

    return await anyio.to_thread.run_sync(read)

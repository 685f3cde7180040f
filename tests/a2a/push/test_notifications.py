"""Push notifications: what is told, to whom, in which order, and that nothing waits for it (A2A-PUSH-02 to -07)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from a2a.utils.errors import InvalidParamsError, TaskNotFoundError, UnsupportedOperationError

from agentkit.a2a.push import NotificationSigner, PushStore, verify_notification
from agentkit.a2a.push.store import Claimed
from agentkit.compose import Caller
from agentkit.errors import AuthenticationError, WireError
from agentkit.models import JsonObject
from agentkit.oauth.keys import SigningKeys
from agentkit.oauth.verify import JwtVerifier
from tests.a2a.push.receiver import ANN, HOOK, Receiver, notifying
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


async def test_a_receiver_is_told_in_order_what_happens_after_it_asked() -> None:
    """A2A-PUSH-03, A2A-PUSH-04."""
    receiver = Receiver()
    async with notifying(receiver) as host:
        task = await host.send("ask")
        await host.create(task, token="t-1", authentication={"scheme": "Bearer", "credentials": "s-1"})
        await host.send("chunks", task.id)
        received = await receiver.until(4)

    first = received[0]
    assert first.headers["content-type"] == "application/a2a+json"
    assert first.headers["authorization"] == "Bearer s-1"
    assert first.headers["x-a2a-notification-token"] == "t-1"
    assert first.headers["host"] == "hooks.example.org"
    assert [next(iter(one.document)) for one in received][-3:] == ["artifactUpdate", "artifactUpdate", "statusUpdate"]
    assert receiver.states[-1] == "TASK_STATE_COMPLETED"
    assert all(next(iter(one.document.values()))["taskId"] == task.id for one in received)


async def test_a_receiver_that_fails_is_tried_again_and_misses_nothing() -> None:
    """A2A-PUSH-05."""
    receiver = Receiver(statuses=[500, 503, 302, 429])
    async with notifying(receiver) as host:
        task = await host.send("ask")
        await host.create(task)
        await host.send("done", task.id)
        await receiver.until(5)
        with anyio.fail_after(HANG):
            while receiver.states[-1] != "TASK_STATE_COMPLETED":
                await receiver.until(len(receiver.received) + 1)

    assert len({one.body for one in receiver.received[:5]}) == 1


async def test_a_receiver_that_is_gone_is_not_called_again() -> None:
    receiver = Receiver(statuses=[410])
    async with notifying(receiver) as host:
        task = await host.send("ask")
        await host.create(task)
        other = await host.create(task, id="second")
        await host.send("ask", task.id)
        await receiver.until(2)
        await host.send("done", task.id)
        with anyio.fail_after(HANG):
            while "TASK_STATE_COMPLETED" not in receiver.states:
                await receiver.until(len(receiver.received) + 1)

    assert other["id"] == "second"
    assert receiver.states.count("TASK_STATE_COMPLETED") == 1


async def test_a_receiver_that_never_answers_well_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver(statuses=[500] * 50)
    async with notifying(receiver, attempts=3) as host:
        task = await host.send("ask")
        created = await host.create(task)
        await host.send("done", task.id)
        await receiver.until(3)
        with anyio.fail_after(HANG):
            while await host.store.next_due() is not None:
                await anyio.lowlevel.checkpoint()

    assert len(receiver.received) == 3
    assert created["id"] in caplog.text
    assert HOOK not in caplog.text


async def test_a_receiver_that_hangs_does_not_hold_up_the_stream() -> None:
    """A2A-PUSH-07."""
    receiver = Receiver(hold=anyio.Event())
    async with notifying(receiver) as host:
        task = await host.send("ask")
        await host.create(task)
        with anyio.fail_after(HANG):
            done = await host.send("chunks", task.id)
            await receiver.until(1)
        assert done.status.state.value == "completed"
        assert len(receiver.received) == 1
        assert receiver.hold is not None
        receiver.hold.set()
        await receiver.until(4)


async def test_tasks_that_nobody_asked_about_cost_the_outbox_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    claim = PushStore.claim

    async def counted(store: PushStore, now: int, until: int, limit: int) -> tuple[Claimed, ...]:
        looks.append(now)
        return await claim(store, now, until, limit)

    monkeypatch.setattr(PushStore, "claim", counted)
    receiver = Receiver()
    async with notifying(receiver) as host:
        watched = await host.send("ask")
        await host.create(watched)
        before = len(looks)
        for _ in range(20):
            await host.send("chunks")
        assert len(looks) <= before + 1
        await host.send("done", watched.id)
        with anyio.fail_after(HANG):
            while "TASK_STATE_COMPLETED" not in receiver.states:
                await receiver.until(len(receiver.received) + 1)


async def test_what_was_not_sent_before_a_restart_is_sent_after_it(tmp_path: Path) -> None:
    """A2A-CMP-06."""
    dead = Receiver(statuses=[500] * 1000)
    async with notifying(dead, path=tmp_path / "tasks.db", attempts=1000) as host:
        task = await host.send("ask")
        await host.create(task, token="t-1")
        await host.send("done", task.id)
        await dead.until(2)

    receiver = Receiver()
    async with notifying(receiver, path=tmp_path / "tasks.db", later=timedelta(hours=1)):
        with anyio.fail_after(HANG):
            while "TASK_STATE_COMPLETED" not in receiver.states:
                await receiver.until(len(receiver.received) + 1)

    assert receiver.received[0].headers["x-a2a-notification-token"] == "t-1"


async def test_secrets_of_a_configuration_lie_sealed_in_the_database(tmp_path: Path) -> None:
    """Design D13."""
    receiver = Receiver()
    async with notifying(receiver, path=tmp_path / "tasks.db") as host:
        task = await host.send("ask")
        await host.create(
            task, token="canary-token", authentication={"scheme": "Bearer", "credentials": "canary-secret"}
        )
        kept = _content(tmp_path)

    assert b"hooks.example.org" in kept
    assert b"canary" not in kept


async def test_configurations_can_be_read_listed_and_deleted_by_their_owner_only() -> None:
    """A2A-PUSH-02, A2A-SEC-02."""
    bob = Caller("bob", "base")
    async with notifying(Receiver()) as host:
        task = await host.send("ask")
        made = [await host.create(task, id=f"c-{number}", token="t") for number in range(3)]
        named: JsonObject = {"taskId": task.id, "id": "c-1"}

        assert await host.push.get(named, ANN, agent_id="desk") == made[1]
        first = await host.push.list_configs({"taskId": task.id, "pageSize": 2}, ANN, agent_id="desk")
        rest = await host.push.list_configs(
            {"taskId": task.id, "pageSize": 2, "pageToken": first["nextPageToken"]}, ANN, agent_id="desk"
        )
        assert first["configs"] == made[:2]
        assert rest == {"configs": made[2:], "nextPageToken": ""}

        for operation in (host.push.get, host.push.list_configs, host.push.delete):
            with pytest.raises(TaskNotFoundError):
                await operation(named, bob, agent_id="desk")
        with pytest.raises(TaskNotFoundError):
            await host.push.create({"taskId": task.id, "url": HOOK, "id": "c-1"}, bob, agent_id="desk")

        assert await host.push.delete(named, ANN, agent_id="desk") == {}
        assert await host.push.delete(named, ANN, agent_id="desk") == {}
        with pytest.raises(TaskNotFoundError):
            await host.push.get(named, ANN, agent_id="desk")


async def test_configurations_go_with_their_context(tmp_path: Path) -> None:
    receiver = Receiver()
    async with notifying(receiver, path=tmp_path / "tasks.db") as host:
        task = await host.send("ask")
        await host.create(task)
        await host.service.delete_context(task.context_id, ANN, agent_id="desk")
        kept = _content(tmp_path)

    assert receiver.received == []
    assert b"hooks.example.org" not in kept


async def test_a_task_takes_a_bounded_number_of_configurations_and_none_when_it_has_ended() -> None:
    async with notifying(Receiver()) as host:
        task = await host.send("ask")
        for number in range(10):
            await host.create(task, id=f"c-{number}")
        await host.create(task, id="c-0")
        with pytest.raises(UnsupportedOperationError, match="at most 10"):
            await host.create(task, id="one-more")
        ended = await host.send("done")
        with pytest.raises(UnsupportedOperationError, match="ended"):
            await host.create(ended)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"url": None}, "url"),
        ({"url": "ftp://example.org"}, "url"),
        ({"url": "https://user:secret@example.org/"}, "url"),
        ({"url": "https://example.org:99999/"}, "url"),
        ({"url": "https://example.org/\r\nX-Evil: 1"}, "url"),
        ({"url": "/relative"}, "url"),
        ({"url": "https://example.org/" + "x" * 3000}, "url"),
        ({"token": "a\r\nb"}, "token"),
        ({"token": 7}, "token"),
        ({"authentication": {}}, "authentication.scheme"),
        ({"authentication": {"scheme": "Bearer", "credentials": "tök"}}, "authentication.credentials"),
        ({"id": "x" * 200}, "id"),
        # Nobody could name these in an address of HTTP+JSON again, to read or to delete them.
        ({"id": "a/b"}, "id"),
        ({"id": ".."}, "id"),
        ({"taskId": ""}, "taskId"),
    ],
)
async def test_a_malformed_configuration_is_refused_by_the_name_of_its_field(fields: JsonObject, place: str) -> None:
    async with notifying(Receiver()) as host:
        task = await host.send("ask")
        with pytest.raises(WireError) as refused:
            await host.push.create({"taskId": task.id, "url": HOOK, **fields}, ANN, agent_id="desk")

    assert refused.value.path == place
    assert "secret" not in str(refused.value)


async def test_a_webhook_in_a_private_network_is_refused_and_never_called() -> None:
    """A2A-PUSH-06."""
    receiver = Receiver()
    async with notifying(receiver, addresses=("93.184.215.14", "10.0.0.7")) as host:
        task = await host.send("ask")
        with pytest.raises(InvalidParamsError):
            await host.create(task)

    assert receiver.received == []


async def test_a_notification_is_signed_over_its_body_for_its_receiver() -> None:
    """A2A-CLI-03."""
    keys = SigningKeys()
    receiver = Receiver()
    async with notifying(receiver, signer=NotificationSigner(keys, "https://agents.example.org/desk")) as host:
        task = await host.send("ask")
        await host.create(task)
        await host.send("done", task.id)
        received = (await receiver.until(1))[0]

    verifier = JwtVerifier("https://agents.example.org/desk", HOOK, keys.jwks())
    signature = received.headers["x-a2a-notification-signature"]
    await verify_notification(verifier, signature, received.body)
    for wrong, body in ((signature, received.body + b" "), (None, received.body), ("x.y.z", received.body)):
        with pytest.raises(AuthenticationError):
            await verify_notification(verifier, wrong, body)
    elsewhere = JwtVerifier("https://agents.example.org/desk", "https://other.example.org/", keys.jwks())
    with pytest.raises(AuthenticationError):
        await verify_notification(elsewhere, signature, received.body)


def _content(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("tasks.db*"))

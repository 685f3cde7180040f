"""The official JavaScript clients of A2A, 1.0 and 0.3, at our server, on both bindings that they speak over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from agentkit.a2a import BearerAuth, Gate, Security, a2a_app, build_card
from agentkit.a2a.operations import Offers
from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from tests.a2a.desk import Desk
from tests.a2a.push.receiver import HOOK, Receiver, notifying
from tests.js.node import HERE, RunNode

pytestmark = pytest.mark.anyio

TOKEN = "js-token-77"
OWNER = "js"


@asynccontextmanager
async def served() -> AsyncGenerator[str]:
    """A desk on a port of this machine, with everything a card can offer."""
    place = await anyio.to_thread.run_sync(bind, "127.0.0.1", 0)
    agent = Desk()
    gate = Gate(Security(BearerAuth({OWNER: TOKEN})))
    card = build_card(agent, url=place.url, security=gate.security, push=True, extended=True)
    extended = build_card(agent, url=place.url, security=gate.security, push=True, extended=True)
    extended.description = "for those who say who they are"

    async def extended_card(_caller: object) -> Any:
        return extended

    async with notifying(Receiver()) as host:
        offers = Offers(push=host.push, extended_card=extended_card)
        app = a2a_app(agent, host.service, url=place.url, card=card, gate=gate, offers=offers)
        async with serving([(place, app)]):
            yield place.url
        await gate.aclose()


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
async def test_the_client_of_1_0_does_everything_it_can(run_node: RunNode, binding: str) -> None:
    async with served() as url:
        done = await run_node(HERE / "a2a_1_0.mjs", env={"URL": url, "BINDING": binding, "TOKEN": TOKEN, "HOOK": HOOK})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["version"] == "1.0"
    assert (told["sent"]["state"], told["sent"]["said"]) == ("TASK_STATE_COMPLETED", "echo: hello")
    assert (told["streamed"][0], told["streamed"][-1]) == ("task", "statusUpdate")
    assert told["streamed"].count("artifactUpdate") == 2
    assert (told["got"], told["history"]) == ("TASK_STATE_COMPLETED", 1)
    assert told["listed"] == [told["sent"]["id"]]
    assert told["asked"] == "TASK_STATE_INPUT_REQUIRED"
    assert (told["answered"]["said"], told["sameTask"]) == ("echo: the left one", True)
    assert told["resubscribed"] == "task"
    assert told["canceled"] == "TASK_STATE_CANCELED"
    assert told["rest"][-1] == told["restAgain"][-1] == "statusUpdate"
    assert told["push"] == {"got": HOOK, "listed": 1, "deleted": None, "left": 0}
    assert told["extended"] == "for those who say who they are"
    assert "TaskNotFound" in told["unknown"]
    assert "TaskNotCancelable" in told["twice"]


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
async def test_the_client_of_0_3_does_everything_it_can(run_node: RunNode, binding: str) -> None:
    async with served() as url:
        done = await run_node(HERE / "a2a_0_3.mjs", env={"URL": url, "BINDING": binding, "TOKEN": TOKEN, "HOOK": HOOK})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["sent"]["state"], told["sent"]["said"]) == ("completed", "echo: hello")
    assert (told["streamed"][0], told["streamed"][-1]) == ("task", "status-update")
    assert told["streamed"].count("artifact-update") == 2
    assert told["got"] == "completed"
    assert told["asked"] == "input-required"
    assert (told["answered"]["said"], told["sameTask"]) == ("echo: the left one", True)
    assert told["resubscribed"] == "task"
    assert told["canceled"] == "canceled"
    assert told["rest"][-1] == told["restAgain"][-1] == "status-update"
    assert told["push"] == {"got": HOOK, "listed": 1, "deleted": None, "left": 0}
    assert told["extended"] == ("for those who say who they are" if binding == "JSONRPC" else None)
    assert "TaskNotFound" in told["unknown"]
    assert "TaskNotCancelable" in told["twice"]

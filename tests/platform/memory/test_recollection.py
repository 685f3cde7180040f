"""What a reasoner is shown of earlier turns: everything that bears on the message, and nothing from anywhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.models import Role
from agentkit.platform import PlatformSettings
from agentkit.platform.settings import PlatformLimits
from agentkit.reasoning import Situation
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.memory.embedders import Meanings
from tests.platform.parts import BEARER, TOOLS, Plain, Talk, body, expert, server, signed_in, talk, token, tools_app

pytestmark = pytest.mark.anyio

FEW = PlatformLimits(history=2, observations=2)


def data_part(**data: Any) -> dict[str, Any]:
    return {"kind": "data", "data": data}


def file_part(name: str) -> dict[str, Any]:
    return {"kind": "file", "file": {"name": name, "mimeType": "application/pdf", "bytes": "JVBERi0="}}


def passages(situation: Situation) -> list[str]:
    return [passage.text for passage in situation.recalled]


async def test_a_message_sees_the_turns_before_it_and_one_without_context_sees_nothing(
    settings: PlatformSettings,
) -> None:
    """CTX-02, ORCH-02."""
    reasoner = Plain()
    async with LocalPlatform(settings, reasoner=reasoner) as platform:
        chief = await talk(platform)
        context = (await chief.send("first"))["contextId"]
        assert reasoner.situations[-1].history == ()
        await chief.send("second", context=context)
        told = [(turn.role, turn.text) for turn in reasoner.situations[-1].history]
        assert told == [(Role.USER, "first"), (Role.AGENT, "No expert can do that.")]
        await chief.send("alone")
        last = reasoner.situations[-1]
        assert (last.history, last.observations, last.recalled) == ((), (), ())


async def test_every_part_and_result_is_found_again_however_old(settings: PlatformSettings) -> None:
    """CTX-05, CTX-06, V1-SEND-11, CTX-09: text, data and file parts, artifacts and tool results."""
    reasoner = Plain()
    limited = replace(settings, limits=FEW)
    async with LocalPlatform(limited, servers={TOOLS: tools_app({"echo": BEARER})}, reasoner=reasoner) as platform:
        chief = await talk(platform, [expert("echo", server("echo", "bearer"))])
        started = await chief.send(
            "zebra in the text", data_part(animal="okapi"), file_part("walrus.pdf"), token("echo")
        )
        context = started["contextId"]
        for number in range(12):
            await chief.send(f"!small talk {number}", context=context)

        await chief.send("!what about the zebra?", context=context)
        situation = reasoner.situations[-1]
        assert len(situation.history) == 2
        assert "zebra in the text" in passages(situation)
        kinds = {passage.kind for passage in situation.recalled}
        assert {"user", "artifact"} <= kinds
        assert [one.text for one in situation.observations if "zebra" in one.text]
        assert all(not one.current and one.expert == "echo" for one in situation.observations)

        await chief.send("!and the okapi?", context=context)
        assert any('"okapi"' in text for text in passages(reasoner.situations[-1]))
        await chief.send("!and the walrus?", context=context)
        assert "walrus.pdf application/pdf" in passages(reasoner.situations[-1])


async def test_a_named_task_is_explicit_input_and_a_foreign_one_is_never_resolved(settings: PlatformSettings) -> None:
    """CTX-07."""
    reasoner = Plain()
    async with LocalPlatform(replace(settings, limits=FEW), reasoner=reasoner) as platform:
        chief = await talk(platform)
        foreign = await chief.send("a foreign secret")
        old = await chief.send("the old plan")
        context = old["contextId"]
        for number in range(4):
            await chief.send(f"talk {number}", context=context)

        message = body("unrelated", context=context)
        message["message"]["referenceTaskIds"] = [foreign["id"], old["id"]]
        answer = await chief.post(message)

        assert answer.status_code == 200, answer.text
        told = passages(reasoner.situations[-1])
        assert "the old plan" in told
        assert not [text for text in told if "foreign" in text]


async def test_with_an_embedder_an_old_turn_is_found_by_its_meaning(settings: PlatformSettings) -> None:
    """CTX-06: searched by meaning."""
    reasoner = Plain()
    async with LocalPlatform(replace(settings, limits=FEW, embedder=Meanings()), reasoner=reasoner) as platform:
        chief = await talk(platform)
        context = (await chief.send("she smokes"))["contextId"]
        for number in range(6):
            await chief.send(f"talk {number}", context=context)
        await chief.send("cigarettes?", context=context)
        assert passages(reasoner.situations[-1])[0] == "she smokes"


async def test_a_turn_that_failed_is_remembered_too(settings: PlatformSettings) -> None:
    reasoner = Plain()
    limited = replace(settings, limits=PlatformLimits(decisions=1))
    async with LocalPlatform(limited, servers={TOOLS: tools_app({"echo": NoAuth()})}, reasoner=reasoner) as platform:
        chief = await talk(platform, [expert("echo", server("echo"))])
        task = await chief.send("too much work")
        assert task["status"]["state"] == "failed"
        await chief.send("!again", context=task["contextId"])
        assert reasoner.situations[-1].history[0].text == "too much work"


async def test_talks_at_the_same_time_stay_apart(settings: PlatformSettings) -> None:
    """CTX-03: of one owner, and of two."""
    reasoner = Plain()
    clients = {"local-client": "local-secret", "other-client": "other-secret"}
    async with LocalPlatform(replace(settings, clients=clients), reasoner=reasoner) as platform:
        chief = await talk(platform)
        bearer = await platform.bearer("other-client", "other-secret")

        async def converse(name: str, owner: Talk) -> None:
            context: str | None = None
            for turn in range(3):
                context = (await owner.send(f"{name} {turn}", context=context))["contextId"]

        with anyio.fail_after(HANG):
            async with anyio.create_task_group() as group:
                for number in range(8):
                    group.start_soon(converse, f"talk-{number}", chief)
        for situation in reasoner.situations:
            name = situation.text.split()[0]
            heard = {turn.text.split()[0] for turn in situation.history if turn.role is Role.USER}
            assert heard <= {name}

        context = (await chief.send("mine alone"))["contextId"]
        api = await signed_in(platform)
        api.headers["authorization"] = f"Bearer {bearer}"
        seen = len(reasoner.situations)
        stranger = await api.post(f"/agents/{chief.agent}/v1/message:send", json=body("whose?", context=context))
        assert stranger.status_code == 404
        assert len(reasoner.situations) == seen

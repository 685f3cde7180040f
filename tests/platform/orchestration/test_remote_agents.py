"""An agent elsewhere, attached as `a2a` connector, works like an expert (V2-OBJ-07)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from agentkit.compose import Agent, FunctionAgent, RunContext, Sequential, status_update
from agentkit.errors import InputRequired, UnknownOutcome
from agentkit.mcp.client.pool import HttpPool
from agentkit.models import AgentSkill, Artifact, ArtifactUpdate, Event, Message, Part, TaskState
from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.reasoning import Act, Answer, Ask, Decline, Delegate, DelegateTogether, Situation
from agentkit.specs import RemoteAgentSpec
from tests.deadline import HANG
from tests.platform.orchestration.making import REMOTE, a2a, made, platform_with, served, streamed
from tests.platform.parts import said, state

pytestmark = pytest.mark.anyio


class Relay:
    """Gives the whole message to the first expert and answers what it said; asks what it asked."""

    def __init__(self) -> None:
        self.situations: list[Situation] = []

    async def decide(self, situation: Situation) -> Act:
        self.situations.append(situation)
        if not situation.experts:
            return Decline("Nobody is there.")
        if not situation.delegations:
            return Delegate(situation.experts[0].name, situation.text)
        last = situation.delegations[-1]
        return Ask(last.text) if last.asks else Answer(last.text)


def upper(text: str) -> str:
    """Says it loudly."""
    return text.upper()


async def test_an_agent_elsewhere_answers_through_the_platform_and_is_told_of() -> None:
    """V2-OBJ-07, EXP-05."""
    relay = Relay()
    async with platform_with(relay, apps=served(FunctionAgent(upper))) as platform:
        chief = await made(platform, a2a())
        task = await chief.send("hello")
    assert (state(task), said(task)) == ("completed", "HELLO")
    (expert,) = relay.situations[0].experts
    assert expert.name == "far"
    assert "Says it loudly." in expert.description
    assert task["metadata"]["agentkit"]["contributions"] == [{"expert": "far", "state": "completed", "artifactIds": []}]


class Maker:
    """Tells how far it is, makes an artifact in two pieces, and answers."""

    name = "maker"
    description = "Makes things"
    skills = (AgentSkill(id="make", name="make", description="Makes.", tags=("t",)),)

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        yield status_update(context, TaskState.WORKING, Message.agent("half way"))
        for text, append in (("one ", False), ("two", True)):
            artifact = Artifact(artifact_id="thing", name="thing", parts=(Part(text=text),))
            yield ArtifactUpdate(
                task_id=context.task_id, context_id=context.context_id, artifact=artifact, append=append
            )
        yield ArtifactUpdate(
            task_id=context.task_id,
            context_id=context.context_id,
            artifact=Artifact(artifact_id="data", parts=(Part(data={"n": 1}),)),
        )
        yield message.reply("made")

    async def cancel(self, context: RunContext) -> None: ...


async def test_its_progress_and_artifacts_come_up_as_they_come_and_are_named_after_it() -> None:
    """V2-EP-09, V2-OBJ-18: a stream of v2 shows what a stream of the agent elsewhere shows."""
    relay = Relay()
    async with platform_with(relay, apps=served(Maker())) as platform:
        chief = await made(platform, a2a())
        with anyio.fail_after(HANG):
            events = [event async for event in streamed(chief.api, chief.agent, "go")]
    texts = [
        "".join(part.get("text", "") for part in one["statusUpdate"]["status"].get("message", {}).get("parts", []))
        for one in events
        if "statusUpdate" in one
    ]
    assert [text for text in texts if text] == ["Asking far.", "half way", "made"]
    artifacts = [one["artifactUpdate"]["artifact"] for one in events if "artifactUpdate" in one]
    assert [one["parts"][0].get("text") for one in artifacts[:2]] == ["one ", "two"]
    assert all(one["metadata"]["agentkit"] == {"expert": "far"} for one in artifacts)
    assert artifacts[0]["artifactId"] == artifacts[1]["artifactId"] != artifacts[2]["artifactId"]
    assert relay.situations[-1].delegations[0].data == ({"n": 1},)


async def test_a_composite_elsewhere_answers_end_to_end() -> None:
    """A composite agent served by us and attached as `a2a` connector."""

    async def twice(text: str) -> str:
        return f"{text} {text}"

    composite = Sequential("loudly-twice", [FunctionAgent(upper), FunctionAgent(twice)])
    async with platform_with(Relay(), apps=served(composite)) as platform:
        chief = await made(platform, a2a())
        task = await chief.send("hello")
    assert (state(task), said(task)) == ("completed", "HELLO HELLO")


async def test_a_question_of_it_is_the_tasks_and_the_answer_continues_its_very_task() -> None:
    """V1-SEND-02 over V2-OBJ-07: the answer goes to who asked, before anything is decided."""
    seen: list[tuple[str, str, str]] = []

    async def booking(text: str, context: RunContext) -> str:
        seen.append((context.task_id, context.context_id, text))
        if not context.resumed:
            raise InputRequired("Which day?")
        return f"booked for {text}"

    relay = Relay()
    async with platform_with(relay, apps=served(FunctionAgent(booking))) as platform:
        chief = await made(platform, a2a())
        waiting = await chief.send("book it")
        assert (state(waiting), said(waiting)) == ("input-required", "Which day?")
        decisions = len(relay.situations)
        done = await chief.send("Monday", task=waiting["id"])
        assert (state(done), said(done)) == ("completed", "booked for Monday")
        assert len(relay.situations) == decisions + 1
        await chief.send("book again", context=waiting["contextId"])
    assert [text for _, _, text in seen] == ["book it", "Monday", "book again"]
    assert seen[0][0] == seen[1][0] != seen[2][0]
    assert len({context for _, context, _ in seen}) == 1


async def test_who_has_its_answer_is_asked_anew_the_next_time() -> None:
    """V1-SEND-02: a task there that has ended is not continued a second time."""
    seen: list[tuple[str, str]] = []

    async def booking(text: str, context: RunContext) -> str:
        seen.append((context.task_id, text))
        if not context.resumed:
            raise InputRequired("Which day?")
        return f"booked for {text}"

    class Twice(Relay):
        async def decide(self, situation: Situation) -> Act:
            if len(situation.delegations) == 1 and not situation.delegations[0].asks:
                return Delegate(situation.experts[0].name, "book another one")
            return await super().decide(situation)

    async with platform_with(Twice(), apps=served(FunctionAgent(booking))) as platform:
        chief = await made(platform, a2a())
        waiting = await chief.send("book it")
        again = await chief.send("Monday", task=waiting["id"])
    assert (state(again), said(again)) == ("input-required", "Which day?")
    assert [text for _, text in seen] == ["book it", "Monday", "book another one"]
    assert seen[0][0] == seen[1][0] != seen[2][0]


async def test_of_two_that_ask_the_one_whose_turn_it_is_not_waits_until_it_is() -> None:
    """V1-SEND-02: also over another question of the first one."""
    seen: dict[str, list[tuple[str, str]]] = {"far": [], "near": []}

    def asking(name: str, questions: int) -> FunctionAgent[str, str]:
        async def ask(text: str, context: RunContext) -> str:
            seen[name].append((context.task_id, text))
            if len(seen[name]) <= questions:
                raise InputRequired(f"Question {len(seen[name])} of {name}?")
            return f"{name} has {text}"

        return FunctionAgent(ask)

    class Clerk:
        async def decide(self, situation: Situation) -> Act:
            if situation.text == "go":
                return DelegateTogether((Delegate("far", "go"), Delegate("near", "go")))
            done = [one.expert for one in situation.delegations]
            left = [name for name in ("far", "near") if name not in done]
            return Delegate(left[0], situation.text) if left else Answer("done")

    near = "http://127.0.0.1:8703"
    apps = {**served(asking("far", 2)), **served(asking("near", 1), near)}
    async with platform_with(Clerk(), apps=apps) as platform:
        chief = await made(platform, a2a(), a2a("near", near))
        task = await chief.send("go")
        assert state(task) == "input-required"
        task = await chief.send("one", task=task["id"])
        assert (state(task), said(task)) == ("input-required", "Question 2 of far?")
        task = await chief.send("two", task=task["id"])
    assert state(task) == "completed"
    assert [text for _, text in seen["far"]] == ["go", "one", "two"]
    assert [text for _, text in seen["near"]] == ["go", "two"]
    assert all(len({task_id for task_id, _ in told}) == 1 for told in seen.values())


async def test_a_credential_that_it_lacks_makes_the_task_wait_and_another_bearer_goes_on() -> None:
    """V2-OBJ-07, V2-AUTH-01: its auth-required is the task's, and the same task there is continued."""
    from agentkit.errors import AuthRequired

    seen: list[tuple[str, str]] = []

    async def records(text: str, context: RunContext) -> str:
        seen.append((context.task_id, text))
        if not context.resumed:
            raise AuthRequired("Sign in at the ward first.", mcp_name="ward")
        return f"read {text}"

    async with platform_with(Relay(), apps=served(FunctionAgent(records))) as platform:
        chief = await made(platform, a2a())
        waiting = await chief.send("the record")
        assert state(waiting) == "auth-required"
        assert "Sign in at the ward first." in said(waiting)
        assert waiting["metadata"]["agentkit"]["authRequired"] == [{"agent": "far"}]
        done = await chief.send(None, task=waiting["id"])
        assert (state(done), done["id"]) == ("completed", waiting["id"])
    assert "the record" in said(done)
    assert seen[0][0] == seen[1][0]


@pytest.mark.parametrize("closed", ["all", "sends"])
async def test_an_agent_elsewhere_that_refuses_the_callers_bearer_makes_the_task_wait(closed: str) -> None:
    """V2-OBJ-07: 401 there is auth-required here, whether its card or only its work is behind the door."""
    (app,) = served(FunctionAgent(upper)).values()
    open_now = False

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        is_card = str(scope.get("path", "")).endswith(".json")
        if scope["type"] == "http" and not open_now and not (is_card and closed == "sends"):
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    async with platform_with(Relay(), apps={REMOTE: door}) as platform:
        chief = await made(platform, a2a())
        waiting = await chief.send("hello")
        assert state(waiting) == "auth-required"
        assert waiting["metadata"]["agentkit"]["authRequired"] == [{"agent": "far"}]
        open_now = True
        done = await chief.send(None, task=waiting["id"])
    assert (state(done), said(done)) == ("completed", "HELLO")


async def test_cancelling_the_task_cancels_the_one_elsewhere() -> None:
    """A2A-CAN-02 over V2-EP-12."""
    begun, stopped = anyio.Event(), anyio.Event()

    async def forever(text: str) -> str:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()
        return text

    async with platform_with(Relay(), apps=served(FunctionAgent(forever))) as platform:
        chief = await made(platform, a2a())
        task = await chief.send("go", blocking=False)
        with anyio.fail_after(HANG):
            await begun.wait()
            canceled = await chief.api.post(f"/v2/agentic/agents/{chief.agent}/a2a/tasks/{task['id']}:cancel")
            assert canceled.status_code == 200, canceled.text
            assert canceled.json()["status"]["state"] == "TASK_STATE_CANCELED"
            await stopped.wait()


async def test_a_turn_that_reaches_a_limit_cancels_what_it_set_going_elsewhere() -> None:
    """ORCH-03, A2A-CAN-01: an agent elsewhere may go on until it is told, as on a durable engine it does."""
    canceled = list[str]()

    class Endless:
        name = "far"
        description = "Never ends"
        skills = ()

        async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
            await anyio.sleep_forever()
            yield message

        async def cancel(self, context: RunContext) -> None:
            canceled.append(context.task_id)

    def make(spec: RemoteAgentSpec, *, inherit: bool, http: HttpPool) -> Agent:
        del spec, inherit, http
        return Endless()

    settings = PlatformSettings(remote_agents=make, limits=PlatformLimits(turn_seconds=0.1))
    async with platform_with(Relay(), settings=settings) as platform:
        chief = await made(platform, a2a())
        with anyio.fail_after(HANG):
            task = await chief.send("go")
    assert task["metadata"]["agentkit"]["error"]["limit"] == "seconds"
    assert canceled == [task["id"]]


async def test_work_elsewhere_of_which_nobody_knows_whether_it_was_done_ends_the_turn_and_is_not_given_out_again() -> (
    None
):
    """A2A-CMP-01: as with a tool that does more than read."""
    asked = list[str]()

    class Lost:
        name = "far"
        description = "Never says whether it got the message"
        skills = ()

        async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
            asked.append(message.text)
            raise UnknownOutcome("Nobody knows whether it arrived.", step=context.step_key)
            yield message

        async def cancel(self, context: RunContext) -> None: ...

    class Stubborn:
        async def decide(self, situation: Situation) -> Act:
            done = len(situation.delegations)
            return Delegate(situation.experts[0].name, situation.text) if done < 2 else Answer("done")

    def make(spec: RemoteAgentSpec, *, inherit: bool, http: HttpPool) -> Agent:
        del spec, inherit, http
        return Lost()

    async with platform_with(Stubborn(), settings=PlatformSettings(remote_agents=make)) as platform:
        chief = await made(platform, a2a())
        task = await chief.send("book it")
    assert (state(task), asked) == ("failed", ["book it"])
    assert task["metadata"]["agentkit"]["error"] == {"code": "unknown_outcome"}
    assert "Nobody knows whether it arrived." in said(task)


async def test_cancelling_a_task_that_waits_cancels_the_one_that_waits_elsewhere() -> None:
    """A2A-CAN-01."""
    canceled = list[str]()

    class Asking:
        name = "asking"
        description = "Asks"
        skills = (AgentSkill(id="ask", name="ask", description="Asks.", tags=("t",)),)

        async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
            yield status_update(context, TaskState.INPUT_REQUIRED, message.reply("Which?"))

        async def cancel(self, context: RunContext) -> None:
            canceled.append(context.task_id)

    async with platform_with(Relay(), apps=served(Asking())) as platform:
        chief = await made(platform, a2a())
        task = await chief.send("go")
        answer = await chief.api.post(f"/v2/agentic/agents/{chief.agent}/a2a/tasks/{task['id']}:cancel")
        assert answer.status_code == 200, answer.text
    assert len(canceled) == 1


async def test_the_callers_bearer_is_passed_on_to_this_machine() -> None:
    """V2-OBJ-07: what the agent elsewhere is sent for `Authorization`."""
    seen: list[str | None] = []
    (app,) = served(FunctionAgent(upper)).values()

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            value = dict(scope["headers"]).get(b"authorization")
            seen.append(None if value is None else value.decode())
        await app(scope, receive, send)

    async with platform_with(Relay(), apps={REMOTE: noting, "http://far.example": noting}) as platform:
        chief = await made(platform, a2a())
        assert state(await chief.send("hello")) == "completed"
        assert set(seen) == {chief.api.headers["authorization"]}
        seen.clear()
        # Over plain http anybody on the way could read it.
        other = await made(platform, a2a(url="http://far.example"), name="other")
        await other.send("hello")
        assert set(seen) == {None}


async def test_an_agent_elsewhere_that_cannot_be_reached_is_named_and_the_others_answer() -> None:
    class Second:
        async def decide(self, situation: Situation) -> Act:
            if situation.delegations:
                return Answer(situation.delegations[-1].text)
            return Delegate(situation.experts[-1].name, situation.text)

    async with platform_with(Second(), apps=served(FunctionAgent(upper))) as platform:
        chief = await made(platform, a2a("gone", "http://127.0.0.1:9"), a2a())
        task = await chief.send("hello")
    assert state(task) == "completed"
    assert "HELLO" in said(task)
    assert task["metadata"]["agentkit"]["unavailable"][0]["expert"] == "gone"


async def test_one_that_fails_fails_its_part_and_says_why() -> None:
    from agentkit.errors import AgentKitError

    async def broken(text: str) -> str:
        raise AgentKitError("The kiln is cold.")

    async with platform_with(Relay(), apps=served(FunctionAgent(broken))) as platform:
        chief = await made(platform, a2a())
        task = await chief.send("hello")
    assert state(task) == "failed"
    assert "The kiln is cold." in said(task)


async def test_an_agent_that_leads_back_to_itself_comes_to_an_end() -> None:
    """More than eight agents in a row are taken for a circle."""
    async with platform_with(Relay()) as platform:
        chief = await made(platform, name="mirror")
        url = f"{platform.url}/v2/agentic/agents/{chief.agent}/.well-known/agent-card.json"
        changed = await chief.api.patch(
            f"/v2/agentic/agents/{chief.agent}",
            json={"connectors": [a2a("itself", url)]},
            headers={"content-type": "application/merge-patch+json"},
        )
        assert changed.status_code == 200, changed.text
        with anyio.fail_after(HANG):
            task = await chief.send("hello")
    assert state(task) == "failed"


async def test_two_pieces_for_the_same_agent_are_two_messages_there() -> None:
    seen: list[str] = []

    async def listening(text: str) -> str:
        seen.append(text)
        return text

    class TwiceThen:
        async def decide(self, situation: Situation) -> Act:
            done = len(situation.delegations)
            return Delegate("far", str(done)) if done < 2 else Answer("both")

    async with platform_with(TwiceThen(), apps=served(FunctionAgent(listening))) as platform:
        chief = await made(platform, a2a())
        assert state(await chief.send("hello")) == "completed"
    assert seen == ["0", "1"]


async def test_a_platform_that_reaches_no_agents_says_so() -> None:
    import httpx2

    from agentkit.platform import PlatformSettings, create_platform
    from agentkit.testing.asgi import ASGITransport, running

    settings = PlatformSettings(reasoner=Relay())
    async with (
        running(create_platform(settings)) as app,
        httpx2.AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1:8700") as http,
    ):
        grant = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"}
        token = (await http.post("/realms/base/protocol/openid-connect/token", data=grant)).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        agent = (await http.post("/v2/agentic/agents", json={"name": "a", "connectors": [a2a()]})).json()["id"]
        body = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}]}}
        task = (await http.post(f"/v2/agentic/agents/{agent}/a2a/message:send", json=body)).json()["task"]
    assert task["status"]["state"] == "TASK_STATE_FAILED"
    assert "over A2A" in task["status"]["message"]["parts"][0]["text"]

"""Turns of an interview: states, refusals, corrections, other questionnaires, contexts, restarts (QN-14 to QN-23)."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from agentkit.errors import ConfigurationError
from agentkit.interviewing import Questionnaire, Reason, load
from agentkit.models import Json
from agentkit.platform import PlatformSettings
from agentkit.platform.orchestration import interview
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.parts import Plain, talk

from .parts import REST, Interviewer, Scripted, event, interviewer, part, report, sheet, state, text, told

pytestmark = pytest.mark.anyio

SMOKE = {"id": "smoke", "type": "boolean", "text": "Do you smoke?", "required": True}
MANY = {
    "id": "many",
    "type": "number",
    "text": "How many cigarettes per day?",
    "conditions": [{"question": "smoke", "operator": "=", "value": True}],
}
BORN = {"id": "born", "type": "date_time", "text": "When did it begin?", "mode": "date"}
NOW = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)


async def test_a_required_question_that_is_declined_three_times_asks_for_input_with_the_reason(
    platform: LocalPlatform,
) -> None:
    """QN-19, QNC-08: nothing is invented, and the interview can still go on."""
    asked = await interviewer(platform)
    await asked.says("hello", part(sheet(SMOKE)))
    for _ in range(2):
        task = await asked.says("I'd rather not say")
        assert state(task) == "completed"
        assert "Nobody has to answer" in (text(task) or "")
        assert "Do you smoke?" in (text(task) or "")
    given_up = await asked.says("skip it")
    assert state(given_up) == "input-required"
    assert given_up["metadata"]["agentkit"]["error"] == {"code": "answer_declined", "question_id": "smoke"}
    assert told(given_up)["answers"] == {}
    assert told(given_up)["next_question_id"] == "smoke"
    done = await asked.says("no", taskId=given_up["id"])
    assert done["id"] == given_up["id"]
    assert (state(done), told(done)["answers"]) == ("completed", {"smoke": False})


async def test_an_optional_question_that_is_declined_is_named_as_skipped(platform: LocalPlatform) -> None:
    """QN-18, QN-20, QN-P6."""
    asked = await interviewer(platform)
    await asked.says("hello", part(sheet({"id": "a", "type": "number", "text": "How many?"}, SMOKE)))
    task = await asked.says("skip")
    assert told(task)["answers"] == {}
    assert told(task)["next_question_id"] == "smoke"
    assert task["artifacts"][0]["parts"][0]["metadata"] == {"type": "questionnaire_response", "skipped": ["a"]}
    last = await asked.says("yes")
    assert told(last)["is_completed"] is True
    assert last["artifacts"][0]["parts"][0]["metadata"]["skipped"] == ["a"]


async def test_a_questionnaire_may_want_strict_task_states(platform: LocalPlatform) -> None:
    """QN-21: one task that waits for each answer, for clients that follow A2A to the letter."""
    asked = await interviewer(platform)
    first = await asked.says("hello", part({**sheet(SMOKE, MANY), "meta": {"stateMode": "input-required"}}))
    assert (state(first), text(first)) == ("input-required", "Do you smoke?")
    second = await asked.says("yes", taskId=first["id"])
    assert (state(second), second["id"]) == ("input-required", first["id"])
    assert told(second)["answers"] == {"smoke": True}
    last = await asked.says("10", taskId=first["id"])
    assert state(last) == "completed"
    assert told(last)["answers"] == {"smoke": True, "many": 10}


async def test_an_earlier_answer_can_be_corrected_and_the_path_follows(platform: LocalPlatform) -> None:
    """QN-14, QNC-07, QN-E3: what is no longer reachable is gone from the answers."""
    asked = await interviewer(platform)
    await asked.says("hello", part(sheet(SMOKE, MANY)))
    await asked.says("yes")
    done = await asked.says("20 cigarettes a day")
    assert told(done)["answers"] == {"smoke": True, "many": 20}
    changed = await asked.says(None, event(event="amend", question_id="smoke", value=False))
    assert told(changed)["answers"] == {"smoke": False}
    assert told(changed)["is_completed"] is True
    anew = await asked.says(None, event(event="restart"))
    assert told(anew)["answers"] == {}
    assert told(anew)["next_question_id"] == "smoke"
    typed = await asked.says(None, event(event="answer", value=True))
    assert told(typed)["answers"] == {"smoke": True}
    skipped = await asked.says(None, event(event="skip"))
    assert told(skipped)["is_completed"] is True


async def test_an_event_that_is_none_fails_and_leaves_the_interview_alone(platform: LocalPlatform) -> None:
    asked = await interviewer(platform)
    await asked.says("hello", part(sheet(SMOKE)))
    failed = await asked.says(None, event(event="forget"))
    assert state(failed) == "failed"
    assert failed["metadata"]["agentkit"]["error"]["code"] == "questionnaire_event"
    assert told(await asked.says("yes"))["answers"] == {"smoke": True}


async def test_the_version_keeps_its_json_type_and_ids_their_spelling(platform: LocalPlatform) -> None:
    """QNC-17, QNC-20, QNC-02."""
    for version in ("1.0", 1, 1.5):
        asked = await interviewer(platform)
        identity = "Sleep Survey: v\u00fc"
        task = await asked.says("hi", part({**sheet(SMOKE), "questionnaireId": identity, "version": version}))
        assert told(task)["version"] == version
        assert type(told(task)["version"]) is type(version)
        assert told(task)["questionnaire_id"] == identity
        context = await platform.http.get(f"/agents/{asked.agent}/v1/contexts/{asked.context}")
        kept = context.json()["items"][0]["history"][0]["parts"][1]["data"]["questionnaire"]
        assert kept["questionnaireId"] == identity


async def test_unknown_fields_neither_disturb_nor_get_lost(platform: LocalPlatform) -> None:
    """QNC-20."""
    asked = await interviewer(platform)
    sent = sheet({**SMOKE, "colour": "blue"}, theme={"dark": True})
    task = await asked.says("hi", part(sent))
    assert task["history"][0]["parts"][1]["data"]["questionnaire"] == sent
    assert told(await asked.says("yes"))["is_completed"] is True


@pytest.mark.parametrize(
    ("sent", "code", "path"),
    [
        (None, "wrong-type", "questionnaire"),
        ("phq-9", "wrong-type", "questionnaire"),
        ({}, "missing-field", "questions"),
        (sheet(SMOKE, {**SMOKE, "text": "SECRET"}), "duplicate-id", "questions[1].id"),
        (sheet({**SMOKE, "defaultNext": "SECRET"}), "dangling-reference", "questions[0].defaultNext"),
        (sheet({"id": "SECRET", "type": "scale", "text": "SECRET"}), "missing-bounds", "questions[0].min"),
        (sheet({**SMOKE, "type": "SECRET"}), "wrong-type", "questions[0].type"),
        (sheet(SMOKE, startQuestion="SECRET"), "dangling-reference", "startQuestion"),
    ],
    ids=str,
)
async def test_an_invalid_questionnaire_fails_with_code_and_path_and_no_text_of_its_author(
    platform: LocalPlatform, sent: Any, code: str, path: str
) -> None:
    """QNC-19, QNC-02, QNC-04."""
    asked = await interviewer(platform)
    task = await asked.says("please start", part(sent))
    assert state(task) == "failed"
    said = text(task) or ""
    assert code in said
    assert path in said
    assert "SECRET" not in said
    assert "artifacts" not in task or task["artifacts"] == []
    found = task["metadata"]["agentkit"]["error"]
    assert found["code"] == "questionnaire_invalid"
    assert code in [one["code"] for one in found["findings"]]
    assert "SECRET" not in str(found)


async def test_a_questionnaire_that_comes_again_changes_nothing_and_another_one_begins_anew(
    platform: LocalPlatform,
) -> None:
    """QN-23: the old interview is kept, and addressed by its questionnaire."""
    asked = await interviewer(platform)
    await asked.says("hello", part(sheet(SMOKE, MANY)))
    assert told(await asked.says("yes", part(sheet(SMOKE, MANY))))["answers"] == {"smoke": True}
    other = await asked.says("hello", part(sheet(SMOKE, version="1")))
    assert (told(other)["answers"], told(other)["version"]) == ({}, "1")
    assert told(await asked.says("no"))["answers"] == {"smoke": False}
    back = await asked.says(None, part(sheet(SMOKE, MANY)))
    assert (told(back)["answers"], told(back)["version"]) == ({"smoke": True}, 1)
    assert told(back)["next_question_id"] == "many"
    assert told(await asked.says("5"))["answers"] == {"smoke": True, "many": 5}


async def test_another_content_under_the_same_id_and_version_is_an_error(platform: LocalPlatform) -> None:
    """QN-23."""
    asked = await interviewer(platform)
    await asked.says("hello", part(sheet(SMOKE)))
    failed = await asked.says("yes", part(sheet(SMOKE, MANY)))
    assert state(failed) == "failed"
    assert failed["metadata"]["agentkit"]["error"]["code"] == "questionnaire_changed"
    assert told(await asked.says("yes"))["answers"] == {"smoke": True}


async def test_two_contexts_never_mix(platform: LocalPlatform) -> None:
    """CTX-03: not even with one questionnaire, one agent and one caller."""
    one = await interviewer(platform)
    other = Interviewer(one.http, one.agent, sent=100)
    await one.says("hello", part(REST))
    await other.says("hello", part(REST))
    assert told(await one.says("3"))["answers"] == {"q1": 3}
    assert told(await other.says("5"))["answers"] == {"q1": 5}
    assert told(await one.says("7"))["answers"] == {"q1": 3, "q2": 7}


async def test_an_interview_survives_a_restart_and_is_erased_with_its_context(tmp_path: Path) -> None:
    """V1-CTXEP-02: no answer is left in any table."""
    database = tmp_path / "platform.db"
    async with LocalPlatform(PlatformSettings(database=database)) as platform:
        asked = await interviewer(platform)
        await asked.says("hello", part(sheet({"id": "a", "type": "text_long", "text": "What happened?"}, SMOKE)))
        await asked.says("Unmistakable words")
    async with LocalPlatform(PlatformSettings(database=database)) as platform:
        platform.http.headers["authorization"] = f"Bearer {await platform.bearer()}"
        platform.http.base_url = platform.url
        again = Interviewer(platform.http, asked.agent, asked.context, sent=10)
        last = await again.says("no")
        assert told(last)["answers"] == {"a": "Unmistakable words", "smoke": False}
        gone = await platform.http.delete(f"/agents/{asked.agent}/v1/contexts/{asked.context}")
        assert gone.status_code == 204

    def left() -> int:
        connection = sqlite3.connect(database)
        try:
            return int(connection.execute("SELECT count(*) FROM interviews").fetchone()[0])
        finally:
            connection.close()

    assert await anyio.to_thread.run_sync(left) == 0


async def test_an_orchestrator_that_has_the_interviewing_expert_hands_the_interview_to_it() -> None:
    """QNC-01: and answers everything else itself, before and after."""
    reasoner = Plain()
    async with LocalPlatform(reasoner=reasoner) as platform:
        experts = [{"type": "reference", "name": "interviewing-expert"}]
        asked = await interviewer(platform, agentType="orchestrator", experts=experts)
        assert text(await asked.says("!hello")) == "That cannot be done here."
        first = await asked.says("here you are", part(sheet(SMOKE)))
        assert (text(first), told(first)["next_question_id"]) == ("Do you smoke?", "smoke")
        decisions = len(reasoner.situations)
        assert told(await asked.says("yes"))["is_completed"] is True
        assert len(reasoner.situations) == decisions
        assert text(await asked.says("!and now?")) == "That cannot be done here."


async def test_the_registry_offers_the_interviewing_expert(platform: LocalPlatform) -> None:
    """EXP-03, LOC-05."""
    await interviewer(platform)
    offered = (await platform.http.get("/agents/registry/experts")).json()["experts"]
    assert "interviewing-expert" in [one["name"] for one in offered]


async def test_an_interviewing_expert_without_a_questionnaire_asks_for_one(platform: LocalPlatform) -> None:
    asked = await interviewer(platform)
    task = await asked.says("hello")
    assert state(task) == "input-required"
    assert "questionnaire" in (text(task) or "")
    begun = await asked.says("here", part(sheet(SMOKE)), taskId=task["id"])
    assert text(begun) == "Do you smoke?"


async def test_after_the_end_the_response_is_told_again(platform: LocalPlatform) -> None:
    asked = await interviewer(platform)
    await asked.says("hello", part(sheet(SMOKE)))
    done = await asked.says("yes")
    again = await asked.says("anything else?")
    assert told(again) == told(done)
    assert "message" not in again["status"]


async def test_several_questionnaires_in_one_message_are_refused(platform: LocalPlatform) -> None:
    asked = await interviewer(platform)
    task = await asked.says("hello", part(sheet(SMOKE)), part(REST))
    assert (state(task), task["metadata"]["agentkit"]["error"]["code"]) == ("failed", "several_questionnaires")


async def test_the_evidence_and_the_clock_of_a_relative_date_are_told() -> None:
    """QN-17, QN-24: half past eleven in the evening in London is the next day in Berlin."""
    async with LocalPlatform(clock=lambda: NOW) as platform:
        asked = await interviewer(platform)
        await asked.says("hello", part({**sheet(BORN), "meta": {"timeZone": "Europe/Berlin"}}))
        task = await asked.says("It began yesterday")
        assert told(task)["answers"] == {"born": "2026-11-18"}
        (evidence,) = report(task)["evidence"].values()
        assert evidence["clock"]["zone"] == "Europe/Berlin"
        assert evidence["clock"]["at"].startswith("2026-11-19T00:30:00")
        assert evidence["span"] == [0, len("It began yesterday")]
        other = await interviewer(platform)
        await other.says("hello", part(sheet(BORN)))
        told_zone = await other.says("yesterday", metadata={"timeZone": "Pacific/Auckland"})
        assert told(told_zone)["answers"] == {"born": "2026-11-18"}
        third = await interviewer(platform)
        await third.says("hello", part(sheet(BORN)))
        assert told(await third.says("yesterday"))["answers"] == {"born": "2026-11-17"}
        fourth = await interviewer(platform)
        await fourth.says("hello", part(sheet(BORN)))
        assert told(await fourth.says("yesterday", metadata={"timeZone": "Mars/Olympus"}))["answers"] == {}


async def test_a_time_zone_that_nobody_knows_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="time_zone"):
        async with LocalPlatform(PlatformSettings(time_zone="Mars/Olympus")):
            pass


async def test_a_safety_notice_is_said_at_once_and_stays_in_the_metadata(platform: LocalPlatform) -> None:
    """QN-I1: on the final turn, too, which otherwise says nothing."""
    item = {
        "id": "i9",
        "type": "single_choice",
        "text": "Thoughts that you would be better off dead, or of hurting yourself in some way",
        "options": [{"value": 0, "label": "Not at all"}, {"value": 1, "label": "Several days"}],
    }
    asked = await interviewer(platform)
    await asked.says("hello", part(sheet(item, SMOKE)))
    raised = await asked.says("several days")
    assert "emergency" in (text(raised) or "")
    assert (text(raised) or "").endswith("Do you smoke?")
    last = await asked.says("no")
    assert "message" not in last["status"]
    assert [one["question_id"] for one in report(last)["safety"]] == ["i9"]
    alone = await interviewer(platform)
    await alone.says("hello", part(sheet({**item, "meta": {"safetyNotice": "Please call 112."}})))
    final = await alone.says("1")
    assert (text(final), told(final)["is_completed"]) == ("Please call 112.", True)


async def test_an_interpreter_never_gets_an_answer_past_the_check() -> None:
    """QN-E2."""
    script = Scripted({"wild": {"smoke": "yes"}, "later": {"many": 3}, "no": Reason.REFUSAL, "good": {"smoke": True}})
    async with LocalPlatform(PlatformSettings(interpreter=script)) as platform:
        asked = await interviewer(platform)
        await asked.says("hello", part(sheet(SMOKE, MANY)))
        for words in ("wild", "later", "no"):
            assert told(await asked.says(words))["answers"] == {}
        assert told(await asked.says("good"))["answers"] == {"smoke": True}
        assert [one.opening for one in script.seen] == [True, False, False, False, False]
        assert {one.question.id for one in script.seen} == {"smoke"}


async def test_answers_that_come_at_once_are_taken_one_after_the_other(platform: LocalPlatform) -> None:
    asked = await interviewer(platform)
    questions = [{"id": f"n{place}", "type": "number", "text": "How many?"} for place in range(3)]
    await asked.says("hello", part(sheet(*questions)))

    async def answer(number: int) -> None:
        posted = await asked.post({"kind": "text", "text": str(number)})
        assert posted.status_code == 200

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(answer, number)
    last = await asked.says("anything")
    assert told(last)["is_completed"] is True
    assert sorted(told(last)["answers"].values()) == [0, 1, 2]


async def test_a_message_that_is_delivered_twice_is_answered_once(platform: LocalPlatform) -> None:
    """V1-SEND-04's idempotency holds for interviews: the second delivery gets the first's task."""
    asked = await interviewer(platform)
    questions = [{"id": f"n{place}", "type": "number", "text": "How many?"} for place in range(2)]
    await asked.says("hello", part(sheet(*questions)))
    first = await asked.says("1")
    asked.sent -= 1
    assert (await asked.says("1"))["id"] == first["id"]
    assert told(await asked.says("2"))["answers"] == {"n0": 1, "n1": 2}


async def test_nothing_of_an_interview_reaches_a_log(platform: LocalPlatform, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="agentkit"):
        asked = await interviewer(platform)
        await asked.says("hello", part(sheet({"id": "a", "type": "text_long", "text": "Unmistakable question"})))
        await asked.says("Unmistakable words")
    assert not [one for one in caplog.records if "Unmistakable" in one.getMessage()]


async def test_a_large_questionnaire_is_read_beside_the_event_loop(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One with megabytes of conditions takes seconds to check, and everybody else would wait for it."""
    threads: list[threading.Thread] = []

    def noted(document: Json) -> Questionnaire:
        threads.append(threading.current_thread())
        return load(document)

    monkeypatch.setattr(interview, "load", noted)
    chief = await talk(platform, [], agentType="interviewing-expert")
    questions = [{"id": f"q{number}", "type": "boolean", "text": "Well?" * 20} for number in range(400)]
    large = {"questionnaireId": "large", "version": "1", "startQuestion": "q0", "questions": questions}
    first = await chief.send("hello", {"kind": "data", "data": {"type": "questionnaire", "questionnaire": large}})
    interview._loaded.cache_clear()  # pyright: ignore[reportPrivateUsage]
    await chief.send("yes", context=first["contextId"])
    assert len(threads) == 2
    assert threading.main_thread() not in threads

"""Recorded decisions: the same again, or an error that says what is different."""

from __future__ import annotations

import json
import stat
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from agentkit.errors import CassetteError, CassetteMismatch, ConfigurationError
from agentkit.models import JsonObject, Role
from agentkit.reasoning import (
    Act,
    Answer,
    Ask,
    CallTool,
    Candidate,
    Cassette,
    Decline,
    Delegate,
    DelegateTogether,
    Delegation,
    Observation,
    RecordingReasoner,
    ReplayReasoner,
    RuleReasoner,
    ScriptedReasoner,
    Situation,
    Tool,
    Utterance,
    reasoner_from,
)
from agentkit.reasoning.llm import LlmReasoner

pytestmark = pytest.mark.anyio

FULL = Situation(
    "What does Priya Raman take?",
    data=({"note": "secret of Priya"},),
    instructions="Be kind.",
    history=(Utterance(Role.USER, "Hello"), Utterance(Role.AGENT, "Hi", "records", asks=True)),
    observations=(Observation("look", {"who": "Priya"}, "nothing", {"rows": []}, code="empty"),),
    tools=(Tool("look", "Looks.", {"type": "object"}, {"type": "object"}, read_only=True),),
    experts=(Candidate("records", "Knows.", (Tool("look", "Looks.", {}),)),),
    delegations=(Delegation("records", "nothing", ({"a": 1},)),),
)
NAMES = {field.name for field in fields(Situation)}
ACTS: tuple[Act, ...] = (
    CallTool("look", {"who": "Priya", "n": [1, None, {"x": 0.5}]}, "why"),
    Delegate("records", "look", "why"),
    DelegateTogether((Delegate("records", "a"), Delegate("kitchen", "b", "c"))),
    Answer("Nothing.", ({"rows": []}, None)),
    Ask("Who?", ("who",)),
    Decline("No."),
)


def recorded(path: Path, act: Act) -> None:
    """Record one decision, in a loop of its own."""
    recorder = RecordingReasoner(ScriptedReasoner([act]), Cassette(), path=path)
    assert anyio.run(recorder.decide, FULL) == act


@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_every_act_comes_back_from_a_file_as_it_was(tmp_path: Path, act: Act) -> None:
    path = tmp_path / "kept" / "tape.json"
    path.parent.mkdir()
    recorded(path, act)
    assert anyio.run(ReplayReasoner(Cassette.read(path)).decide, replace(FULL)) == act
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_holds_no_situation_but_its_hashes(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    recorded(path, Answer("Done."))
    text = path.read_text()
    assert "Priya" not in text
    assert "kind" not in text
    assert set(json.loads(text)["decisions"][0]["situation"]) == NAMES


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        (replace(FULL, text="And Mia Tanaka?"), ("text",)),
        (replace(FULL, data=()), ("data",)),
        (replace(FULL, instructions="Be brief."), ("instructions",)),
        (replace(FULL, history=FULL.history[:1]), ("history",)),
        (replace(FULL, observations=(replace(FULL.observations[0], current=False),)), ("observations",)),
        (replace(FULL, tools=(), experts=()), ("tools", "experts")),
        (replace(FULL, delegations=(replace(FULL.delegations[0], failed=True),)), ("delegations",)),
    ],
)
async def test_another_situation_is_an_error_that_names_what_differs(
    changed: Situation, differs: tuple[str, ...]
) -> None:
    cassette = Cassette()
    cassette.add(FULL, Answer("x"))
    cassette.add(Situation("something else altogether"), Answer("y"))
    with pytest.raises(CassetteMismatch) as told:
        await ReplayReasoner(cassette).decide(changed)
    assert told.value.differs == differs
    assert "Tanaka" not in str(told.value)
    assert "Priya" not in str(told.value)


async def test_a_tool_may_say_another_time_in_each_run() -> None:
    """Tools write down when they answered; what was asked about is compared to the second."""

    def told(at: str) -> Situation:
        data: JsonObject = {"as_of": f"2026-11-22T00:05:{at}+00:00", "text": f"seen 2026-11-22 00:05:{at}.25Z"}
        done = (Delegation("records", f"As of 2026-11-22T00:05:{at}Z", (data,)),)
        return replace(FULL, observations=(Observation("look", {}, "", data),), delegations=done)

    recorder = RecordingReasoner(ScriptedReasoner([Answer("Nothing.")]), Cassette())
    await recorder.decide(told("52"))
    replay = ReplayReasoner(recorder.cassette)
    assert await replay.decide(told("53")) == Answer("Nothing.")
    with pytest.raises(CassetteMismatch, match="text"):
        await replay.decide(replace(told("53"), text="What did she take on 2026-11-22T00:05:53Z?"))
    with pytest.raises(CassetteMismatch, match="observations"):
        await replay.decide(replace(told("53"), observations=()))


async def test_what_may_differ_is_not_compared() -> None:
    cassette = Cassette()
    cassette.add(FULL, Answer("x"))
    changed = replace(FULL, instructions="Be brief.")
    assert await ReplayReasoner(cassette, ignoring=("instructions",)).decide(changed) == Answer("x")
    with pytest.raises(ConfigurationError, match="mood"):
        ReplayReasoner(cassette, ignoring=("mood",))


async def test_decisions_are_found_in_any_order_and_repeated() -> None:
    cassette = Cassette()
    one, other = Situation("one"), Situation("other")
    for situation, text in ((one, "1"), (other, "2"), (one, "3")):
        cassette.add(situation, Answer(text))
    reasoner = ReplayReasoner(cassette)
    asked = [other, one, one, one, other]
    assert [await reasoner.decide(situation) for situation in asked] == [Answer(text) for text in "21332"]


async def test_an_empty_cassette_says_so() -> None:
    with pytest.raises(CassetteMismatch, match="no decision") as told:
        await ReplayReasoner(Cassette()).decide(FULL)
    assert told.value.differs == ()


def test_a_full_cassette_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentkit.reasoning.cassette.MAX_DECISIONS", 1)
    cassette = Cassette()
    cassette.add(FULL, Answer("x"))
    with pytest.raises(CassetteError, match="already"):
        cassette.add(FULL, Answer("x"))


GOOD: dict[str, Any] = {
    "situation": dict.fromkeys(NAMES, "0"),
    "decision": {"act": "decline", "text": "No."},
}


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        "{}",
        '{"format": 2, "decisions": []}',
        '{"format": 1, "decisions": {}}',
        json.dumps({"format": 1, "decisions": ["x"]}),
        json.dumps({"format": 1, "decisions": [GOOD | {"decision": {"act": "burn"}}]}),
        json.dumps({"format": 1, "decisions": [GOOD | {"decision": 7}]}),
        json.dumps({"format": 1, "decisions": [GOOD | {"situation": {"text": "0"}}]}),
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_cassette_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tape.json"
    path.write_text(content)
    with pytest.raises(CassetteError):
        Cassette.read(path)


def test_a_file_that_is_too_large_or_missing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentkit.reasoning.cassette.MAX_BYTES", 10)
    path = tmp_path / "tape.json"
    path.write_text(json.dumps({"format": 1, "decisions": [GOOD]}))
    with pytest.raises(CassetteError, match="larger"):
        Cassette.read(path)
    with pytest.raises(CassetteError, match="FileNotFoundError"):
        Cassette.read(tmp_path / "nothing.json")


def test_a_reasoner_is_made_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    Cassette().write(path)
    assert isinstance(reasoner_from("rules"), RuleReasoner)
    assert isinstance(reasoner_from(f"replay:{path}"), ReplayReasoner)
    made = reasoner_from("llm", model="small", base_url="http://models.test/v1", api_key="sk-canary")
    assert isinstance(made, LlmReasoner)
    assert made.name == "small"


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("magic", {}, "`rules`, `llm` or `replay:FILE`"),
        ("", {}, "`rules`, `llm` or `replay:FILE`"),
        ("rules:x", {}, "`rules`, `llm` or `replay:FILE`"),
        ("replay", {}, "replay:FILE"),
        ("replay:", {}, "replay:FILE"),
        ("llm", {}, "model"),
        ("llm", {"model": "small"}, "base_url"),
        ("rules", {"model": "small"}, "does not use it"),
        ("rules", {"api_key": "sk-canary"}, "does not use it"),
    ],
)
def test_a_reasoner_that_cannot_be_made_says_what_is_wrong(name: str, settings: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as error:
        reasoner_from(name, **settings)
    assert "sk-canary" not in str(error.value)

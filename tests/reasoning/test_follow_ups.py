"""Tools as people write them first, without a word about their parameters: what a short answer or follow-up means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from agentkit.experts import Toolbox, WorkerState
from agentkit.models import JsonObject
from agentkit.reasoning import Observation, Tool

if TYPE_CHECKING:
    from tests.reasoning.conftest import Expert

pytestmark = pytest.mark.anyio

CODES: JsonObject = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}], "default": None}


class Laboratory:
    """One tool, whose patient is described by `about` or by nothing."""

    def __init__(self, about: str, codes: str = "") -> None:
        patient: JsonObject = {"type": "string", **({"description": about} if about else {})}
        self._schema: JsonObject = {
            "type": "object",
            "properties": {"patient": patient, "codes": {**CODES, **({"description": codes} if codes else {})}},
            "required": ["patient"],
            "additionalProperties": False,
        }

    async def list_tools(self) -> Sequence[Tool]:
        return (Tool("latest_results", "The latest results of a patient.", self._schema, read_only=True),)

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        return Observation(name, arguments, data={"patient": arguments["patient"], "value": 13.2})


@pytest.fixture(params=["", "Record number of the patient.", "Record number, for example P-17."])
def laboratory(request: pytest.FixtureRequest, make_expert: Callable[[Toolbox], Expert]) -> Expert:
    return make_expert(Laboratory(request.param))


@pytest.fixture
def undescribed(make_expert: Callable[[Toolbox], Expert]) -> Expert:
    return make_expert(Laboratory(""))


@pytest.mark.parametrize("answer", ["P-17", "P-17.", "It is P-17", "p-17x", "0017", "17"])
async def test_a_bare_value_answers_the_question_for_it(laboratory: Expert, answer: str) -> None:
    asked = await laboratory.says("What are the latest results?")
    assert (asked.state, asked.missing) == (WorkerState.INPUT_REQUIRED, ("patient",))
    await laboratory.says(answer)
    assert [given["patient"] for _, given in laboratory.calls] == [answer.removeprefix("It is ").rstrip(".")]


@pytest.mark.parametrize("answer", ["Ingrid Solheim", '"Ingrid Solheim"', "It is Ingrid Solheim"])
async def test_a_name_answers_it_where_nothing_says_that_it_is_a_number(undescribed: Expert, answer: str) -> None:
    await undescribed.says("What are the latest results?")
    await undescribed.says(answer)
    assert undescribed.calls == [("latest_results", {"patient": "Ingrid Solheim"})]


@pytest.mark.parametrize("answer", ["hm", "no", "yes", "Thanks", "I do not know", "P-17 or P-18", "not P-17"])
async def test_what_is_no_answer_leaves_the_question(laboratory: Expert, answer: str) -> None:
    await laboratory.says("What are the latest results?")
    again = await laboratory.says(answer)
    assert again.state is WorkerState.INPUT_REQUIRED
    assert laboratory.calls == []


@pytest.mark.parametrize("follow_up", ["and P-99?", "What about P-99?", "And for P-99"])
async def test_another_one_is_not_answered_with_the_one_before(laboratory: Expert, follow_up: str) -> None:
    await laboratory.says("What are the latest results of patient P-17?")
    await laboratory.says(follow_up)
    assert laboratory.calls == [("latest_results", {"patient": "P-99"})]


@pytest.mark.parametrize("follow_up", ["and P-98 and P-99?", "What about PX99?", "and Q7/12?"])
async def test_what_may_be_another_one_is_asked_about(laboratory: Expert, follow_up: str) -> None:
    await laboratory.says("What are the latest results of patient P-17?")
    result = await laboratory.says(follow_up)
    assert (result.state, laboratory.calls) == (WorkerState.INPUT_REQUIRED, [])


async def test_a_follow_up_that_names_none_is_about_the_one_before(laboratory: Expert) -> None:
    await laboratory.says("What are the latest results of patient P-17?")
    await laboratory.says("And the latest results now?")
    assert [given["patient"] for _, given in laboratory.calls] in ([], ["P-17"])


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("What are the latest results of patient P-17 for HB?", ["HB"]),
        ("What are the latest results of patient P-17 for HB and CRP?", ["HB", "CRP"]),
        ("What are the latest results of patient P-17 for TSH, CRP, and HB?", ["HB", "CRP", "TSH"]),
        ("What are the latest HB & Na results of patient P-17 in ICU?", ["HB", "Na"]),
    ],
)
async def test_of_several_things_that_are_listed_none_is_left_out(
    make_expert: Callable[[Toolbox], Expert], asked: str, codes: list[str]
) -> None:
    expert = make_expert(Laboratory("", "What to look for, for example HB."))
    await expert.says(asked)
    assert expert.calls == [("latest_results", {"patient": "P-17", "codes": codes})]


async def test_a_question_reads_well_however_a_tool_is_described(undescribed: Expert) -> None:
    asked = await undescribed.says("What are the latest results?")
    assert asked.text == "What is the patient? I need it for this: the latest results of a patient."

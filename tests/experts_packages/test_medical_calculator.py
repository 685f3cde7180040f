"""The medical calculator expert without any model: what goes beyond its scenarios, and what its prompt insists on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from agentkit.experts import Worker, WorkerResult, WorkerState
from agentkit.models import Json
from agentkit.reasoning import RuleReasoner, Situation
from tests.deadline import HANG

from .test_definitions import EXPERTS, toolbox

pytestmark = pytest.mark.anyio

PROMPT = EXPERTS["medical-calculator"].prompt or ""


@asynccontextmanager
async def worker() -> AsyncGenerator[Worker]:
    async with toolbox("medical-calculator") as box:
        yield Worker("medical-calculator", RuleReasoner(), {"calculator": box}, PROMPT)


async def said(text: str, *data: Json) -> WorkerResult:
    async with worker() as working:
        with anyio.fail_after(HANG):
            events = [event async for event in working.run(Situation(text, data=data))]
    assert isinstance(events[-1], WorkerResult)
    return events[-1]


async def test_inputs_in_a_data_part_of_the_message_are_calculated_with() -> None:
    """A program that calls the expert sends values as data."""
    done = await said("Calculate the BMI.", {"inputs": {"weight": "70 kg", "height": {"value": 175, "unit": "cm"}}})
    assert [step.tool for step in done.steps] == ["calculate"]
    assert "22.9 kg/m2" in done.text
    assert "bmi@1972" in done.text


async def test_what_is_missing_is_asked_for_with_the_range_still_possible() -> None:
    """CALC-2."""
    done = await said("Calculate the CHA2DS2-VASc score.", {"inputs": {"age": "77 a", "sex": "female"}})
    assert "Needed and not given: heart_failure" in done.text
    assert "Still possible: 3 to 9 points" in done.text


async def test_values_in_a_sentence_are_read_with_their_units() -> None:
    done = await said("Calculate the BMI for 70 kg and 175 cm.")
    assert [step.tool for step in done.steps] == ["describe_calculator", "calculate"]
    assert "22.9 kg/m2" in done.text


async def test_values_in_a_sentence_are_not_guessed_at() -> None:
    done = await said("Calculate the BMI for 70 and 175.")
    assert [step.tool for step in done.steps] == ["describe_calculator"]
    assert "22.9" not in done.text
    assert done.state is WorkerState.INPUT_REQUIRED


@pytest.mark.parametrize(
    "rule",
    ["Never assume what is missing", "with its unit", "formula, version and citation", "no advice", "superseded",
     "not for autonomous"],
)  # fmt: skip
def test_the_prompt_insists_on_safe_work(rule: str) -> None:
    """CALC-2, CALC-3, CALC-P1."""
    assert rule in " ".join(PROMPT.split())

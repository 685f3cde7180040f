"""Functions as agents: what they may take and give."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypedDict, assert_type, cast

import pytest
from pydantic import BaseModel

from agentkit.compose import FunctionAgent, RunContext, Sequential, Usage, collect
from agentkit.credentials import Credentials, Token
from agentkit.errors import InputRequired, SpecError, StorageError
from agentkit.models import JsonObject, Message, TaskState
from tests.compose.agents import context

pytestmark = pytest.mark.anyio


class Dose(BaseModel):
    drug: str
    milligrams: int


async def shout(text: str) -> str:
    """Say it louder.

    Much louder.
    """
    return text.upper()


def count(message: Message) -> JsonObject:
    return {"parts": len(message.parts)}


def double(dose: Dose) -> Dose:
    return Dose(drug=dose.drug, milligrams=dose.milligrams * 2)


async def place(text: str, context: RunContext) -> Message:
    return Message.agent(f"{text} in {context.context_id}")


class Coded(TypedDict):
    code: str


def narrow(text: str) -> dict[str, str]:
    return {"code": text}


async def narrow_and_async(dose: Dose, context: RunContext) -> dict[str, list[int]]:
    return {"code": [dose.milligrams]}


def typed(text: str) -> Coded:
    return {"code": text}


def read_only(text: str) -> Mapping[str, str]:
    return MappingProxyType({"code": text})


async def test_any_kind_of_json_object_is_taken_by_the_type_checker_and_at_run_time() -> None:
    # Without a cast: what pyright refuses here, it refuses for every author.
    asked = Message.user("I10", data=({"drug": "Aspirin", "milligrams": 100},))
    agents = (FunctionAgent(narrow), FunctionAgent(typed), FunctionAgent(read_only), FunctionAgent(narrow_and_async))
    answers = [(await collect(agent, asked, context())).message for agent in agents]
    assert [answer and answer.data for answer in answers] == [*[({"code": "I10"},)] * 3, ({"code": [100]},)]


async def test_text_goes_in_and_out() -> None:
    agent = FunctionAgent(shout)

    assert (await collect(agent, Message.user("hello"), context())).text == "HELLO"
    assert (agent.name, agent.description) == ("shout", "Say it louder.")
    assert agent.skills[0].description == "Say it louder."


async def test_a_json_object_becomes_a_data_part() -> None:
    outcome = await collect(FunctionAgent(count, name="counter", description="Counts"), Message.user("x"), context())

    assert outcome.message is not None
    assert outcome.message.data == ({"parts": 1},)
    assert outcome.message.task_id == "t-1"


async def test_a_model_is_read_from_the_data_part_that_fits_and_given_back_as_one() -> None:
    message = Message.user("please", data=[{"unrelated": True}, {"drug": "x", "milligrams": 5}])

    outcome = await collect(FunctionAgent(double), message, context())

    assert outcome.message is not None
    assert outcome.message.data == ({"drug": "x", "milligrams": 10},)


@pytest.mark.parametrize("data", [[], [{"drug": "Jane-drug", "milligrams": "Jane-much"}]])
async def test_data_that_does_not_fit_is_asked_for_without_repeating_it(data: list[JsonObject]) -> None:
    outcome = await collect(FunctionAgent(double), Message.user("x", data=data), context())

    assert outcome.state is TaskState.INPUT_REQUIRED
    assert "drug, milligrams" in outcome.text
    assert "Jane" not in outcome.text


async def test_the_context_is_given_to_whoever_asks_for_it() -> None:
    assert (await collect(FunctionAgent(place), Message.user("x"), context())).text == "x in c-1"


async def test_a_sync_function_runs_beside_the_loop() -> None:
    threads: list[int] = []

    def where(text: str) -> str:
        threads.append(threading.get_ident())
        return text

    await collect(FunctionAgent(where), Message.user("x"), context())

    assert threads != [threading.get_ident()]


async def test_a_callable_object_is_a_function_too() -> None:
    class Greeter:
        async def __call__(self, text: str) -> str:
            return f"Hello {text}"

    agent = FunctionAgent(Greeter(), name="greeter")

    assert (await collect(agent, Message.user("you"), context())).text == "Hello you"


async def test_a_function_may_ask_or_fail() -> None:
    async def ask(text: str) -> str:
        raise InputRequired("Which one?")

    async def fail(text: str) -> str:
        raise StorageError("Full.")

    async def lie(text: str) -> str:
        return cast("str", 5)

    asked = await collect(FunctionAgent(ask), Message.user("x"), context())
    failed = await collect(FunctionAgent(fail), Message.user("x"), context())
    lied = await collect(FunctionAgent(lie), Message.user("x"), context())

    assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "Which one?")
    assert (failed.state, failed.text) == (TaskState.FAILED, "Full.")
    assert "returned int" in lied.text


def nothing() -> str:
    return ""


def number(value: int) -> str:
    return str(value)


def bare(value: str) -> str:
    return value


bare.__annotations__ = {"return": "str"}


def unknown(text: str) -> str:
    return text


unknown.__annotations__ = {"text": "Missing"}


def two(text: str, other: str) -> str:
    return text + other


def three(text: str, context: RunContext, third: int) -> str:
    return f"{text} {context} {third}"


def gives_number(text: str) -> int:
    return len(text)


async def stream(text: str) -> AsyncGenerator[str]:
    yield text


def keyword(text: str, *, other: str) -> str:
    return text + other


@pytest.mark.parametrize("function", [nothing, number, bare, unknown, two, three, gives_number, stream, keyword])
def test_an_unsupported_signature_is_refused_with_the_field(function: Callable[..., str]) -> None:
    with pytest.raises(SpecError) as refused:
        FunctionAgent(function)

    assert refused.value.field.startswith(function.__name__)


def test_optional_arguments_are_left_to_the_function() -> None:
    def greet(text: str, greeting: str = "Hello", *rest: str, **more: str) -> str:
        return f"{greeting} {text}"

    assert FunctionAgent(greet).name == "greet"


class Report(BaseModel):
    summary: str
    doses: int = 1


async def summarise(dose: Dose, context: RunContext) -> Report:
    """Summarise a dose."""
    return Report(summary=f"{dose.drug} for {context.context_id}")


async def test_types_are_known_on_both_ends() -> None:
    agent = FunctionAgent(summarise)
    assert_type(agent, FunctionAgent[Dose, Report])
    assert_type(FunctionAgent(double), FunctionAgent[Dose, Dose])
    assert_type(FunctionAgent(shout), FunctionAgent[str, str])
    assert_type(FunctionAgent(count), FunctionAgent[Message, JsonObject])

    outcome = await collect(agent, agent.message_of(Dose(drug="x", milligrams=5)), context())

    assert outcome.message is not None
    report = agent.result_of(outcome.message)
    assert_type(report, Report)
    assert report == Report(summary="x for c-1")


async def test_texts_messages_and_objects_go_there_and_back() -> None:
    text, whole = FunctionAgent(shout), FunctionAgent(count)

    said = await collect(text, text.message_of("hello"), context())
    message = Message.user("x")
    counted = await collect(whole, whole.message_of(message), context())

    assert said.message is not None
    assert counted.message is not None
    assert text.result_of(said.message) == "HELLO"
    assert whole.message_of(message) is message
    assert whole.result_of(counted.message) == {"parts": 1}


def test_the_skill_tells_what_goes_in_and_out() -> None:
    agent = FunctionAgent(summarise)
    (skill,) = agent.skills

    assert skill.description == (
        "Summarise a dose.\n"
        "Takes a data part with: drug (string), milligrams (integer).\n"
        "Gives a data part with: summary (string), doses (integer, optional)."
    )
    assert (skill.input_modes, skill.output_modes) == (("application/json",), ("application/json",))
    assert agent.input_schema == Dose.model_json_schema()
    assert agent.output_schema == Report.model_json_schema()
    assert FunctionAgent(shout).skills[0].input_modes == ("text/plain",)
    assert FunctionAgent(shout).input_schema is None


async def test_what_does_not_fit_the_promise_fails_without_the_values() -> None:
    async def lies(dose: Dose) -> Report:
        return cast("Report", {"summary": 5, "doses": "Jane"})

    async def fits(dose: Dose) -> Report:
        return cast("Report", {"summary": "ok"})

    async def no_json(dose: Dose) -> JsonObject:
        return cast("JsonObject", {"when": object()})

    message = Message.user(data=[{"drug": "x", "milligrams": 5}])
    lied = await collect(FunctionAgent(lies), message, context())
    fitted = await collect(FunctionAgent(fits), message, context())
    odd = await collect(FunctionAgent(no_json), message, context())

    assert (lied.state, (lied.metadata or {})["error"]) == (TaskState.FAILED, "EngineError")
    assert "promised Report: summary (string_type), doses (int_parsing)" in lied.text
    assert "Jane" not in lied.text
    assert fitted.message is not None
    assert fitted.message.data == ({"summary": "ok", "doses": 1},)
    assert "no JSON" in odd.text


async def test_usage_in_a_message_becomes_usage_of_the_turn() -> None:
    async def charge(text: str) -> Message:
        used = Usage(credits=2.5).json()
        return Message.agent(text).model_copy(update={"metadata": {"agentkit.usage": used, "mine": 1}})

    outcome = await collect(FunctionAgent(charge), Message.user("x"), context())

    assert Usage.of(outcome.metadata) == Usage(credits=2.5)
    assert outcome.message is not None
    assert outcome.message.metadata == {"mine": 1}


async def test_credentials_reach_only_the_function_that_names_them() -> None:
    """A2A-CMP-04."""
    seen: dict[str, list[str]] = {}

    async def reads(text: str, context: RunContext) -> str:
        seen["reads"] = list(context.credentials)
        return text

    async def other(text: str, context: RunContext) -> str:
        seen["other"] = list(context.credentials)
        return text

    chain = Sequential("s", [FunctionAgent(reads, credentials=(" ehr ",)), FunctionAgent(other)])
    given = replace(context("s"), credentials=Credentials([Token("ehr", "a"), Token("x", "b")]))
    await collect(chain, Message.user("x"), given)

    assert seen == {"reads": ["ehr"], "other": []}


async def test_what_was_sent_can_be_looked_up() -> None:
    async def send(dose: Dose) -> Report:
        return Report(summary="sent")

    async def find(dose: Dose) -> Report | None:
        return Report(summary="found") if dose.drug == "x" else None

    agent = FunctionAgent(send, effect="lookup", look_up=find)
    known = Message.user(data=[{"drug": "x", "milligrams": 5}])
    found = await agent.look_up(known, context())
    again = await agent.look_up(known, context())

    assert found is not None
    assert found == again
    assert found.message is not None
    assert agent.result_of(found.message) == Report(summary="found")
    assert await agent.look_up(Message.user(data=[{"drug": "y", "milligrams": 5}]), context()) is None
    assert await FunctionAgent(send).look_up(known, context()) is None


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"effect": "maybe"}, "effect"),
        ({"effect": "lookup"}, "look_up"),
        ({"look_up": shout}, "look_up"),
        ({"credentials": "ehr"}, "credentials"),
        ({"credentials": [" "]}, "credentials"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(SpecError, match=rf"FunctionAgent\.{field}"):
        FunctionAgent(shout, **options)

"""Functions as agents: what they may take and give."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable

import pytest
from pydantic import BaseModel

from agentkit.compose import FunctionAgent, RunContext, collect
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

    async def lie(text: str) -> object:
        return 5

    asked = await collect(FunctionAgent(ask), Message.user("x"), context())
    failed = await collect(FunctionAgent(fail), Message.user("x"), context())
    lied = await collect(FunctionAgent(lie), Message.user("x"), context())  # pyright: ignore[reportArgumentType]

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

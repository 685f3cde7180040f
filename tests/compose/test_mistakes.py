"""What an author of agents gets wrong is said where it is written, with what to write in its place."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

import pytest
from pydantic import BaseModel

from agentkit.a2a import ApiKeyAuth, BearerAuth, HostedAgent
from agentkit.a2a.standalone import agent_app
from agentkit.compose import (
    ExpertAgent,
    Fallback,
    FunctionAgent,
    Loop,
    Parallel,
    Router,
    RunContext,
    Sequential,
    Timeout,
    workflow,
)
from agentkit.engine import InlineEngine
from agentkit.errors import SpecError
from agentkit.models import Message
from tests.compose.agents import Leaf
from tests.compose.recording import Talk

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8702"


def triage(text: str) -> str:
    return text


function = cast("Any", triage)
untyped = cast("Any", FunctionType(triage.__code__, {}, "untyped"))
alone = cast("Any", Leaf("leaf"))


class Person(BaseModel):
    phone: str
    language: str = "en"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Sequential("s", [Leaf("a"), function]), "Sequential.agents[1]: is a function. Wrap it: FunctionAgent"),
        (lambda: Parallel("p", [function]), "Parallel.agents[0]: is a function. Wrap it: FunctionAgent(triage)."),
        (lambda: Router("r", [function]), "Router.agents[0]: is a function"),
        (lambda: Fallback("f", [function]), "Fallback.agents[0]: is a function"),
        (lambda: Loop("l", function, until=lambda _: True, at_most=1), "Loop.agents[0]: is a function"),
        (lambda: Timeout(function, seconds=1), "Timeout.agent: is a function"),
        (
            lambda: Sequential("s", cast("Any", [Leaf])),
            "Sequential.agents[0]: is the class Leaf. Give an object of it.",
        ),
        (lambda: Sequential("s", cast("Any", ["ehr-lookup"])), "Sequential.agents[0]: is a str, and no agent. Give"),
        (lambda: Sequential("s", alone), "Sequential.agents: is one agent. Write [leaf]."),
        (lambda: Parallel("p", cast("Any", "ab")), "Parallel.agents: is a str; it must be a list"),
        (lambda: workflow("w", agents=[function])(echo), "workflow.agents[0]: is a function. Wrap it"),
        (lambda: workflow("w", agents=alone)(echo), "workflow.agents: is one agent"),
        (lambda: workflow(cast("Any", echo)), 'workflow: is used without a name. Write @workflow("echo").'),
        (lambda: agent_app(function, url=URL), "agents[0]: is a function. Wrap it: FunctionAgent(triage)."),
        (lambda: agent_app([HostedAgent(function)], url=URL), "agents[0]: is a function"),
        (
            lambda: ExpertAgent(cast("Any", "ehr-lookup")),
            'ExpertAgent.expert: is a str. Give load_expert("ehr-lookup")',
        ),
        (lambda: ExpertAgent(function), "ExpertAgent.expert: is a function. Give an Expert."),
        (
            lambda: misspelled(FunctionAgent, triage),
            "FunctionAgent.efect: is not known. Known: credentials, description,",
        ),
        (
            lambda: BearerAuth(cast("Any", "sekret")),
            'BearerAuth.tokens: is a str; it must name who holds what: {"clinic":',
        ),
        (
            lambda: ApiKeyAuth(cast("Any", ["sekret"])),
            'ApiKeyAuth.keys: is a list; it must name who holds what: {"clinic":',
        ),
        (lambda: BearerAuth({}), "BearerAuth.tokens: needs at least one"),
        (lambda: BearerAuth({"a": "same", "b": "same"}), "BearerAuth.tokens: two holders have the same secret"),
        (lambda: FunctionAgent(untyped), "text: has no annotation. Take one argument annotated"),
    ],
)
def test_the_error_names_the_place_and_what_to_write(make: Callable[[], object], says: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert says in str(caught.value)
    assert "sekret" not in str(caught.value)


async def echo(ctx: RunContext, message: Message) -> Message:
    return message


def misspelled(kind: Callable[..., object], of: object) -> object:
    return kind(of, efect="idempotent")


@workflow("doubtful", durable=False)
async def doubtful(ctx: RunContext, message: Message) -> Message:
    return await ctx.call(function, message)


async def test_a_function_that_is_called_as_an_agent_is_named() -> None:
    answer = await Talk(doubtful, InlineEngine()).say("x")
    assert "is a function. Wrap it: FunctionAgent(triage)." in answer.text


@workflow("intake", durable=False)
async def intake(ctx: RunContext, message: Message) -> str:
    return (await ctx.ask("How can you be reached?", model=Person)).phone


async def test_who_answers_a_form_with_words_is_told_what_the_form_needs() -> None:
    talk = Talk(intake, InlineEngine())
    await talk.say("x")
    again = await talk.say("call me at home")
    assert again.text.startswith("The answer does not fit: data, or JSON, with phone is needed.")
    assert "at home" not in again.text
    assert (await talk.say('{"phone": "1"}')).text == "1"

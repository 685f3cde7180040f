"""What a model may decide, and what becomes of a decision that does not fit."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from agentkit.errors import ModelOutputInvalid
from agentkit.models import JsonObject, Role, TokenUsage
from agentkit.reasoning import (
    Answer,
    Ask,
    CallTool,
    Candidate,
    Decline,
    Delegate,
    DelegateTogether,
    Delegation,
    Observation,
    Situation,
    Tool,
    Utterance,
    counting,
)
from agentkit.reasoning.llm import LlmReasoner
from tests.deadline import HANG
from tests.reasoning.llm.conftest import Endpoint, calls, text

pytestmark = pytest.mark.anyio

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"loan": {"type": "string", "pattern": "^L-[0-9]+$"}, "weeks": {"type": "integer", "maximum": 8}},
    "required": ["loan"],
    "additionalProperties": False,
}
RENEW = Tool("renew.loan", "Renew a loan.", SCHEMA)
FIND = Tool("find loan", "Find a loan.", {"type": "object", "properties": {}}, read_only=True)
LIBRARY = Candidate("library", "Knows the loans.")
KITCHEN = Candidate("kitchen", "Knows the recipes.")
AT_DESK = Situation("Renew L-7", tools=(RENEW, FIND))
CHIEF = Situation("Renew L-7 and find soup", experts=(LIBRARY, KITCHEN))


@pytest.mark.parametrize(
    ("called", "given", "act"),
    [
        ("answer", {"text": "Done."}, Answer("Done.")),
        ("ask", {"question": "Which?", "missing": ["loan"]}, Ask("Which?", ("loan",))),
        ("ask", {"question": "Which?"}, Ask("Which?")),
        ("decline", {"text": "I cannot."}, Decline("I cannot.")),
    ],
)
async def test_a_model_answers_asks_or_declines(
    reasoner: LlmReasoner, endpoint: Endpoint, called: str, given: JsonObject, act: Answer | Ask | Decline
) -> None:
    endpoint.says(calls((called, given)))
    assert await reasoner.decide(AT_DESK) == act


async def test_a_model_calls_a_tool_under_a_name_that_endpoints_take(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    endpoint.says(calls(("call_renew_loan", {"loan": "L-7", "weeks": 2})))
    act = await reasoner.decide(AT_DESK)
    assert isinstance(act, CallTool)
    assert (act.tool, act.arguments) == ("renew.loan", {"loan": "L-7", "weeks": 2})
    functions = endpoint.functions()
    assert functions["call_renew_loan"]["parameters"] == SCHEMA
    assert "only when the user asked for that" in functions["call_renew_loan"]["description"]
    assert "only when" not in functions["call_find_loan"]["description"]


async def test_two_tools_whose_names_look_alike_stay_apart(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    one, other = Tool("find.loan", "One.", {}), Tool("find loan", "Other.", {})
    endpoint.says(calls(("call_find_loan_2", {})))
    act = await reasoner.decide(Situation("x", tools=(one, other)))
    assert isinstance(act, CallTool)
    assert act.tool == "find loan"


async def test_a_model_delegates_to_one_or_to_several(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    pieces = [{"expert": "library", "text": "Renew L-7"}, {"expert": "kitchen", "text": "Find soup"}]
    endpoint.says(calls(("delegate", pieces[0])), calls(("delegate_together", {"pieces": pieces})))
    one = await reasoner.decide(CHIEF)
    assert isinstance(one, Delegate)
    assert (one.expert, one.text) == ("library", "Renew L-7")
    both = await reasoner.decide(CHIEF)
    assert isinstance(both, DelegateTogether)
    assert [(each.expert, each.text) for each in both.delegations] == [
        ("library", "Renew L-7"),
        ("kitchen", "Find soup"),
    ]


async def test_without_experts_nothing_can_be_delegated(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    endpoint.says(calls(("answer", {"text": "x"})), calls(("answer", {"text": "x"})))
    await reasoner.decide(AT_DESK)
    assert endpoint.functions().keys() == {"answer", "ask", "decline", "call_renew_loan", "call_find_loan"}
    await reasoner.decide(Situation("x", experts=(LIBRARY,)))
    assert "delegate_together" not in endpoint.functions()


@pytest.mark.parametrize(
    "wrong",
    [
        ("call_burn_books", {}),
        ("delegate", {"expert": "library", "text": "x"}),
        ("call_renew_loan", {"loan": "seven"}),
        ("call_renew_loan", {}),
        ("call_renew_loan", {"loan": "L-7", "weeks": 9}),
        ("call_renew_loan", {"loan": "L-7", "force": True}),
        ("call_renew_loan", "{not json"),
        ("call_renew_loan", '["L-7"]'),
        ("call_renew_loan", '{"loan": "L-7", "weeks": NaN}'),
        ("call_renew_loan", '{"loan": "L-7", "weeks": 1e999}'),
        ("answer", {"text": ""}),
        ("answer", {"text": "x" * 20_001}),
        ("answer", {"text": "x" * 70_000}),
    ],
)
async def test_what_does_not_fit_is_told_to_the_model_which_may_mend_it(
    reasoner: LlmReasoner, endpoint: Endpoint, wrong: tuple[str, Any]
) -> None:
    endpoint.says(calls(wrong), calls(("call_renew_loan", {"loan": "L-7"})))
    act = await reasoner.decide(AT_DESK)
    assert isinstance(act, CallTool)
    assert act.arguments == {"loan": "L-7"}
    assert endpoint.message().startswith("Not accepted.")


async def test_an_expert_that_does_not_exist_cannot_be_chosen(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    pieces = [{"expert": "library", "text": "x"}, {"expert": "surgery", "text": "y"}]
    endpoint.says(*[calls(("delegate", {"expert": "surgery", "text": "x"}))] * 2)
    endpoint.says(calls(("delegate_together", {"pieces": pieces})))
    with pytest.raises(ModelOutputInvalid):
        await reasoner.decide(CHIEF)
    assert "expert: not what its schema allows" in endpoint.message(1)


async def test_a_model_that_never_decides_is_given_up_after_a_few_times(
    reasoner: LlmReasoner, endpoint: Endpoint
) -> None:
    endpoint.says(text("I would look for Priya Raman."), calls(), text("Priya Raman, as I said."))
    with pytest.raises(ModelOutputInvalid) as told:
        await reasoner.decide(AT_DESK)
    assert len(endpoint.bodies) == 3
    assert "Priya" not in str(told.value)


async def test_of_several_calls_the_first_is_carried_out(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    endpoint.says(calls(("call_find_loan", {}), ("answer", {"text": "Renewed."})))
    act = await reasoner.decide(AT_DESK)
    assert isinstance(act, CallTool)
    assert act.tool == "find loan"


async def test_each_of_several_calls_that_do_not_fit_gets_an_answer(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    """The endpoint of the tests refuses a conversation in which one has none."""
    endpoint.says(calls(("nothing", {}), ("at_all", {})), calls(("answer", {"text": "x"})))
    assert await reasoner.decide(AT_DESK) == Answer("x")


async def test_an_answer_carries_the_results_it_rests_on(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    seen = (
        Observation("find loan", {}, data={"old": 1}, current=False),
        Observation("find loan", {}, data={"failed": 1}, failed=True),
        Observation("find loan", {}, data={"loan": "L-7"}),
    )
    endpoint.says(calls(("answer", {"text": "L-7"})), calls(("answer", {"text": "both"})))
    act = await reasoner.decide(Situation("x", tools=(FIND,), observations=seen))
    assert act == Answer("L-7", ({"loan": "L-7"},))
    done = (Delegation("library", "L-7", ({"a": 1},)), Delegation("kitchen", "soup", ({"b": 2},)))
    act = await reasoner.decide(Situation("x", experts=(LIBRARY, KITCHEN), delegations=done))
    assert act == Answer("both", ({"a": 1}, {"b": 2}))


async def test_what_the_model_used_is_counted_also_for_decisions_that_did_not_fit(
    reasoner: LlmReasoner, endpoint: Endpoint
) -> None:
    endpoint.says(text("no"), calls(("answer", {"text": "x"})))
    with counting() as counted:
        await reasoner.decide(AT_DESK)
    assert counted.times == 2
    assert counted.total == TokenUsage(input_tokens=240, output_tokens=14, total_tokens=254, model="small-2026")


async def test_a_slow_endpoint_can_be_cancelled(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    endpoint.hold = asyncio.Event()
    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            group.start_soon(reasoner.decide, AT_DESK)
            await endpoint.asked.wait()
            group.cancel_scope.cancel()


async def test_history_goes_before_the_message_in_the_roles_it_was_said_in(
    reasoner: LlmReasoner, endpoint: Endpoint
) -> None:
    history = (Utterance(Role.USER, "Which loans?"), Utterance(Role.AGENT, "L-7 and L-8.", "library"))
    endpoint.says(calls(("answer", {"text": "x"})))
    await reasoner.decide(Situation("Renew the first", instructions="Be kind.", history=history, tools=(RENEW,)))
    messages = endpoint.bodies[0]["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert "Be kind." in messages[0]["content"]
    assert messages[2]["content"] == "L-7 and L-8."
    assert messages[3]["content"] == "Renew the first"

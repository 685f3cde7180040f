"""Who gets a message: by rules, functions, skills and reasoners; and nobody else while somebody waits."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from agentkit.compose import Outcome, Parallel, Router, Rule, RunContext, Sequential, collect
from agentkit.errors import SpecError
from agentkit.models import AgentSkill, Event, File, Message, Part, Role, TaskState
from agentkit.reasoning import Answer, Ask, CallTool, Decline, Delegate, RuleReasoner, ScriptedReasoner
from tests.compose.agents import Leaf, Spender, context, resumed

pytestmark = pytest.mark.anyio


class Clerk(Leaf):
    """A leaf with a card of its own."""

    def __init__(self, name: str, description: str, *tags: str, examples: tuple[str, ...] = (), kind: str = "answer"):
        super().__init__(name, kind)
        self.description = description
        self._skill = AgentSkill(id=name, name=name, description=description, tags=tags, examples=examples)

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        return (self._skill,)


def clerks(kind: str = "answer") -> list[Clerk]:
    return [
        Clerk("billing", "Answers questions about invoices.", "invoice", "payment", kind=kind),
        Clerk("lab", "Explains laboratory reports.", "laboratory", examples=("What does a high potassium mean?",)),
    ]


def route(outcome: Outcome, path: str = "desk") -> object:
    routes = (outcome.metadata or {})["agentkit.route"]
    assert isinstance(routes, dict)
    return routes[path]


async def ask(router: Router, text: str, **more: object) -> Outcome:
    return await collect(router, Message.user(text), context("desk"))


async def test_the_first_rule_that_holds_decides() -> None:
    rules = [
        Rule("billing", words=["invoice", "to pay"]),
        Rule("lab", pattern=r"\bpotassium\b"),
        Rule("lab", words=["pay"]),
    ]
    router = Router("desk", clerks(), by=rules)

    outcome = await ask(router, "What do I have TO PAY?")

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "billing(What do I have TO PAY?)")
    assert route(outcome) == {"agent": "billing", "by": "rule", "why": "rule 1 of 3"}
    assert (await ask(router, "Potassium?")).text == "lab(Potassium?)"


@pytest.mark.parametrize(
    ("rule", "part", "holds"),
    [
        (Rule("lab", fields=["code", "value"]), Part(data={"code": "1", "value": 2, "unit": "x"}), True),
        (Rule("lab", fields=["code", "value"]), Part(data={"code": "1"}), False),
        (Rule("lab", fields=["code"]), Part(data=["code"]), False),
        (Rule("lab", values={"kind": "lab"}), Part(data={"kind": "lab"}), True),
        (Rule("lab", values={"kind": "lab"}), Part(data={"kind": "bill"}), False),
        (Rule("lab", values={"kind": None}), Part(data={}), False),
        (Rule("lab", media_types=["image/*"]), Part(file=File(uri="x", media_type="image/png")), True),
        (Rule("lab", media_types=["image/*"]), Part(file=File(uri="x", media_type="application/pdf")), False),
        (Rule("lab", media_types=["text/csv"]), Part(text="a,b", media_type="text/csv"), True),
        (Rule("lab", words=["pay"]), Part(text="payment"), False),
        (Rule("lab", when=lambda message: len(message.parts) == 1), Part(text="x"), True),
        (Rule("lab", words=["x"], fields=["y"]), Part(text="x"), False),
    ],
)
async def test_a_rule_holds_when_everything_it_says_does(rule: Rule, part: Part, *, holds: bool) -> None:
    outcome = await collect(
        Router("desk", clerks(), by=[rule], default="billing"), Message(role=Role.USER, parts=(part,)), context("desk")
    )

    assert outcome.text.startswith("lab(" if holds else "billing(")
    assert route(outcome) == {
        "agent": "lab" if holds else "billing",
        "by": "rule" if holds else "default",
        "why": "rule 1 of 1" if holds else "none of 1 rules",
    }


async def test_a_function_decides_sync_or_async() -> None:
    async def slow(message: Message) -> str | None:
        return "lab" if "x" in message.text else None

    def wrong(message: Message) -> str:
        return "nobody"

    assert (await ask(Router("desk", clerks(), by=lambda _: "billing"), "x")).text == "billing(x)"
    assert (await ask(Router("desk", clerks(), by=slow), "x")).text == "lab(x)"
    assert (await ask(Router("desk", clerks(), by=slow), "y")).state is TaskState.INPUT_REQUIRED
    failed = await ask(Router("desk", clerks(), by=wrong), "x")
    assert (failed.state, failed.text) == (
        TaskState.FAILED,
        "The router desk was to choose an agent that it does not have. It has billing, lab.",
    )


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("Please explain my laboratory report", "lab"),
        ("the invoices of May", "billing"),
        ("Is a high potassium dangerous?", "lab"),
        ("Is the payment due?", "billing"),
    ],
)
async def test_without_anything_else_the_card_that_fits_best_decides(text: str, agent: str) -> None:
    router = Router("desk", clerks())

    outcomes = [await ask(router, text) for _ in range(3)]

    assert {outcome.text for outcome in outcomes} == {f"{agent}({text})"}
    assert len({str(route(outcome)) for outcome in outcomes}) == 1


@pytest.mark.parametrize(("text", "why"), [("Good morning", "no agent fits"), ("invoice laboratory", "2 agents fit")])
async def test_where_nobody_or_several_fit_the_caller_is_asked_or_the_default_gets_it(text: str, why: str) -> None:
    asked = await ask(Router("desk", clerks()), text)

    assert asked.state is TaskState.INPUT_REQUIRED
    assert "- billing: Answers questions about invoices." in asked.text
    assert why in str(route(asked))
    given = await ask(Router("desk", clerks(), default="lab"), text)
    assert given.text == f"lab({text})"
    assert why in str(route(given))


async def test_the_name_of_an_agent_is_answer_enough_and_it_hears_all_that_was_said() -> None:
    agents = clerks()
    router = Router("desk", agents)
    asked = await ask(router, "Good morning")

    named = await collect(router, Message.user("Lab"), resumed(asked, "desk"))
    again = await collect(router, Message.user("hm"), resumed(asked, "desk"))
    said_more = await collect(router, Message.user("It is about an invoice"), resumed(again, "desk"))

    assert (named.state, [part.text for part in agents[1].heard[0].parts]) == (
        TaskState.COMPLETED,
        ["Good morning", "Lab"],
    )
    assert again.state is TaskState.INPUT_REQUIRED
    assert said_more.state is TaskState.COMPLETED
    assert [part.text for part in agents[0].heard[0].parts] == ["Good morning", "hm", "It is about an invoice"]


async def test_what_metadata_says_of_a_choice_holds_nothing_of_the_message() -> None:
    reasoner = ScriptedReasoner([Delegate("lab", "look up Jane", "because of Jane")])
    for router in (Router("desk", clerks()), Router("desk", clerks(), by=reasoner)):
        outcome = await ask(router, "The laboratory report of Jane")
        assert "Jane" not in str(outcome.metadata)


async def test_a_reasoner_delegates_asks_declines_or_answers() -> None:
    reasoner = ScriptedReasoner(
        [Delegate("lab", "a piece"), Ask("Whose?"), Decline("Not here."), Answer("42", ({"n": 42},)), CallTool("x", {})]
    )
    router = Router("desk", clerks(), by=reasoner, default="billing")

    outcomes = [await ask(router, "x") for _ in range(5)]

    assert [outcome.state.value for outcome in outcomes] == [
        "completed",
        "input-required",
        "rejected",
        "completed",
        "failed",
    ]
    assert [outcome.text for outcome in outcomes[:4]] == ["lab(x)", "Whose?", "Not here.", "42"]
    assert outcomes[3].message is not None
    assert outcomes[3].message.data == ({"n": 42},)
    assert "decided CallTool" in outcomes[4].text
    assert [one.name for one in reasoner.situations[0].experts] == ["billing", "lab"]


async def test_the_rules_without_a_model_can_route() -> None:
    outcome = await ask(Router("desk", clerks(), by=RuleReasoner()), "Explain the laboratory report")

    assert outcome.text == "lab(Explain the laboratory report)"


async def test_an_agent_that_waits_gets_the_answer_whatever_it_says() -> None:
    """A2A-CMP-02."""
    agents = clerks("ask2")
    router = Router("desk", agents)
    asked = await ask(router, "An invoice")
    assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "billing?")
    assert (asked.metadata or {})["agentkit.agent"] == "desk/billing"

    again = await collect(router, Message.user("laboratory"), resumed(asked, "desk"))
    answered = await collect(router, Message.user("lab"), resumed(again, "desk"))

    assert again.text == "billing?"
    assert (answered.state, answered.text) == (TaskState.COMPLETED, "billing(lab)")
    assert agents[1].heard == []
    assert agents[0].resumed == [False, True, True]


async def test_a_router_that_was_changed_meanwhile_is_not_misread() -> None:
    asked = await ask(Router("desk", clerks("ask")), "An invoice")

    outcome = await collect(Router("desk", clerks()[1:]), Message.user("yes"), resumed(asked, "desk"))

    assert outcome.state is TaskState.FAILED
    assert "changed while this task waited" in outcome.text


async def test_nested_routers_each_say_whom_they_chose_and_usage_comes_up() -> None:
    inner = Router("inner", [Spender("a", credits=2.0), Leaf("b")], by=lambda _: "a")
    outer = Router("desk", [inner, Leaf("c")], by=[Rule("inner", words=["x"])])

    outcome = await ask(outer, "x")

    assert route(outcome) == {"agent": "inner", "by": "rule", "why": "rule 1 of 1"}
    assert route(outcome, "desk/inner") == {"agent": "a", "by": "function"}
    assert (outcome.metadata or {})["agentkit.usage"] == {
        "credits": 2.0,
        "inputTokens": 0,
        "outputTokens": 0,
        "seconds": 0.0,
    }


async def test_a_failure_of_the_chosen_agent_comes_up_with_its_name() -> None:
    class Broken(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            raise RuntimeError("Jane")
            yield message

    outcome = await ask(Router("desk", [Broken("a")], by=lambda _: "a"), "x")

    assert outcome.state is TaskState.FAILED
    assert outcome.text.startswith("a: The agent failed")
    assert route(outcome) == {"agent": "a", "by": "function"}


async def test_routers_work_inside_other_combinations() -> None:
    chain = Sequential("chain", [Parallel("both", [Router("desk", clerks("ask")), Leaf("z")]), Leaf("end")])
    asked = await collect(chain, Message.user("invoice"), context("chain"))
    assert (asked.metadata or {})["agentkit.agent"] == "chain/both/desk/billing"

    outcome = await collect(chain, Message.user("lab"), resumed(asked, "chain"))

    assert outcome.text == "end(desk: billing(lab)\nz: z(invoice))"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"default": "nobody"}, "Router.default"),
        ({"by": [Rule("nobody", words=["x"])]}, r"Router.by\[0\].to"),
        ({"by": []}, "Router.by"),
        ({"by": ["x"]}, "Router.by"),
        ({"by": 5}, "Router.by"),
        ({"by": RuleReasoner}, "Router.by"),
    ],
)
def test_what_could_never_work_is_refused(more: dict[str, object], field: str) -> None:
    with pytest.raises(SpecError, match=field):
        Router("desk", clerks(), **more)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("said", [{}, {"pattern": "("}, {"words": "invoice"}, {"fields": "code"}])
def test_a_rule_that_says_nothing_or_nonsense_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(SpecError, match="Rule"):
        Rule("lab", **said)  # pyright: ignore[reportArgumentType]

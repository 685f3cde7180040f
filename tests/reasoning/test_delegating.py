"""Pieces of a message: at once where none needs another, else in order; and whom to ask instead."""

from __future__ import annotations

import pytest

from agentkit.models import JsonObject
from agentkit.reasoning import (
    Act,
    Answer,
    Ask,
    Candidate,
    Decline,
    Delegate,
    DelegateTogether,
    Delegation,
    RuleReasoner,
    Situation,
    Tool,
)

pytestmark = pytest.mark.anyio


def searching(name: str, description: str, parameter: str) -> Tool:
    schema: JsonObject = {
        "type": "object",
        "properties": {parameter: {"type": "string", "description": f"Words of the {parameter}."}},
        "required": [parameter],
    }
    return Tool(name, description, schema, read_only=True)


LIBRARY = Candidate(
    "library", "Knows the books of the house.", (searching("find_books", "Find books on the shelves.", "title"),)
)
KITCHEN = Candidate(
    "kitchen", "Knows the recipes of the house.", (searching("find_recipes", "Find recipes for soups.", "dish"),)
)
GARDEN = Candidate(
    "garden", "Knows the plants.", (searching("find_plants", "Find plants, and books on plants.", "plant"),)
)


async def decided(text: str, *done: Delegation, experts: tuple[Candidate, ...] = (LIBRARY, KITCHEN)) -> Act:
    return await RuleReasoner().decide(Situation(text, experts=experts, delegations=done))


async def test_independent_pieces_are_given_out_at_once() -> None:
    act = await decided('Find books on "ferns" and find recipes for "leek soup"')
    assert isinstance(act, DelegateTogether)
    assert [(one.expert, one.text) for one in act.delegations] == [
        ("library", 'Find books on "ferns"'),
        ("kitchen", 'find recipes for "leek soup"'),
    ]


async def test_a_piece_that_speaks_of_another_one_waits_for_it() -> None:
    text = 'Find books on "leeks" and then find recipes that use them'
    act = await decided(text)
    assert isinstance(act, Delegate)
    assert act.expert == "library"
    act = await decided(text, Delegation("library", "All about leeks"))
    assert isinstance(act, Delegate)
    assert act.expert == "kitchen"


async def test_what_all_of_them_found_is_told_together() -> None:
    done = (Delegation("library", "A book", ({"n": 1},)), Delegation("kitchen", "A soup", ({"n": 2},)))
    act = await decided('Find books on "ferns" and find recipes for "leek soup"', *done)
    assert isinstance(act, Answer)
    assert act.text == "A book\n\nA soup"
    assert act.data == ({"n": 1}, {"n": 2})


async def test_a_sentence_that_only_states_something_is_no_piece_of_its_own() -> None:
    act = await decided('My soup is on the stove. Can you find books on "ferns"?')
    assert isinstance(act, Delegate)
    assert act.expert == "library"
    assert act.text == 'My soup is on the stove. Can you find books on "ferns"?'


async def test_when_one_declines_the_next_best_is_asked() -> None:
    text = "Find books on plants"
    experts = (LIBRARY, GARDEN)
    first = await decided(text, experts=experts)
    assert isinstance(first, Delegate)
    second = await decided(text, Delegation(first.expert, "No.", declined=True), experts=experts)
    assert isinstance(second, Delegate)
    assert second.expert != first.expert
    answer = await decided(
        text,
        Delegation(first.expert, "No.", declined=True),
        Delegation(second.expert, "A fern."),
        experts=experts,
    )
    assert isinstance(answer, Answer)
    assert answer.text == "A fern."


async def test_when_nobody_can_it_is_said_after_a_few() -> None:
    done = [Delegation(name, "No.", declined=True) for name in ("library", "garden", "kitchen")]
    act = await decided('Find books on "ferns"', *done, experts=(LIBRARY, GARDEN, KITCHEN))
    assert isinstance(act, Decline)


async def test_a_question_of_one_of_them_ends_the_turn() -> None:
    act = await decided('Find books on "ferns"', Delegation("library", "Which ones?", asks=True))
    assert act == Ask("Which ones?")


@pytest.mark.parametrize(
    "description",
    [
        "Counts words.",
        "Text tools. Counts words.",
        "Helps with texts. It is new.\nsizes: Counts the words of a text.",
    ],
)
@pytest.mark.parametrize(
    "text", ['Count the words in "no fever, no cough"', "count the words", "Count the words in x y"]
)
@pytest.mark.parametrize("others", [(), (LIBRARY, KITCHEN)])
async def test_an_expert_that_tells_no_tools_is_chosen_by_what_it_says_of_itself(
    description: str, text: str, others: tuple[Candidate, ...]
) -> None:
    """An agent elsewhere is known by its card alone: its words are no names, and none is foreign."""
    act = await decided(text, experts=(Candidate("elsewhere", description), *others))
    assert act == Delegate("elsewhere", text, "its description and tools fit best")


async def test_an_expert_that_tells_no_tools_is_not_chosen_for_what_it_does_not_say() -> None:
    act = await decided("Order a taxi for Monday", experts=(Candidate("elsewhere", "Text tools. Counts words."),))
    assert isinstance(act, Decline)

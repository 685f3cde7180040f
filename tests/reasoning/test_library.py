"""A domain the reasoner was not written for: a public library, with plain tools that know nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from agentkit.experts import Toolbox, WorkerState
from agentkit.models import Json, JsonObject
from agentkit.reasoning import Observation, Tool

if TYPE_CHECKING:
    from tests.reasoning.conftest import Expert

pytestmark = pytest.mark.anyio

MEMBERS: list[JsonObject] = [
    {"member_no": 4711, "full_name": "Maria Keller", "town": "Bern", "joined": "2015-04-01"},
    {"member_no": 4712, "full_name": "Maria Keller", "town": "Basel", "joined": "2019-09-12"},
    {"member_no": 4713, "full_name": "Jonas Weber", "town": "Bern", "joined": "2021-01-30"},
    {"member_no": 4714, "full_name": "Aiko Sato", "town": "Zug", "joined": "2022-02-02"},
]
LOANS: list[JsonObject] = [
    {"loan_no": "L-1001", "member_no": 4711, "book": "Moby Dick", "due": "2026-12-01"},
    {"loan_no": "L-1002", "member_no": 4711, "book": "Dracula", "due": "2026-12-05"},
    {"loan_no": "L-1003", "member_no": 4713, "book": "Walden", "due": "2026-12-09"},
]


def schema(required: Sequence[str] = (), **properties: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


MEMBER_NO: JsonObject = {"type": "integer", "title": "Member number", "description": "Number of a library member."}
LOAN_NO: JsonObject = {"type": "string", "title": "Loan number", "pattern": "^L-[0-9]{4}$", "description": "One loan."}
TEXT: JsonObject = {"type": "string"}

TOOLS = (
    Tool(
        "search_members",
        "Search for members of the library by name.",
        schema(query={"type": "string", "title": "Name", "description": "Name of the member, or a part of it"}),
        schema(
            hits={
                "type": "array",
                "items": schema(member_no=MEMBER_NO, full_name=TEXT, town=TEXT, joined=TEXT),
            }
        ),
        read_only=True,
    ),
    Tool(
        "list_loans",
        "List the loans of a member: which books somebody has borrowed and when they are due.",
        schema(["member_no"], member_no=MEMBER_NO),
        schema(
            loans={"type": "array", "items": schema(loan_no=LOAN_NO, member_no=MEMBER_NO, book=TEXT, due=TEXT)}
        ),
        read_only=True,
    ),
    Tool(
        "renew_loan",
        "Renew a loan by two weeks, or until a given day.",
        schema(
            ["loan_no"],
            loan_no=LOAN_NO,
            until={"type": "string", "format": "date", "description": "New last day of the loan"},
        ),
        schema(loan_no=LOAN_NO, due=TEXT),
    ),
    Tool(
        "opening_hours",
        "Opening hours of a branch.",
        schema(
            ["branch"],
            branch={"type": "string", "enum": ["main", "harbour"], "description": "Which branch of the library"},
            day={"type": "string", "description": "Day of the week", "examples": ["Monday", "Sunday"]},
        ),
        read_only=True,
    ),
    Tool(
        "search_books",
        "Search the catalogue of books by words of title or author.",
        schema(["words"], words={"type": "string", "description": "Words to search for"},
               limit={"type": "integer", "minimum": 1, "maximum": 50, "description": "Most hits to return"}),
        read_only=True,
    ),
)  # fmt: skip


@dataclass
class Library:
    """A toolbox of functions; it refuses nothing, so that a wrong argument is seen."""

    renewed: list[JsonObject] = field(default_factory=list[JsonObject])

    async def list_tools(self) -> Sequence[Tool]:
        return TOOLS

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        results: Mapping[str, Callable[[JsonObject], Json]] = {
            "search_members": self._members,
            "list_loans": lambda given: {"loans": [one for one in LOANS if one["member_no"] == given["member_no"]]},
            "renew_loan": self._renew,
            "opening_hours": lambda given: {"branch": given["branch"], "hours": "9 to 18"},
            "search_books": lambda given: {"books": [f"A book on {given['words']}"]},
        }
        return Observation(name, arguments, data=results[name](arguments))

    def _members(self, given: JsonObject) -> Json:
        wanted = str(given.get("query", "")).lower().split()
        return {"hits": [one for one in MEMBERS if all(word in str(one["full_name"]).lower() for word in wanted)]}

    def _renew(self, given: JsonObject) -> Json:
        self.renewed.append(given)
        return {"loan_no": given["loan_no"], "due": given.get("until", "2026-12-24")}


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def desk(library: Library, make_expert: Callable[[Toolbox], Expert]) -> Expert:
    return make_expert(library)


async def test_the_member_is_found_before_the_loans_are_listed(desk: Expert) -> None:
    result = await desk.says("Which books has Jonas Weber borrowed?")
    assert desk.calls == [("search_members", {"query": "Jonas Weber"}), ("list_loans", {"member_no": 4713})]
    assert "Walden" in result.text
    assert "Jonas Weber" in result.text
    assert "{" not in result.text


async def test_two_members_of_one_name_are_told_apart_by_what_differs(desk: Expert) -> None:
    result = await desk.says("List the loans of Maria Keller")
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "Basel" in result.text
    assert "2015-04-01" in result.text
    await desk.says("the one from Bern")
    assert desk.calls == [("list_loans", {"member_no": 4711})]


async def test_a_loan_is_found_over_two_steps_and_renewed(desk: Expert, library: Library) -> None:
    await desk.says("Please renew the loan of Jonas Weber until 2026-12-20")
    assert desk.called == ["search_members", "list_loans", "renew_loan"]
    assert library.renewed == [{"loan_no": "L-1003", "until": "2026-12-20"}]


async def test_a_name_that_is_not_on_the_only_loan_is_asked_about(desk: Expert, library: Library) -> None:
    asked = await desk.says('Renew the loan of "Emma" for Jonas Weber')
    assert asked.state is WorkerState.INPUT_REQUIRED
    assert "Walden" in asked.text
    assert library.renewed == []
    await desk.says("yes")
    assert library.renewed == [{"loan_no": "L-1003"}]


async def test_two_names_of_which_either_could_be_meant_are_not_guessed_between(desk: Expert, library: Library) -> None:
    asked = await desk.says("Renew Moby Dick for Maria Keller")
    assert asked.state is WorkerState.INPUT_REQUIRED
    again = await desk.says("hm")
    assert again.state is WorkerState.INPUT_REQUIRED
    assert library.renewed == []
    await desk.says("L-1001")
    assert library.renewed == [{"loan_no": "L-1001"}]


async def test_one_of_several_loans_is_renewed_only_when_it_is_clear_which(desk: Expert, library: Library) -> None:
    await desk.says("List the loans of Maria Keller")
    await desk.says("the first one")
    asked = await desk.says("Renew her loan")
    assert asked.state is WorkerState.INPUT_REQUIRED
    assert "Dracula" in asked.text
    assert library.renewed == []
    await desk.says("Moby Dick")
    assert library.renewed == [{"loan_no": "L-1001"}]


async def test_a_loan_number_is_used_as_it_is(desk: Expert, library: Library) -> None:
    result = await desk.says("Renew loan L-1002")
    assert library.renewed == [{"loan_no": "L-1002"}]
    assert "2026-12-24" in result.text


async def test_nothing_is_changed_unless_the_verb_was_said(desk: Expert, library: Library) -> None:
    await desk.says("What about loan L-1002?")
    await desk.says("loan L-1002 two weeks")
    assert library.renewed == []


async def test_an_unknown_member_is_reported(desk: Expert) -> None:
    result = await desk.says("Which loans does Zoe Zimmer have?")
    assert desk.called == ["search_members"]
    assert result.state is WorkerState.COMPLETED
    assert "Zoe Zimmer" in result.text


async def test_no_loans_are_an_answer_too(desk: Expert) -> None:
    result = await desk.says("Which loans does Aiko Sato have?")
    assert result.state is WorkerState.COMPLETED
    assert "Nothing was found" in result.text


async def test_a_missing_choice_is_asked_for_and_then_taken(desk: Expert) -> None:
    asked = await desk.says("What are the opening hours on Sunday?")
    assert asked.state is WorkerState.INPUT_REQUIRED
    assert asked.missing == ("branch",)
    assert "harbour" in asked.text
    await desk.says("the harbour branch")
    assert desk.calls == [("opening_hours", {"branch": "harbour", "day": "Sunday"})]


async def test_a_search_takes_the_words_that_are_no_request(desk: Expert) -> None:
    await desk.says('Search for books about "polar expeditions"')
    assert desk.calls == [("search_books", {"words": "polar expeditions"})]
    await desk.says("Do you have books about whaling?")
    assert desk.calls == [("search_books", {"words": "whaling"})]


@pytest.mark.parametrize("text", ["What is the weather tomorrow?", "Which medications does Anna take?", "and her?"])
async def test_what_a_library_does_not_do_is_declined(desk: Expert, text: str) -> None:
    result = await desk.says(text)
    assert result.declined
    assert "Opening hours of a branch" in result.text

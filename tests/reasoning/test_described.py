"""An argument that is an open object: another tool says what it holds, and the message gives the values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from agentkit.experts import Toolbox, WorkerState
from agentkit.models import Json, JsonObject
from agentkit.reasoning import Observation, Tool

if TYPE_CHECKING:
    from tests.reasoning.conftest import Expert

pytestmark = pytest.mark.anyio

RECIPES: dict[str, list[JsonObject]] = {
    "celadon-glaze": [
        {
            "name": "clay_weight",
            "title": "Weight of the clay",
            "kind": "quantity",
            "units": ["kg", "lb"],
            "required": True,
        },
        {"name": "water", "title": "Water", "kind": "quantity", "units": ["L"], "required": True},
        {"name": "firings", "title": "Number of firings", "kind": "integer", "low": 1, "high": 3, "required": True},
        {"name": "iron", "title": "Iron oxide", "kind": "yes-no", "required": True},
        {"name": "cobalt", "title": "Cobalt or copper", "kind": "yes-no", "required": False},
        {"name": "finish", "title": "Finish", "kind": "choice", "choices": {"matt": "matt", "gloss": "shiny"}},
        {"name": "opened", "title": "Day the kiln is opened", "kind": "date", "required": False},
    ],
    "raku-glaze": [{"name": "temperature", "title": "Temperature", "kind": "quantity", "units": ["Cel"]}],
    "raku-body": [{"name": "temperature", "title": "Temperature", "kind": "quantity", "units": ["Cel"]}],
}
RECIPE: JsonObject = {"type": "string", "title": "Recipe", "enum": [*RECIPES]}
INGREDIENT: JsonObject = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "title": {"type": "string"},
        "kind": {"type": "string"},
        "units": {"type": "array", "items": {"type": "string"}},
        "required": {"type": "boolean"},
        "choices": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
MIX = Tool(
    "mix_batch",
    "Mix a batch after a recipe and tell how it comes out.",
    {
        "type": "object",
        "properties": {
            "recipe": RECIPE,
            "ingredients": {"type": "object", "additionalProperties": True, "description": "What goes in, by name."},
        },
        "required": ["recipe", "ingredients"],
    },
    read_only=True,
)
READ = Tool(
    "read_recipe",
    "Read a recipe: what goes in.",
    {"type": "object", "properties": {"recipe": RECIPE}, "required": ["recipe"]},
    {"type": "object", "properties": {"ingredients": {"type": "array", "items": INGREDIENT}}},
    read_only=True,
)


class Pottery:
    """A workshop whose batches need what their recipes say."""

    async def list_tools(self) -> Sequence[Tool]:
        return (MIX, READ)

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        recipe = RECIPES[str(arguments["recipe"])]
        if name == READ.name:
            listed: Json = [*recipe]
            return Observation(name, arguments, "A recipe.", {"ingredients": listed})
        given = arguments["ingredients"]
        assert isinstance(given, dict)
        lacking: Json = [one["name"] for one in recipe if one.get("required") and str(one["name"]) not in given]
        return Observation(name, arguments, "A batch.", {"missing": lacking})


@pytest.fixture
def potter(make_expert: Callable[[Toolbox], Expert]) -> Expert:
    return make_expert(Pottery())


def given(expert: Expert) -> Json:
    """What the last call put in."""
    assert expert.called[-1] == "mix_batch"
    return expert.calls[-1][1]["ingredients"]


async def test_the_recipe_is_read_before_the_batch_is_mixed(potter: Expert) -> None:
    result = await potter.says(
        "Mix a batch of celadon glaze: clay weight 2.5 kg, 3 L water, firings 2, iron oxide,"
        " no cobalt, shiny finish, kiln opened on 3 May 2026"
    )
    assert potter.called == ["read_recipe", "mix_batch"]
    assert given(potter) == {
        "clay_weight": "2.5 kg",
        "water": "3 L",
        "firings": 2,
        "iron": "yes",
        "cobalt": "no",
        "finish": "gloss",
        "opened": "2026-05-03",
    }
    assert result.state is WorkerState.COMPLETED


async def test_a_unit_alone_tells_what_a_number_is(potter: Expert) -> None:
    await potter.says("Mix celadon-glaze with 900 g and 1,5 litres")
    assert given(potter) == {"clay_weight": "900 g", "water": "1.5 litres"}


async def test_what_is_missing_is_asked_for_and_taken_from_the_answer(potter: Expert) -> None:
    result = await potter.says("Mix celadon-glaze: 1 kg clay, 1 L water, firings 1")
    assert result.state is WorkerState.INPUT_REQUIRED
    assert result.missing == ("iron",)
    result = await potter.says("yes")
    assert given(potter) == {"clay_weight": "1 kg", "water": "1 L", "firings": 1, "iron": "yes"}
    assert result.state is WorkerState.COMPLETED


async def test_without_values_the_batch_is_not_mixed_but_its_needs_are_told(potter: Expert) -> None:
    result = await potter.says("Please mix a batch of celadon glaze")
    assert "mix_batch" not in potter.called
    assert "iron" in result.text.lower() or "recipe" in result.text.lower()


@pytest.mark.parametrize(
    ("said", "iron", "cobalt"),
    [
        ("no iron oxide or cobalt", "no", "no"),
        ("iron oxide: yes, cobalt: no", "yes", "no"),
        ("neither iron oxide nor copper", "no", "no"),
        ("without iron oxide but with copper", "no", "yes"),
        ("iron oxide and cobalt", "yes", "yes"),
        ("no iron oxide, cobalt", "no", None),  # can be read in two ways, so it is not read
    ],
)
async def test_what_is_denied_is_told_from_what_is_not(
    potter: Expert, said: str, iron: str | None, cobalt: str | None
) -> None:
    await potter.says(f"Mix celadon-glaze, clay 1 kg, {said}")
    found = given(potter)
    assert isinstance(found, dict)
    assert (found.get("iron"), found.get("cobalt")) == (iron, cobalt)


@pytest.mark.parametrize("said", ["firings 7", "firings 1.5", "clay 3", "3 L clay"])
async def test_a_value_that_does_not_fit_is_not_passed_on(potter: Expert, said: str) -> None:
    await potter.says(f"Mix celadon-glaze: 2 L water, {said}")
    found = given(potter)
    assert isinstance(found, dict)
    assert found.keys() <= {"water"}


async def test_two_recipes_that_fit_are_asked_about(potter: Expert) -> None:
    result = await potter.says("Mix a raku batch at temperature 900 Cel")
    assert potter.called == []
    assert result.state is WorkerState.INPUT_REQUIRED

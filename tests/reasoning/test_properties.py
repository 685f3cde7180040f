"""What holds for any text, any schema and any result."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.models import Json, JsonObject, Role
from agentkit.reasoning import (
    Act,
    Answer,
    CallTool,
    Candidate,
    Delegate,
    Delegation,
    Observation,
    RuleReasoner,
    Situation,
    Tool,
    Utterance,
)
from agentkit.reasoning.jsonschema import fits

_WORDS = (
    "find list the thing of Anna Berg for since 2025 2026-01-02 second L-1001 'quoted words' her and 7 start answer"
    " active not red blue item number name text ? , born one yes stop TSH"
)
WORDS = st.sampled_from(_WORDS.split())
TEXT = st.one_of(st.lists(WORDS, max_size=12).map(" ".join), st.text(max_size=60))
NAMES = st.sampled_from(["thing", "id", "name", "text", "date_from", "born", "active", "colour", "limit", "answer"])
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PATTERNS = st.sampled_from(["^L-[0-9]{4}$", r"^\d{4}(-\d{2}){0,2}$", "[", "(a+)+$", "", "^[a-z]+$", ".*"])
DESCRIPTIONS = st.sampled_from(
    ["", "Find things by name.", "Which thing: its id.", "Words to search for, e.g. red", "YYYY-MM-DD", "The question"]
)
Strategies = dict[str, st.SearchStrategy[Json]]


def listed(*values: Json) -> st.SearchStrategy[Json]:
    """Lists of some of the values."""
    return st.lists(st.sampled_from(values), max_size=3).map(_as_json)


def _as_json(values: list[Json]) -> Json:
    return values


def _as_object(values: JsonObject) -> Json:
    return values


TYPES: Strategies = {
    "type": st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "null", 3, None])
}
KEYWORDS: Strategies = {
    "description": DESCRIPTIONS,
    "title": st.sampled_from(["Thing", "Thing id", "Name", ""]),
    "pattern": PATTERNS,
    "format": st.sampled_from(["date", "date-time", "uri", "other", 5]),
    "enum": listed("red", "blue", 1, None, True),
    "items": st.sampled_from([{"type": "string"}, {"type": "integer"}]),
    "minimum": st.integers(0, 9),
    "maxLength": st.integers(0, 9),
    "examples": listed("Anna Berg", "red", 3),
    "$ref": st.sampled_from(["#/$defs/x", "#", "http://elsewhere", ""]),
    "anyOf": listed({"type": "string"}, {"type": "null"}),
}
PROPERTY: st.SearchStrategy[Json] = st.one_of(
    st.fixed_dictionaries(TYPES, optional=KEYWORDS).map(_as_object), st.booleans(), JSON
)
OUTER: Strategies = {
    "type": st.just("object"),
    "properties": st.dictionaries(NAMES, PROPERTY, max_size=4).map(_as_object),
    "required": listed("thing", "id", "name", "text", "answer"),
}
MORE: Strategies = {"additionalProperties": st.booleans(), "$defs": st.just({"x": {"$ref": "#/$defs/x"}})}
PROPER: st.SearchStrategy[JsonObject] = st.fixed_dictionaries(OUTER, optional=MORE)
ARBITRARY: st.SearchStrategy[JsonObject] = st.dictionaries(
    st.sampled_from(["type", "properties", "required", "items", "$ref", "anyOf"]), JSON, max_size=4
)
SCHEMAS: st.SearchStrategy[JsonObject] = st.one_of(PROPER, ARBITRARY)
TOOLS = st.lists(
    st.builds(
        Tool,
        name=st.sampled_from(["find_things", "list_items", "answer", "start", "x", ""]),
        description=DESCRIPTIONS | TEXT,
        input_schema=SCHEMAS,
        output_schema=st.none() | SCHEMAS,
        read_only=st.booleans(),
    ),
    max_size=4,
)
OBSERVATIONS = st.lists(
    st.builds(
        Observation,
        tool=st.sampled_from(["find_things", "list_items", "answer", "start", "gone"]),
        arguments=st.dictionaries(NAMES, JSON, max_size=3),
        text=TEXT,
        data=JSON,
        failed=st.booleans(),
        code=st.none() | st.sampled_from(["invalid-input", "not-found", ""]),
        current=st.booleans(),
    ),
    max_size=4,
)
HISTORY = st.lists(
    st.builds(
        Utterance, role=st.sampled_from(list(Role)), text=TEXT, expert=st.none() | st.just("e"), asks=st.booleans()
    ),
    max_size=4,
)
SITUATIONS = st.builds(
    Situation,
    text=TEXT,
    data=st.lists(JSON, max_size=2).map(tuple),
    history=HISTORY.map(tuple),
    observations=OBSERVATIONS.map(tuple),
    tools=TOOLS.map(tuple),
)
BOUNDED = settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def decide(situation: Situation) -> Act:
    """Drive the coroutine by hand: rules decide without waiting for anything."""
    deciding = RuleReasoner().decide(situation)
    try:
        deciding.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the rules waited for something")


def tool_of(situation: Situation, act: CallTool) -> list[Tool]:
    return [tool for tool in situation.tools if tool.name == act.tool]


def keeps_schema(arguments: JsonObject, tool: Tool) -> bool:
    properties = tool.input_schema.get("properties")
    known: JsonObject = properties if isinstance(properties, dict) else {}
    required = tool.input_schema.get("required")
    wanted = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    needed = all(name in arguments for name in wanted if name in known)
    return needed and all(
        name in known and fits(value, known[name], tool.input_schema) for name, value in arguments.items()
    )


@BOUNDED
@given(SITUATIONS)
def test_whatever_is_said_and_offered_there_is_an_act_and_the_same_one_again(situation: Situation) -> None:
    act = decide(situation)
    assert decide(situation) == act


@BOUNDED
@given(SITUATIONS)
def test_a_call_names_a_tool_on_offer_and_its_arguments_fit_the_schema(situation: Situation) -> None:
    act = decide(situation)
    if isinstance(act, CallTool):
        assert any(keeps_schema(act.arguments, tool) for tool in tool_of(situation, act)), act


@BOUNDED
@given(SITUATIONS, st.dictionaries(NAMES, JSON, max_size=3))
def test_a_turn_ends_whatever_the_tools_answer(situation: Situation, data: JsonObject) -> None:
    made: list[CallTool] = []
    for _ in range(12):
        act = decide(situation)
        if not isinstance(act, CallTool):
            return
        assert act not in made, "the same call was made twice for one message"
        made.append(act)
        result = Observation(act.tool, act.arguments, data=data)
        situation = replace(situation, observations=(*situation.observations, result))
    raise AssertionError("no end after twelve calls")


@BOUNDED
@given(TEXT, TOOLS, HISTORY, st.lists(st.sampled_from(["a", "b"]), max_size=2))
def test_an_orchestrator_delegates_to_experts_on_offer_only(
    text: str, tools: list[Tool], history: list[Utterance], done: list[str]
) -> None:
    experts = (Candidate("a", "Finds things by name.", tuple(tools)), Candidate("b", "Answers questions."))
    delegations = tuple(Delegation(name, "done") for name in done)
    situation = Situation(text, history=tuple(history), experts=experts, delegations=delegations)
    act = decide(situation)
    assert decide(situation) == act
    if isinstance(act, Delegate):
        assert act.expert in {"a", "b"}
        assert act.text


@BOUNDED
@given(JSON, JSON)
def test_results_of_any_shape_become_text(data: Json, more: Json) -> None:
    tool = Tool("list_items", "List the items.", {"type": "object", "properties": {}}, read_only=True)
    observations = (Observation("list_items", {}, data=data), Observation("list_items", {}, data=more, current=False))
    act = decide(Situation("List the items", tools=(tool,), observations=observations))
    assert isinstance(act, Answer)
    assert act.text

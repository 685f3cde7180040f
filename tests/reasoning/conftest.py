"""Conversations with an expert or an orchestrator, over real tool servers in-process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import anyio
import pytest
from mcp_types import CallToolResult

from agentkit.errors import ToolFailed
from agentkit.experts import Step, Toolbox, Worker, WorkerResult, WorkerState
from agentkit.mcp import ToolServer
from agentkit.mcp.client.results import read_result, read_tool
from agentkit.models import Json, JsonObject, Role
from agentkit.reasoning import (
    Act,
    Answer,
    Ask,
    CallTool,
    Candidate,
    Decline,
    Delegate,
    DelegateTogether,
    Delegation,
    Observation,
    RuleReasoner,
    Situation,
    Tool,
    Utterance,
)
from tests.deadline import HANG


class ServerBox:
    """The tools of a server in this process, without a wire."""

    def __init__(self, server: ToolServer) -> None:
        self._server = server

    async def list_tools(self) -> Sequence[Tool]:
        infos = [read_tool(tool) for tool in await self._server.mcp.list_tools()]
        return [
            Tool(
                name=info.name,
                description="\n".join(text for text in (info.title, info.description) if text),
                input_schema=info.input_schema,
                output_schema=info.output_schema,
                read_only=info.read_only,
            )
            for info in infos
        ]

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        result = await self._server.mcp.call_tool(name, cast("dict[str, object]", arguments))
        assert isinstance(result, CallToolResult)
        try:
            read = read_result(self._server.name, name, result)
        except ToolFailed as failure:
            return Observation(name, arguments, failure.tool_text, failed=True, code=failure.code)
        return Observation(name, arguments, read.text, read.data)


class RenamedBox:
    """Another toolbox with every tool, parameter and output field under another name; descriptions stay."""

    def __init__(self, inner: Toolbox, names: Mapping[str, str], *, titles: bool = True) -> None:
        self._inner = inner
        self._names = dict(names)
        self._back = {new: old for old, new in names.items()}
        self._titles = titles
        assert len(self._back) == len(self._names), "two names were mapped to one"

    async def list_tools(self) -> Sequence[Tool]:
        return [
            replace(
                tool,
                name=self._names[tool.name],
                description=tool.description if self._titles else tool.description.split("\n", 1)[1],
                input_schema=self._schema(tool.input_schema),
                output_schema=None if tool.output_schema is None else self._schema(tool.output_schema),
            )
            for tool in await self._inner.list_tools()
        ]

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        given = {self._back[key]: value for key, value in arguments.items()}
        observation = await self._inner.call(self._back[name], given)
        return replace(observation, tool=name, arguments=arguments, data=self._value(observation.data))

    def _schema(self, schema: JsonObject) -> JsonObject:
        renamed = self._walk(schema)
        assert isinstance(renamed, dict)
        return renamed

    def _walk(self, schema: Json) -> Json:
        if isinstance(schema, list):
            return [self._walk(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        done: JsonObject = {}
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                done[key] = {self._names.get(name, name): self._walk(part) for name, part in value.items()}
            elif key == "required" and isinstance(value, list):
                done[key] = [self._names.get(str(name), str(name)) for name in value]
            elif key in {"enum", "examples"} or (key == "title" and isinstance(value, str) and self._titles):
                done[key] = value
            elif key != "title" or not isinstance(value, str):
                done[key] = self._walk(value)
        return done

    def _value(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._value(one) for one in value]
        if isinstance(value, dict):
            return {self._names.get(key, key): self._value(one) for key, one in value.items()}
        return value


@dataclass
class Expert:
    """An expert in a context: what was said and found stays."""

    toolboxes: Mapping[str, Toolbox]
    name: str = "expert"
    description: str = ""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    history: list[Utterance] = field(default_factory=list[Utterance])
    observations: list[Observation] = field(default_factory=list[Observation])
    steps: list[Step] = field(default_factory=list[Step])

    async def says(self, text: str, data: tuple[Json, ...] = ()) -> WorkerResult:
        """Send a message and wait for the end of the turn."""
        worker = Worker(self.name, RuleReasoner(), self.toolboxes)
        situation = Situation(text, data=data, history=tuple(self.history), observations=tuple(self.observations))
        with anyio.fail_after(HANG):
            result = [event async for event in worker.run(situation)][-1]
        assert isinstance(result, WorkerResult)
        asks = result.state is WorkerState.INPUT_REQUIRED
        self.history += [Utterance(Role.USER, text), Utterance(Role.AGENT, result.text, self.name, asks)]
        self.observations += [replace(one, current=False) for one in result.observations]
        self.steps = list(result.steps)
        return result

    @property
    def calls(self) -> list[tuple[str, JsonObject]]:
        """Tools and arguments of the last turn, under their own names."""
        back = {new: old for old, new in self.names.items()}
        return [
            (back.get(step.tool, step.tool), {back.get(name, name): value for name, value in step.arguments.items()})
            for step in self.steps
        ]

    @property
    def called(self) -> list[str]:
        """Tools of the last turn, under their own names."""
        return [tool for tool, _ in self.calls]

    def named(self, name: str) -> str:
        """What the expert's server calls something."""
        return self.names.get(name, name)


@dataclass
class Desk:
    """An orchestrator over experts, as the platform runs it."""

    experts: Sequence[Expert]
    history: list[Utterance] = field(default_factory=list[Utterance])
    delegated: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    together: bool = False

    async def _asked(self, piece: Delegate) -> Delegation:
        expert = next(one for one in self.experts if one.name == piece.expert)
        result = await expert.says(piece.text)
        asks = result.state is WorkerState.INPUT_REQUIRED
        self.delegated.append((piece.expert, piece.text))
        return Delegation(piece.expert, result.text, result.data, asks=asks, declined=result.declined)

    async def says(self, text: str) -> Act:
        """Send a message and give the act that ended the turn."""
        self.delegated = []
        delegations: list[Delegation] = []
        candidates = [
            Candidate(one.name, one.description, await Worker(one.name, RuleReasoner(), one.toolboxes).tools())
            for one in self.experts
        ]
        before = tuple(one for expert in self.experts for one in expert.observations)
        for _ in range(8):
            situation = Situation(
                text,
                history=tuple(self.history),
                observations=before,
                experts=tuple(candidates),
                delegations=tuple(delegations),
            )
            act = await RuleReasoner().decide(situation)
            pieces = act.delegations if isinstance(act, DelegateTogether) else (act,)
            given = [piece for piece in pieces if isinstance(piece, Delegate)]
            if not given:
                break
            self.together = len(given) > 1
            delegations += [await self._asked(piece) for piece in given]
        else:
            raise AssertionError("the orchestrator did not come to an end")
        assert isinstance(act, Answer | Ask | Decline), type(act)
        names = {one.expert for one in delegations}
        last = names.pop() if len(names) == 1 else None
        self.history += [
            Utterance(Role.USER, text),
            Utterance(Role.AGENT, act.text, last, isinstance(act, Ask)),
        ]
        return act


def call_of(act: Act) -> CallTool:
    """The act as a call."""
    assert isinstance(act, CallTool), act
    return act


EHR_NAMES = {
    "find_patients": "lookup_people",
    "patient_summary": "chart_digest",
    "list_medications": "drug_overview",
    "list_allergies": "intolerance_register",
    "search_observations": "measurement_search",
    "patient": "subject",
    "name": "person",
    "family": "clan",
    "given": "forename",
    "birth_date": "born_on",
    "identifier": "chart_no",
    "identifier_system": "chart_no_issuer",
    "gender": "sex_at_record",
    "phone": "tel",
    "include_inactive": "with_unused",
    "limit": "max_rows",
    "max_chars": "budget",
    "sections": "chapters",
    "since": "not_before",
    "sources": "origins",
    "status": "condition",
    "intent": "purpose",
    "codes": "concept_keys",
    "include_entered_in_error": "with_withdrawn",
    "cursor": "bookmark",
    "detail": "depth",
    "clinical_status": "course",
    "category": "group",
    "text": "wording",
    "date_from": "earliest",
    "date_to": "until_when",
    "latest_per_code": "newest_only",
    "items": "rows",
    "line": "sentence",
    "state": "outcome",
    "ref": "origin",
    "version": "revision",
    "date": "dated",
    "replaced_by": "successor",
    "matched_on": "basis",
    "identifier_tail": "chart_no_tail",
    "active": "in_use",
    "deceased": "died",
    "sex": "sex_recorded",
}
"""Another name for everything the EHR server calls by name."""

QUESTIONNAIRE_NAMES = {
    "list_questionnaires": "show_instruments",
    "get_questionnaire": "instrument_text",
    "start_interview": "open_dialogue",
    "answer": "reply",
    "questionnaire": "instrument",
    "version": "edition",
    "session": "interview_handle",
    "question": "item",
    "questionnaire_id": "instrument_key",
    "next_question": "upcoming",
    "next_question_id": "upcoming_key",
    "answers": "given",
    "is_completed": "finished",
    "items": "rows",
    "title": "heading",
    "text": "wording",
    "options": "choices",
    "score": "total",
}
"""Another name for everything the questionnaire server calls by name."""


def _named(box: Toolbox, variant: str, names: Mapping[str, str]) -> tuple[Toolbox, Mapping[str, str]]:
    if variant == "as they are":
        return box, {}
    return RenamedBox(box, names, titles=variant == "renamed"), names


@pytest.fixture(scope="session")
def ehr_server() -> ToolServer:
    """The bundled EHR server: read-only, so one serves all tests."""
    from agentkit_servers.ehr.server import build_server

    return build_server()


@pytest.fixture
def make_records(ehr_server: ToolServer) -> Callable[[str], Expert]:
    """An expert over the EHR server, in a variant of its names."""

    def make(variant: str) -> Expert:
        box, names = _named(ServerBox(ehr_server), variant, EHR_NAMES)
        return Expert({"records": box}, "records", "Looks up patients' records.", names=names)

    return make


@pytest.fixture
def make_interviewer() -> Callable[[str], Expert]:
    """An expert over the questionnaire server, in a variant of its names."""
    from agentkit_servers.questionnaires.server import build_server

    def make(variant: str) -> Expert:
        box, names = _named(ServerBox(build_server()), variant, QUESTIONNAIRE_NAMES)
        return Expert({"forms": box}, "interviewer", "Asks people the questions of questionnaires.", names=names)

    return make


@pytest.fixture
def make_desk() -> Callable[[Sequence[Expert]], Desk]:
    """An orchestrator over experts."""
    return Desk


@pytest.fixture
def make_expert() -> Callable[[Toolbox], Expert]:
    """An expert over one toolbox."""
    return lambda box: Expert({"tools": box})

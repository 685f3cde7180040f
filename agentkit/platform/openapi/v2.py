"""v2 as a document: the operations of its two planes (V2-EP-01 to V2-EP-26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentkit.models import JsonObject
from agentkit.platform.openapi.grammar import (
    MERGE_PATCH,
    TIME,
    Operation,
    listed,
    one_of,
    query,
    record,
    ref,
    text,
    variable,
    whole,
    words,
)
from agentkit.platform.openapi.v2_objects import AGENTS, CONNECTORS, TASKS, named, page

ROOT: Final = "/v2/agentic"
SCHEMAS: Final[Mapping[str, JsonObject]] = {**AGENTS, **CONNECTORS, **TASKS}
"""The objects of v2."""

Paths = Mapping[str, tuple[tuple[JsonObject, ...], Mapping[str, Operation]]]
"""Variables of an address, and the operation of each method."""


def _id(name: str, prefix: str) -> JsonObject:
    return variable(name, named(prefix), f"The id, with or without {prefix}. in front.")


_AGENT: Final = _id("agent", "agt")
_CONNECTOR: Final = _id("connector", "con")
_CONTEXT: Final = _id("context", "ctx")
_TASK: Final = _id("task", "task")
_FEEDBACK: Final = _id("feedback", "fb")
_PAGE: Final = (
    query("pageSize", whole(1, 200), "So many at most; absent is 50."),
    query("pageToken", text(), "Of the page before."),
)
_HISTORY: Final = query("historyLength", whole(0, 999_999_999), "So many messages at most, the newest.")
_TIMES: Final = (query("from", TIME, "Not before."), query("to", TIME, "Before."))
_PLACE: Final = {"Location": "Where it is."}
_VERSION: Final = {"A2A-Version": "Always 1.0."}

MANAGEMENT: Final[Paths] = {
    "/agents": (
        (),
        {
            "get": Operation(
                "listAgents",
                "Agents the caller can see (V2-EP-02).",
                {200: page("agents", ref("Agent"))},
                (400,),
                parameters=(
                    *_PAGE,
                    query("visibility", listed(one_of("private", "unlisted", "public")), "One of these."),
                    query("lifecycle", one_of("ephemeral", "persistent"), "This one only."),
                    query("label", listed({"type": "string", "pattern": "^[^=]*=.*$"}), "key=value, all of them."),
                    query("q", text(), "Words of name or description."),
                ),
            ),
            "post": Operation(
                "createAgent",
                "An agent is made (V2-EP-01).",
                {201: ref("Agent")},
                (409,),
                body=ref("AgentCreate"),
                headers=_PLACE,
            ),
        },
    ),
    "/agents/{agent}": (
        (_AGENT,),
        {
            "get": Operation("getAgent", "One agent (V2-EP-03).", {200: ref("Agent")}, (404,)),
            "patch": Operation(
                "updateAgent",
                "A merge patch (V2-EP-04).",
                {200: ref("Agent")},
                (404,),
                body=ref("AgentPatch"),
                media_type=MERGE_PATCH,
            ),
            "delete": Operation("deleteAgent", "The agent is gone, again and again (V2-EP-05).", {204: None}, (404,)),
        },
    ),
    "/agents/{agent}/.well-known/agent-card.json": (
        (_AGENT,),
        {"get": Operation("getAgentCard", "The card (V2-EP-06).", {200: ref("AgentCard")}, (404,), headers=_VERSION)},
    ),
    "/agents/{agent}/usage": (
        (_AGENT,),
        {
            "get": Operation(
                "getUsage",
                "How often it was called (V2-EP-14).",
                {200: ref("Usage")},
                (400, 404),
                parameters=(*_TIMES, query("granularity", one_of("minute", "hour", "day", "week"), "The periods.")),
            )
        },
    ),
    "/agents/{agent}/connectors": (
        (_AGENT,),
        {
            "get": Operation(
                "listConnectors",
                "What it works with (V2-EP-15).",
                {200: record({"connectors": listed(ref("Connector"))})},
                (404,),
            ),
            "post": Operation(
                "createConnector",
                "A connector is added (V2-EP-15).",
                {201: ref("Connector")},
                (404, 409),
                body=ref("ConnectorCreate"),
                headers=_PLACE,
            ),
        },
    ),
    "/agents/{agent}/connectors/{connector}": (
        (_AGENT, _CONNECTOR),
        {
            "get": Operation("getConnector", "One connector (V2-EP-16).", {200: ref("Connector")}, (404,)),
            "patch": Operation(
                "updateConnector",
                "A merge patch; 501 where the platform falls short as Corti's does (V2-EP-17).",
                {200: ref("Connector")},
                (404, 501),
                body=ref("ConnectorPatch"),
                media_type=MERGE_PATCH,
            ),
            "delete": Operation("deleteConnector", "It is gone (V2-EP-16).", {204: None}, (404,)),
        },
    ),
    "/contexts": (
        (),
        {
            "get": Operation(
                "listContexts",
                "The caller's conversations (V2-EP-18).",
                {200: page("contexts", ref("Context"))},
                (400,),
                parameters=(*_PAGE, *_TIMES, query("agentId", named("agt"), "With this agent.")),
            )
        },
    ),
    "/contexts/{context}": (
        (_CONTEXT,),
        {
            "get": Operation(
                "getContext", "With its tasks (V2-EP-19).", {200: ref("Context")}, (400, 404), parameters=(_HISTORY,)
            ),
            "delete": Operation("deleteContext", "Its content is gone (V2-EP-20).", {204: None}, (404,)),
        },
    ),
    "/contexts/{context}/trace": (
        (_CONTEXT,),
        {
            "get": Operation(
                "listTraces",
                "What agents did, newest first (V2-EP-21).",
                {200: page("traces", ref("Trace"))},
                (400, 404),
                parameters=_PAGE,
            )
        },
    ),
    "/contexts/{context}/tasks": (
        (_CONTEXT,),
        {
            "get": Operation(
                "listContextTasks",
                "Its tasks, oldest first (V2-EP-22).",
                {200: page("tasks", ref("Task"))},
                (400, 404),
                parameters=(*_PAGE, _HISTORY),
            )
        },
    ),
    "/contexts/{context}/tasks/{task}": (
        (_CONTEXT, _TASK),
        {
            "get": Operation(
                "getContextTask", "One task (V2-EP-22).", {200: ref("Task")}, (400, 404), parameters=(_HISTORY,)
            )
        },
    ),
    "/contexts/{context}/tasks/{task}/artifacts/{artifact}": (
        (_CONTEXT, _TASK, variable("artifact", words(), "The id, with or without art. in front.")),
        {"get": Operation("getArtifact", "One artifact (V2-EP-23).", {200: ref("Artifact")}, (404,))},
    ),
    "/contexts/{context}/tasks/{task}/feedback": (
        (_CONTEXT, _TASK),
        {
            "get": Operation(
                "listFeedback",
                "The caller's own, newest first (V2-EP-24).",
                {200: record({"feedbacks": listed(ref("Feedback"))})},
                (404,),
            ),
            "post": Operation(
                "createFeedback",
                "Feedback is given (V2-EP-24).",
                {201: ref("Feedback")},
                (404, 409),
                body=ref("FeedbackCreate"),
                headers=_PLACE,
            ),
            "delete": Operation("deleteAllFeedback", "The caller's own is gone (V2-EP-25).", {204: None}, (404,)),
        },
    ),
    "/contexts/{context}/tasks/{task}/feedback/{feedback}": (
        (_CONTEXT, _TASK, _FEEDBACK),
        {"delete": Operation("deleteFeedback", "It is gone, again and again (V2-EP-25).", {204: None}, (404,))},
    ),
    "/registry/connectors": (
        (),
        {
            "get": Operation(
                "listRegistryConnectors",
                "What is on offer (V2-EP-26).",
                {200: page("connectors", ref("RegistryEntry"))},
                (400,),
                parameters=(*_PAGE, query("q", text(), "Words of name or description.")),
            )
        },
    ),
    "/registry/connectors/{entry}": (
        (variable("entry", words(), "Its id."),),
        {"get": Operation("getRegistryConnector", "One of them (V2-EP-26).", {200: ref("RegistryEntry")}, (404,))},
    ),
}
"""The management plane, below `ROOT`."""

"""v2's A2A plane as a document (V2-EP-07 to V2-EP-13)."""

from __future__ import annotations

from typing import Final

from agentkit.platform.openapi.grammar import (
    FLAG,
    Operation,
    header,
    listed,
    one_of,
    query,
    record,
    ref,
    text,
    variable,
    whole,
)
from agentkit.platform.openapi.v2 import Paths
from agentkit.platform.openapi.v2_objects import named

_VERSION: Final = {"A2A-Version": "Always 1.0."}
_ASKED: Final = header("A2A-Version", one_of("1.0"), "Only 1.0 is spoken (V2-VER-01).")
_RESUMED: Final = header("Last-Event-ID", text(), "The last event that was seen; the stream goes on behind it.")
_AGENT: Final = variable("agent", named("agt"), "The agent.")
_TASK: Final = variable("task", named("task"), "The task.")
_SENT: Final = record({"task": ref("Task")})
_HISTORY: Final = query("historyLength", whole(0, 999_999_999), "So many messages at most, the newest.")

A2A: Final[Paths] = {
    "/agents/{agent}/a2a": (
        (_AGENT,),
        {
            "post": Operation(
                "callMethod",
                "JSON-RPC of A2A 1.0 (V2-EP-07).",
                {200: ref("RpcAnswer")},
                (404,),
                body=ref("RpcRequest"),
                streams=True,
                parameters=(_ASKED,),
                headers=_VERSION,
            )
        },
    ),
    "/agents/{agent}/a2a/message:send": (
        (_AGENT,),
        {
            "post": Operation(
                "sendMessage",
                "The task that answers (V2-EP-08).",
                {200: _SENT},
                (404,),
                body=ref("SendMessage"),
                parameters=(_ASKED,),
                headers=_VERSION,
            )
        },
    ),
    "/agents/{agent}/a2a/message:stream": (
        (_AGENT,),
        {
            "post": Operation(
                "streamMessage",
                "What happens, as it happens (V2-EP-09).",
                {200: None},
                (404,),
                body=ref("SendMessage"),
                streams=True,
                parameters=(_ASKED,),
                headers=_VERSION,
            )
        },
    ),
    "/agents/{agent}/a2a/tasks": (
        (_AGENT,),
        {
            "get": Operation(
                "listTasks",
                "The caller's tasks at the agent (V2-EP-10).",
                {
                    200: record(
                        {"tasks": listed(ref("Task"))},
                        {"pageSize": whole(), "nextPageToken": {"type": ["string", "null"]}, "totalSize": whole()},
                    )
                },
                (400, 404),
                parameters=(
                    query("pageSize", whole(1, 200), "So many at most."),
                    query("pageToken", text(), "Of the page before."),
                    query("contextId", named("ctx"), "Of this context."),
                    query("includeArtifacts", FLAG, "With what they made."),
                    _HISTORY,
                    _ASKED,
                ),
                headers=_VERSION,
            )
        },
    ),
    "/agents/{agent}/a2a/tasks/{task}": (
        (_AGENT, _TASK),
        {
            "get": Operation(
                "getTask",
                "One task (V2-EP-11).",
                {200: ref("Task")},
                (400, 404),
                parameters=(_HISTORY, _ASKED),
                headers=_VERSION,
            )
        },
    ),
    "/agents/{agent}/a2a/tasks/{task}:cancel": (
        (_AGENT, _TASK),
        {
            "post": Operation(
                "cancelTask",
                "It stops (V2-EP-12).",
                {200: ref("Task")},
                (400, 404, 409),
                parameters=(_ASKED,),
                headers=_VERSION,
            )
        },
    ),
    "/agents/{agent}/a2a/tasks/{task}:subscribe": (
        (_AGENT, _TASK),
        {
            "post": Operation(
                "subscribeToTask",
                "What happens from now on, or behind Last-Event-ID (V2-EP-13).",
                {200: None},
                (400, 404),
                streams=True,
                parameters=(_ASKED, _RESUMED),
                headers=_VERSION,
            )
        },
    ),
}
"""The A2A plane, below the root of v2."""

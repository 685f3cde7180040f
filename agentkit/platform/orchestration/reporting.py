"""What a turn leaves for its reader: artifacts, steps, who contributed, and how to get out of `auth-required`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID, uuid5

from agentkit.errors import McpAuthRequired
from agentkit.experts import WorkerState
from agentkit.models import Artifact, Json, JsonObject, Part
from agentkit.platform.orchestration.contribution import Contribution
from agentkit.platform.orchestration.happenings import Absence, Output
from agentkit.platform.orchestration.plan import ServerPlan
from agentkit.platform.tools.registration import how_to_give

METADATA_KEY: Final = "agentkit"
"""Where in the metadata of a task, or of an artifact, the platform reports its own."""

_IDS: Final = UUID("b6a2f2c4-6b4c-4d7c-9f0e-2b8d0f3f5a11")


def artifact_of(contribution: Contribution, task_id: str, message_id: str) -> Artifact | None:
    """What holds the data of a piece of work (V1-SEND-09), or what it asks about; None where there is none, or shown.

    Its id is the same on every replay.
    """
    asks = contribution.result.state is WorkerState.INPUT_REQUIRED and not contribution.lacks_credential
    if not (contribution.completed or asks) or not contribution.result.data or contribution.artifacts:
        return None
    text = contribution.result.text
    return Artifact(
        artifact_id=str(uuid5(_IDS, f"{task_id}/{message_id}/{contribution.place}")),
        name=contribution.expert,
        parts=(
            *(Part(data=_object(item)) for item in contribution.result.data),
            *((Part(text=text),) if text else ()),
        ),
        metadata={METADATA_KEY: {"expert": contribution.expert}},
    )


def artifact_of_output(output: Output, task_id: str, message_id: str) -> Artifact:
    """What holds what the agent itself gave out (V2-OBJ-08)."""
    return Artifact(
        artifact_id=str(uuid5(_IDS, f"{task_id}/{message_id}/output")),
        name=output.name,
        parts=(Part(data=_object(output.data)),),
        metadata={METADATA_KEY: {"output": output.name}},
    )


def steps(contributions: Iterable[Contribution], earlier: Iterable[Json] = ()) -> list[Json]:
    """Which expert called which tool with what, and how long it took, behind the steps of the task's earlier turns."""
    return [
        *earlier,
        *(
            {
                "expert": step.expert,
                "server": step.server,
                "tool": step.tool,
                "arguments": step.arguments,
                "durationMs": round(step.duration_ms, 3),
                "failed": step.failed,
                "code": step.code,
            }
            for contribution in contributions
            for step in contribution.result.steps
        ),
    ]


def contributors(contributions: Iterable[Contribution], artifacts: dict[str, list[Json]]) -> list[Json]:
    """Who contributed, for programs: every piece of work in the order it was given out, with what it brought."""
    return [
        {
            "expert": one.expert,
            "state": "declined" if one.result.declined else one.result.state.value,
            "artifactIds": artifacts.get(one.place, []),
        }
        for one in contributions
    ]


def unavailable(absences: Iterable[Absence]) -> list[Json]:
    """Who could not be asked."""
    return [{"expert": absence.expert, "reason": absence.reason} for absence in absences]


def auth_text(wanted: Sequence[tuple[ServerPlan, McpAuthRequired]]) -> str:
    """What is missing at which server and how to give it (MCPAUTH-06, MCPAUTH-18)."""
    return "\n".join(f"MCP server {server.name}: {_reason(error)} {how_to_give(server)}" for server, error in wanted)


def auth_required(wanted: Sequence[tuple[ServerPlan, McpAuthRequired]]) -> list[Json]:
    """The same for programs."""
    return [
        {"mcp_name": server.name, "authorizationType": server.authorization.value, "status": error.status}
        for server, error in wanted
    ]


def _reason(error: McpAuthRequired) -> str:
    return error.message.removeprefix(f"MCP server {error.server}: ")


def _object(item: Json) -> JsonObject:
    """Corti's data parts hold objects only (V1-OBJ-16)."""
    return item if isinstance(item, dict) else {"result": item}

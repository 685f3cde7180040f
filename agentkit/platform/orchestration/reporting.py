"""What a turn leaves behind for its reader: artifacts, steps, and how to get out of `auth-required`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID, uuid5

from agentkit.errors import McpAuthRequired
from agentkit.experts import WorkerState
from agentkit.models import Artifact, Json, JsonObject, Part
from agentkit.platform.orchestration.deliberation import Absence, Contribution
from agentkit.platform.orchestration.plan import ServerPlan
from agentkit.platform.tools.registration import how_to_give

METADATA_KEY: Final = "agentkit"
"""Where in the metadata of a task the platform reports its steps."""

_IDS: Final = UUID("b6a2f2c4-6b4c-4d7c-9f0e-2b8d0f3f5a11")


def artifacts(contributions: Sequence[Contribution], task_id: str, message_id: str) -> tuple[Artifact, ...]:
    """One artifact for each result that holds data, under an id that is the same on every replay (V1-SEND-09)."""
    return tuple(
        Artifact(
            artifact_id=str(uuid5(_IDS, f"{task_id}/{message_id}/{number}")),
            name=contribution.expert,
            parts=(
                *(Part(data=_object(item)) for item in contribution.result.data),
                *((Part(text=contribution.result.text),) if contribution.result.text else ()),
            ),
        )
        for number, contribution in enumerate(contributions)
        if contribution.result.state is WorkerState.COMPLETED and contribution.result.data
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


def metadata(
    contributions: Iterable[Contribution], absences: Iterable[Absence] = (), *, earlier: Iterable[Json] = ()
) -> JsonObject:
    """The steps of the task, and who could not be asked."""
    report: JsonObject = {"steps": steps(contributions, earlier)}
    missing: list[Json] = [{"expert": absence.expert, "reason": absence.reason} for absence in absences]
    if missing:
        report["unavailable"] = missing
    return {METADATA_KEY: report}


def auth_text(wanted: Sequence[tuple[ServerPlan, McpAuthRequired]]) -> str:
    """What is missing at which server and how to give it (MCPAUTH-06, MCPAUTH-18)."""
    return "\n".join(f"MCP server {server.name}: {_reason(error)} {how_to_give(server)}" for server, error in wanted)


def auth_metadata(wanted: Sequence[tuple[ServerPlan, McpAuthRequired]], *, earlier: Iterable[Json] = ()) -> JsonObject:
    """The same for programs."""
    servers: list[Json] = [
        {"mcp_name": server.name, "authorizationType": server.info.authorization_type, "status": error.status}
        for server, error in wanted
    ]
    return {METADATA_KEY: {"steps": list(earlier), "authRequired": servers}}


def _reason(error: McpAuthRequired) -> str:
    return error.message.removeprefix(f"MCP server {error.server}: ")


def _object(item: Json) -> JsonObject:
    """Corti's data parts hold objects only (V1-OBJ-16)."""
    return item if isinstance(item, dict) else {"result": item}

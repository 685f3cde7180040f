"""What can be run, chained, nested and served, and everything that combines it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.compose.agent import Agent, Caller, RunContext
from agentkit.compose.approval import Approval
from agentkit.compose.continuation import (
    AGENT_KEY,
    CONTINUATION_KEY,
    STEP_KEY,
    WAKE_KEY,
    detach,
    retried,
    wake_moment,
)
from agentkit.compose.function import FunctionAgent
from agentkit.compose.loop import Loop
from agentkit.compose.message_ids import outbound_id
from agentkit.compose.outcome import LEFT_ALONE, Outcome, as_updates, iterating, status_update, surfaced
from agentkit.compose.parallel import Parallel
from agentkit.compose.references import References, no_references
from agentkit.compose.router import Router
from agentkit.compose.routing import Choice, Chooser, Rule
from agentkit.compose.sequential import Sequential
from agentkit.compose.state import ConversationState, ShortState
from agentkit.compose.turn import Turn, collect, scoped
from agentkit.compose.usage import NOTHING, USAGE_KEY, Meter, Usage, charged
from agentkit.compose.workflow import APPROVAL_TYPE, Deciders, Decision, Proposal, Workflow, workflow
from agentkit.compose.wrappers import PASSING, Budget, Fallback, Rename, Retry, Tap, Timeout, Wrapper
from agentkit.models.artifacts import ArtifactStore

if TYPE_CHECKING:
    from agentkit.compose.corti import CortiAgent
    from agentkit.compose.expert import ExpertAgent

__all__ = [
    "AGENT_KEY",
    "APPROVAL_TYPE",
    "CONTINUATION_KEY",
    "LEFT_ALONE",
    "NOTHING",
    "PASSING",
    "STEP_KEY",
    "USAGE_KEY",
    "WAKE_KEY",
    "Agent",
    "Approval",
    "ArtifactStore",
    "Budget",
    "Caller",
    "Choice",
    "Chooser",
    "ConversationState",
    "CortiAgent",
    "Deciders",
    "Decision",
    "ExpertAgent",
    "Fallback",
    "FunctionAgent",
    "Loop",
    "Meter",
    "Outcome",
    "Parallel",
    "Proposal",
    "References",
    "Rename",
    "Retry",
    "Router",
    "Rule",
    "RunContext",
    "Sequential",
    "ShortState",
    "Tap",
    "Timeout",
    "Turn",
    "Usage",
    "Workflow",
    "Wrapper",
    "as_updates",
    "charged",
    "collect",
    "detach",
    "iterating",
    "no_references",
    "outbound_id",
    "retried",
    "scoped",
    "status_update",
    "surfaced",
    "wake_moment",
    "workflow",
]


def __getattr__(name: str) -> object:
    # Leaves that bring much along (an HTTP client, reasoners) load on first use; whoever only combines agents does not
    # pay for them.
    match name:
        case "CortiAgent":
            from agentkit.compose.corti import CortiAgent

            return CortiAgent
        case "ExpertAgent":
            from agentkit.compose.expert import ExpertAgent

            return ExpertAgent
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

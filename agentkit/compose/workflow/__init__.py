"""Python functions that call agents, ask, wait and go on where they were."""

from agentkit.compose.workflow.agent import MOST_STEPS, Workflow, workflow
from agentkit.compose.workflow.decision import APPROVAL_TYPE, Deciders, Decision, Proposal
from agentkit.compose.workflow.operations import Operations, Said

__all__ = [
    "APPROVAL_TYPE",
    "MOST_STEPS",
    "Deciders",
    "Decision",
    "Operations",
    "Proposal",
    "Said",
    "Workflow",
    "workflow",
]

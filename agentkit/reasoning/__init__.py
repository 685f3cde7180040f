"""Decides the next act: the `Reasoner` protocol and its implementations."""

from agentkit.reasoning.protocol import (
    Act,
    Answer,
    Ask,
    CallTool,
    Candidate,
    Decline,
    Delegate,
    Delegation,
    Observation,
    Reasoner,
    Situation,
    Tool,
    Utterance,
)
from agentkit.reasoning.rules import RuleReasoner
from agentkit.reasoning.scripted import ScriptedReasoner

__all__ = [
    "Act",
    "Answer",
    "Ask",
    "CallTool",
    "Candidate",
    "Decline",
    "Delegate",
    "Delegation",
    "Observation",
    "Reasoner",
    "RuleReasoner",
    "ScriptedReasoner",
    "Situation",
    "Tool",
    "Utterance",
]

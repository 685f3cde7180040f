"""Decides the next act: the `Reasoner` protocol and its implementations."""

from agentkit.reasoning.acts import dump_act, load_act
from agentkit.reasoning.protocol import (
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
    Reasoner,
    Situation,
    Tool,
    Utterance,
)
from agentkit.reasoning.rules import RuleReasoner
from agentkit.reasoning.scripted import ScriptedReasoner
from agentkit.reasoning.usage import Counting, counting, spent

__all__ = [
    "Act",
    "Answer",
    "Ask",
    "CallTool",
    "Candidate",
    "Counting",
    "Decline",
    "Delegate",
    "DelegateTogether",
    "Delegation",
    "Observation",
    "Reasoner",
    "RuleReasoner",
    "ScriptedReasoner",
    "Situation",
    "Tool",
    "Utterance",
    "counting",
    "dump_act",
    "load_act",
    "spent",
]

"""Decides the next act: the `Reasoner` protocol and its implementations."""

from agentkit.reasoning.acts import dump_act, load_act
from agentkit.reasoning.cassette import Cassette
from agentkit.reasoning.named import reasoner_from
from agentkit.reasoning.observed import dump_observation, load_observation
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
    Passage,
    Reasoner,
    Situation,
    Tool,
    Utterance,
)
from agentkit.reasoning.replay import RecordingReasoner, ReplayReasoner
from agentkit.reasoning.rules import RuleReasoner
from agentkit.reasoning.scripted import ScriptedReasoner
from agentkit.reasoning.usage import Counting, counting, spent

__all__ = [
    "Act",
    "Answer",
    "Ask",
    "CallTool",
    "Candidate",
    "Cassette",
    "Counting",
    "Decline",
    "Delegate",
    "DelegateTogether",
    "Delegation",
    "Observation",
    "Passage",
    "Reasoner",
    "RecordingReasoner",
    "ReplayReasoner",
    "RuleReasoner",
    "ScriptedReasoner",
    "Situation",
    "Tool",
    "Utterance",
    "counting",
    "dump_act",
    "dump_observation",
    "load_act",
    "load_observation",
    "reasoner_from",
    "spent",
]

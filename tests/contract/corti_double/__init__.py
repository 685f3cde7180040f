"""Corti as its reference describes it, for tests: stateful, written by hand in literal JSON from the rule ids.

It imports nothing of agentkit, so that client and double cannot agree on a wrong wire. A test makes a `CortiDouble`,
serves its `app`, sets what agents answer and what goes wrong before a call, and reads what was asked after it:

    double = CortiDouble()
    agent = double.add_agent()                       # or add_v2_agent, or POST /agents
    gate = Gate()
    double.agent_answers("Penicillin.", Turn("Which ear?", "input-required"), Turn("Done", gate=gate))
    double.inject(too_many(1), on="POST */message:send")
    ...                                              # the client under test talks to double.app
    assert double.executed["m-1"] == 1
"""

from __future__ import annotations

from tests.contract.corti_double.double import CortiDouble
from tests.contract.corti_double.faults import Answer, Drop, Shape, html, redirect, too_many
from tests.contract.corti_double.gatekeeper import Call
from tests.contract.corti_double.gates import Gate
from tests.contract.corti_double.records import Credential
from tests.contract.corti_double.turns import (
    Hold,
    Part,
    Produce,
    Received,
    Report,
    Turn,
    Usage,
    data_part,
    in_pieces,
    text_part,
)

__all__ = [
    "Answer",
    "Call",
    "CortiDouble",
    "Credential",
    "Drop",
    "Gate",
    "Hold",
    "Part",
    "Produce",
    "Received",
    "Report",
    "Shape",
    "Turn",
    "Usage",
    "data_part",
    "html",
    "in_pieces",
    "redirect",
    "text_part",
    "too_many",
]

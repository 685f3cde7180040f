"""The medical calculator expert: what it is good for and how it works; its address is given when it is registered."""

from __future__ import annotations

from importlib import resources
from typing import Final

from agentkit.experts import Expert
from agentkit.specs import Authorization

EXPERT: Final = Expert(
    "medical-calculator",
    description=(
        "Medical calculator: computes and explains clinical formulas and risk scores, such as kidney function (CKD-EPI,"
        " creatinine clearance), BMI, QTc, anion gap, cirrhosis (MELD, Child-Pugh), stroke and bleeding risk"
        " (CHA2DS2-VASc, HAS-BLED), thrombosis (Wells, Caprini), pneumonia (CURB-65), sepsis (SOFA, NEWS2), opioid"
        " equivalents or gestational age. Works on values that are given in the conversation: converts units, lists"
        " what is missing, shows the working, and names formula, version and source. It has no access to records and"
        " gives no advice on treatment."
    ),
    prompt=resources.files("agentkit_experts.medical_calculator").joinpath("prompt.md").read_text(encoding="utf-8"),
    server="calculator",
    authorization=Authorization.BEARER,
)
"""Registered as the expert `medical-calculator`; credentials are bound to its MCP server `calculator`."""

"""The EHR lookup expert: what it is good for and how it works; its address is given when it is registered."""

from __future__ import annotations

from importlib import resources
from typing import Final

from agentkit.experts import Expert
from agentkit.specs import Authorization

EXPERT: Final = Expert(
    "ehr-lookup",
    description=(
        "Looks up patients' health records, read-only: finds patients by name, birth date or record number, and reports"
        " medications, allergies, laboratory results, vital signs, diagnoses and a summary of the chart."
    ),
    prompt=resources.files("agentkit_experts.ehr_lookup").joinpath("prompt.md").read_text(encoding="utf-8"),
    server="ehr",
    authorization=Authorization.BEARER,
)
"""Registered as the expert `ehr-lookup`; credentials are bound to its MCP server `ehr`."""

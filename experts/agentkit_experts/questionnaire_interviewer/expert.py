"""The questionnaire interviewer: what it is good for and how it works; its address is given when it is registered."""

from __future__ import annotations

from importlib import resources
from typing import Final

from agentkit.experts import Expert
from agentkit.specs import Authorization

SCOPE: Final = "questionnaires"
"""The OAuth scope its MCP server asks for."""

EXPERT: Final = Expert(
    "questionnaire-interviewer",
    description=(
        "Interviews a person with a validated screening questionnaire (PHQ-2 for low mood, GAD-2 for anxiety), one"
        " question at a time in the official wording, and reports the score with its cut-off."
    ),
    prompt=resources.files("agentkit_experts.questionnaire_interviewer")
    .joinpath("prompt.md")
    .read_text(encoding="utf-8"),
    server="questionnaires",
    authorization=Authorization.OAUTH2,
)
"""Registered as the expert `questionnaire-interviewer`; credentials are bound to its MCP server `questionnaires`."""

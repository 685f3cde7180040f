"""Interviews along a questionnaire in the schema of Corti's interviewing expert (section 13 of the API contract)."""

from agentkit.interviewing.engine import ATTEMPTS, begin, inquiry, pending, replay, step
from agentkit.interviewing.findings import Code, Finding, QuestionnaireInvalid, Severity
from agentkit.interviewing.interpreter import Inquiry, Interpreter, Reading, Reason, Unclear, Understood
from agentkit.interviewing.lints import lint, load
from agentkit.interviewing.path import Path, walk
from agentkit.interviewing.reading.deterministic import DeterministicInterpreter, read
from agentkit.interviewing.response import QUESTIONNAIRE_TYPE, RESPONSE_TYPE, evidence, response
from agentkit.interviewing.safety import Notice, notices
from agentkit.interviewing.schema import (
    Answer,
    Condition,
    Label,
    Operator,
    Option,
    Question,
    Questionnaire,
    QuestionType,
    Value,
)
from agentkit.interviewing.scoring import NOT_A_DIAGNOSIS, Score, Scoring, missing, score
from agentkit.interviewing.session import (
    Accepted,
    Amended,
    Answered,
    Dropped,
    Event,
    Outcome,
    Output,
    Restarted,
    Session,
    Skipped,
    Started,
)
from agentkit.interviewing.values import Misfit, misfit
from agentkit.interviewing.wording import ask, say

__all__ = [
    "ATTEMPTS",
    "NOT_A_DIAGNOSIS",
    "QUESTIONNAIRE_TYPE",
    "RESPONSE_TYPE",
    "Accepted",
    "Amended",
    "Answer",
    "Answered",
    "Code",
    "Condition",
    "DeterministicInterpreter",
    "Dropped",
    "Event",
    "Finding",
    "Inquiry",
    "Interpreter",
    "Label",
    "Misfit",
    "Notice",
    "Operator",
    "Option",
    "Outcome",
    "Output",
    "Path",
    "Question",
    "QuestionType",
    "Questionnaire",
    "QuestionnaireInvalid",
    "Reading",
    "Reason",
    "Restarted",
    "Score",
    "Scoring",
    "Session",
    "Severity",
    "Skipped",
    "Started",
    "Unclear",
    "Understood",
    "Value",
    "ask",
    "begin",
    "evidence",
    "inquiry",
    "lint",
    "load",
    "misfit",
    "missing",
    "notices",
    "pending",
    "read",
    "replay",
    "response",
    "say",
    "score",
    "step",
    "walk",
]

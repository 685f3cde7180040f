"""What a lint finds: a stable code, where, and how bad (clinical reference 2.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agentkit.errors import SpecError


class Severity(StrEnum):
    """An error keeps a questionnaire from being used, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """Stable: tools and tests rely on them; never rename, only add."""

    MISSING_FIELD = "missing-field"
    WRONG_TYPE = "wrong-type"
    DUPLICATE_ID = "duplicate-id"
    DUPLICATE_OPTION = "duplicate-option"
    DANGLING_REFERENCE = "dangling-reference"
    CYCLE = "cycle"
    MISSING_MODE = "missing-mode"
    MISSING_OPTIONS = "missing-options"
    MISSING_BOUNDS = "missing-bounds"
    BAD_BOUNDS = "bad-bounds"
    BAD_STEP = "bad-step"
    BAD_LABELS = "bad-labels"
    BAD_MAX_SELECTIONS = "bad-max-selections"
    LIST_EXPECTED = "list-expected"
    VALUE_MISSING = "value-missing"
    VALUE_UNEXPECTED = "value-unexpected"
    UNREACHABLE = "unreachable-question"
    LATE_SOURCE = "late-source"
    IMPOSSIBLE_CONDITION = "impossible-condition"
    OPTIONAL_SOURCE = "source-may-be-unanswered"
    NEXT_CONFLICT = "next-conflict"
    NEVER_VISIBLE = "required-never-visible"
    UNKNOWN_FIELD = "unknown-field"
    DUPLICATE_LABEL = "duplicate-label"

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return Severity.WARNING if self in _WARNINGS else Severity.ERROR


_WARNINGS = frozenset(
    {
        Code.UNREACHABLE,
        Code.LATE_SOURCE,
        Code.IMPOSSIBLE_CONDITION,
        Code.OPTIONAL_SOURCE,
        Code.NEXT_CONFLICT,
        Code.NEVER_VISIBLE,
        Code.UNKNOWN_FIELD,
        Code.DUPLICATE_LABEL,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a lint found.

    Attributes:
        code: Which one.
        path: Where in the document, by places and field names of the schema only: `questions[2].options[0].next`.
        message: What is wrong, without any text of the questionnaire.
    """

    code: Code
    path: str
    message: str

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.code.severity

    def __str__(self) -> str:
        """Path, code and message on one line."""
        return f"{self.path or 'questionnaire'}: {self.code}: {self.message}"


class QuestionnaireInvalid(SpecError):
    """A questionnaire cannot be used (QNC-19).

    Attributes:
        findings: The errors, in the order of the document.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Keep the findings; the message names the first."""
        first = findings[0]
        more = f" ({len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(first.path or "questionnaire", f"{first.code}: {first.message}{more}")
        self.findings = tuple(findings)

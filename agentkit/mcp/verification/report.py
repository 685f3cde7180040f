"""What a verification found: plain values that a person reads in a terminal and a program reads as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from agentkit.models import JsonObject
from agentkit.specs import Authorization

JSON_VERSION: Final = 1
"""Of the shape of `VerificationReport.to_json`; a check id keeps its meaning within a version."""


class Verdict(StrEnum):
    """What a check found."""

    PASSED = "passed"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a report.

    Attributes:
        check: The stable id, for example `auth.no-credential`.
        group: What it is about, for example `authorization`.
        verdict: How it went.
        text: What holds, what is wrong, or why it was not looked at; holds no secret.
        subject: The tool it is about, where it is about one.
        rules: The rules it rests on, for example `MCP-COR-02`.
        remedy: What to do about it.
    """

    check: str
    group: str
    verdict: Verdict
    text: str
    subject: str | None = None
    rules: tuple[str, ...] = ()
    remedy: str | None = None

    def to_json(self) -> JsonObject:
        """The finding as JSON."""
        return {
            "check": self.check,
            "group": self.group,
            "verdict": self.verdict.value,
            "text": self.text,
            "subject": self.subject,
            "rules": list(self.rules),
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """Whether a server is fit to be an expert's, and why.

    Attributes:
        url: The address that was verified, without query.
        authorization: As what it is to be registered.
        findings: In the order of the checks.
        measurements: Numbers by name: milliseconds (`connect_ms_median`, `list_ms_max`, ...), sizes in characters
            and counts. Absent where nothing was measured.
    """

    url: str
    authorization: Authorization
    findings: Sequence[Finding]
    measurements: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What makes the server unfit."""
        return self._with(Verdict.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What should be better."""
        return self._with(Verdict.WARNING)

    @property
    def fit(self) -> bool:
        """Whether the server can be an expert's: there is no error."""
        return not self.errors

    @property
    def strictly_fit(self) -> bool:
        """Whether there is neither error nor warning."""
        return self.fit and not self.warnings

    def of(self, check: str) -> tuple[Finding, ...]:
        """The findings of one check."""
        return tuple(finding for finding in self.findings if finding.check == check)

    def to_json(self) -> JsonObject:
        """The report as JSON, for programs; apart from measurements the same server gives the same."""
        counts = {verdict.value: len(self._with(verdict)) for verdict in Verdict}
        return {
            "version": JSON_VERSION,
            "url": self.url,
            "authorization": self.authorization.value,
            "fit": self.fit,
            "counts": {**counts},
            "findings": [finding.to_json() for finding in self.findings],
            "measurements": dict(self.measurements),
        }

    def _with(self, verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.verdict is verdict)

"""A check is data: id, group, rules, severity, remedy, what it needs, and a small function that looks.

The same for whatever is looked at: an MCP server here, an A2A endpoint in `agentkit.a2a.verification`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import anyio

from agentkit.credentials import withhold_text
from agentkit.errors import AgentKitError
from agentkit.mcp.verification.report import Finding, Verdict
from agentkit.specs import Authorization

MOST_PROBLEMS: Final = 10
"""Findings that one check may have; how many more there are is said."""

LONGEST_TEXT: Final = 400


class Skip(Exception):  # not an error: it never leaves this room
    """There is nothing to look at; the text says why."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One defect.

    Attributes:
        text: What is wrong.
        subject: The tool it is about.
        severity: Where it differs from the check's.
        remedy: Where it differs from the check's.
    """

    text: str
    subject: str | None = None
    severity: Verdict | None = None
    remedy: str | None = None


class Looked(Protocol):
    """What is looked at, and with what."""

    @property
    def authorization(self) -> Authorization:
        """As what it is to be registered."""
        ...

    @property
    def secrets(self) -> Collection[str]:
        """What it was sent and must not stand in a report."""
        ...


S = TypeVar("S", bound=Looked)

LookOf = Callable[[S], Awaitable[Sequence[Problem]]]
"""Looks at something; returns what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOf(Generic[S]):
    """One thing that something must, or should, be.

    Attributes:
        id: Stable; programs compare it.
        group: The heading it stands under.
        says: What holds when nothing is wrong.
        look: Finds out.
        remedy: What to do about a defect.
        rules: What it rests on.
        severity: Of a defect.
        needs: Checks without whose success it says nothing.
        only: The ways of authorization it is about; empty for all.
    """

    id: str
    group: str
    says: str
    look: LookOf[S]
    remedy: str
    rules: tuple[str, ...] = ()
    severity: Verdict = Verdict.ERROR
    needs: tuple[str, ...] = ()
    only: frozenset[Authorization] = frozenset()


class GroupOf(Generic[S]):
    """Collects the checks of one module."""

    def __init__(self, name: str, *, needs: tuple[str, ...] = (), only: frozenset[Authorization] = frozenset()) -> None:
        """Begin an empty group whose checks share what they need and for whom they are."""
        self.name = name
        self.checks: list[CheckOf[S]] = []
        self._needs = needs
        self._only = only

    def check(
        self,
        check_id: str,
        says: str,
        remedy: str,
        *rules: str,
        warning: bool = False,
        needs: tuple[str, ...] | None = None,
        only: frozenset[Authorization] | None = None,
    ) -> Callable[[LookOf[S]], LookOf[S]]:
        """Make the function below the look of a new check; see `CheckOf`."""

        def add(look: LookOf[S]) -> LookOf[S]:
            made = CheckOf(
                id=check_id,
                group=self.name,
                says=says,
                look=look,
                remedy=remedy,
                rules=rules,
                severity=Verdict.WARNING if warning else Verdict.ERROR,
                needs=self._needs if needs is None else needs,
                only=self._only if only is None else only,
            )
            self.checks.append(made)
            return look

        return add


class RunOf(Generic[S]):
    """Runs checks one after another, and keeps what they found."""

    def __init__(self, site: S) -> None:
        """Run checks of this."""
        self._site = site
        self.findings: list[Finding] = []
        self._passed: set[str] = set()
        self._causes: dict[str, str] = {}
        self._late = False

    async def run(self, check: CheckOf[S], deadline: float) -> None:
        """Run one check until `deadline` on the loop's clock at the latest."""
        if check.only and self._site.authorization not in check.only:
            return
        if missing := [name for name in check.needs if name not in self._passed]:
            # The first cause is told, not the last link of a chain that hangs on it.
            cause = self._causes[check.id] = self._causes.get(missing[0], missing[0])
            self._add(check, Verdict.SKIPPED, f"not looked at: {cause} did not pass")
            return
        if self._late:
            self._add(check, Verdict.SKIPPED, "not looked at: there was no time left")
            return
        problems: Sequence[Problem] | None = None
        with anyio.CancelScope(deadline=deadline):
            try:
                problems = await check.look(self._site)
            except Skip as skip:
                self._add(check, Verdict.SKIPPED, str(skip))
                return
            except AgentKitError as error:
                problems = [Problem(error.message, remedy=error.remedy)]
        if problems is None:
            self._late = True
            remedy = "Find out why it is so slow, or raise the time limit."
            problems = [
                Problem("the time for all checks ran out during this one", severity=Verdict.ERROR, remedy=remedy)
            ]
        self._note(check, problems)

    def _note(self, check: CheckOf[S], problems: Sequence[Problem]) -> None:
        for problem in problems[:MOST_PROBLEMS]:
            remedy = problem.remedy or check.remedy
            self._add(check, problem.severity or check.severity, problem.text, problem.subject, remedy)
        if len(problems) > MOST_PROBLEMS:
            self._add(check, check.severity, f"and {len(problems) - MOST_PROBLEMS} more of this kind")
        if not problems:
            self._add(check, Verdict.PASSED, check.says)
        if all((problem.severity or check.severity) is Verdict.WARNING for problem in problems):
            self._passed.add(check.id)

    def _add(
        self, check: CheckOf[S], verdict: Verdict, text: str, subject: str | None = None, remedy: str | None = None
    ) -> None:
        finding = Finding(
            check=check.id,
            group=check.group,
            verdict=verdict,
            text=self._clean(text, LONGEST_TEXT),
            subject=subject and self._clean(subject, 64),
            rules=check.rules,
            remedy=remedy and self._clean(remedy, LONGEST_TEXT),
        )
        self.findings.append(finding)

    def _clean(self, text: str, limit: int) -> str:
        """What a server said may stand in it: not the secrets it was sent, and not without end."""
        text = withhold_text(text, self._site.secrets)
        return text if len(text) <= limit else f"{text[: limit - 1]}…"

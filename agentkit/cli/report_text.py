"""The report of a verification, for people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Final

from agentkit.cli.text import counted, one_line

if TYPE_CHECKING:
    from agentkit.mcp import Finding, VerificationReport

_SIGNS: Final = {"passed": "✓", "warning": "!", "error": "✗", "skipped": "·"}
_PLAIN_SIGNS: Final = {"passed": "+", "warning": "!", "error": "x", "skipped": "-"}
_COLOURS: Final = {"passed": "green", "warning": "yellow", "error": "red", "skipped": "dim"}


def show_report(report: VerificationReport, purpose: str) -> None:
    """Print a report; `purpose` is what something was verified to be, for example `an expert's server`."""
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    signs = _SIGNS if console.encoding.lower().startswith("utf") else _PLAIN_SIGNS
    console.print(Text(one_line(f"{report.url} as {report.authorization.value}"), style="bold"))
    skipped: dict[str, list[str]] = {}
    for group, findings in _grouped(report):
        if {finding.text for finding in findings} == {findings[0].text} and findings[0].verdict.value == "skipped":
            skipped.setdefault(findings[0].text, []).append(group)
            continue
        console.print(Text(f"\n{group}", style="bold"))
        for _, same in groupby(findings, lambda finding: finding.check):
            several = list(same)
            for finding in several:
                verdict = finding.verdict.value
                about = f"{finding.subject}: " if finding.subject else ""
                line = Text(f"  {signs[verdict]} ", style=_COLOURS[verdict])
                line.append(one_line(f"{about}{finding.text}"), style="dim" if verdict == "skipped" else "default")
                line.append(f"  {finding.check}", style="dim")
                console.print(line)
            for remedy in dict.fromkeys(finding.remedy for finding in several if finding.remedy):
                rules = f" ({', '.join(several[0].rules)})" if several[0].rules else ""
                console.print(Text(one_line(f"      {remedy}{rules}"), style="dim"))
    for text, groups in skipped.items():
        # One failure early on takes many checks with it, which is said once.
        console.print(Text(f"\n{', '.join(groups)}", style="bold"))
        console.print(Text(f"  {signs['skipped']} {one_line(text)}", style="dim"))
    console.print()
    if report.measurements:
        measured = ", ".join(f"{name} {number:g}" for name, number in report.measurements.items())
        console.print(Text(f"measured: {measured}", style="dim"))
    verdict = "fit" if report.fit else "not fit"
    counts = f"{counted(len(report.errors), 'error')}, {counted(len(report.warnings), 'warning')}"
    console.print(Text(f"{verdict} to be {purpose}: {counts}", style="bold green" if report.fit else "bold red"))


def _grouped(report: VerificationReport) -> Iterator[tuple[str, list[Finding]]]:
    for group in dict.fromkeys(finding.group for finding in report.findings):
        yield group, [finding for finding in report.findings if finding.group == group]

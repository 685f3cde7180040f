"""`agentkit experts verify`: what a person reads, what a program reads, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentkit.mcp import (
    ApiKey,
    BearerToken,
    McpAuth,
    OAuthClientCredentials,
    Thresholds,
    VerificationReport,
    verify_server,
)
from agentkit.mcp.verification import Finding, Verdict, verify
from agentkit.specs import Authorization
from tests.cli.conftest import SECRET, TOKEN, House, Run


def test_a_served_expert_is_fit_with_its_token(run: Run, house: House) -> None:
    done = run("experts", "verify", house.address("ehr"), "--token", TOKEN)
    assert done.exit_code == 0, done.output
    for part in (
        "as bearer",
        "reachability",
        "✓ Without a credential the answer is 401  auth.no-credential",
        "schemas",
        "fit to be an expert's server: 0 errors",
        "connect_ms_median",
    ):
        assert part in done.stdout
    assert TOKEN not in done.output


def test_the_report_for_programs_says_the_same(run: Run, house: House) -> None:
    arguments = ("experts", "verify", house.address("ehr"), "--token", TOKEN, "--json", "--call-safe")
    first, second = (json.loads(run(*arguments).stdout) for _ in range(2))
    assert first["version"] == 1
    assert first["fit"] is True
    assert first["authorization"] == "bearer"
    assert set(first) == {"version", "url", "authorization", "fit", "counts", "findings", "measurements"}
    assert set(first["findings"][0]) == {"check", "group", "verdict", "text", "subject", "rules", "remedy"}
    for report in (first, second):
        report.pop("measurements")
        assert sum(report["counts"].values()) == len(report["findings"])
    assert first == second


def test_a_server_with_an_authorization_server_is_fit_with_its_client(run: Run, house: House, tmp_path: Path) -> None:
    (tmp_path / "client").write_text(f"tester:{SECRET}\n", encoding="utf-8")
    address = house.address("questionnaires")
    done = run("experts", "verify", address, "--auth", "oauth2.0", "--client", f"@{tmp_path}/client", "--call-safe")
    assert done.exit_code == 0, done.output
    assert "✓ Tokens for other resources do not open the server" in done.stdout
    assert SECRET not in done.output


def test_a_wrong_token_is_told_with_the_remedy(run: Run, house: House) -> None:
    done = run("experts", "verify", house.address("ehr"), "--token", "wrong-token-0123")
    assert done.exit_code == 1
    assert "✗ a handshake with the credential was answered with HTTP 401" in done.stdout
    assert "Check that the credential is the server's" in done.stdout
    assert "(MCP-COR-01, MCP-COR-02, MCP-COR-04)" in done.stdout
    assert "not fit to be an expert's server: 1 error," in done.stdout
    assert "wrong-token-0123" not in done.output


def test_nobody_there_is_told(run: Run) -> None:
    done = run("experts", "verify", "http://127.0.0.1:1/mcp", "--auth", "none")
    assert done.exit_code == 1
    assert "no connection could be made" in done.stdout
    assert done.stdout.count("protocol.handshake did not pass") < 10


@pytest.mark.parametrize(
    "arguments",
    [
        ("http://127.0.0.1:1/mcp",),
        ("http://127.0.0.1:1/mcp", "--auth", "oauth2.0"),
        ("http://127.0.0.1:1/mcp", "--auth", "oauth2.0", "--client", "no-colon"),
        ("http://127.0.0.1:1/mcp", "--auth", "magic"),
        ("ftp://127.0.0.1/mcp", "--auth", "none"),
        ("http://127.0.0.1:1/mcp", "--token", "env:NO_SUCH_VARIABLE"),
        ("http://127.0.0.1:1/mcp", "--auth", "none", "--call", "tool"),
        ("http://127.0.0.1:1/mcp", "--auth", "none", "--call", "tool=[1]"),
        ("http://127.0.0.1:1/mcp", "--auth", "none", "--call", "tool={"),
        ("http://127.0.0.1:1/mcp", "--auth", "none", "--threshold", "speed=1"),
        ("http://127.0.0.1:1/mcp", "--auth", "none", "--threshold", "tools=many"),
        (),
    ],
)
def test_misuse_is_told_from_an_unfit_server(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("experts", "verify", *arguments)
    assert done.exit_code == 2, done.output


class Stand:
    """Stands in for the verification: keeps what it was asked and answers what a test wants."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        self.asked: dict[str, Any] = {}

    async def __call__(self, url: str, *, auth: Authorization, **options: Any) -> VerificationReport:
        self.asked = {"url": url, "auth": auth, **options}
        return VerificationReport(url, auth, self.findings, {})


def finding(verdict: Verdict, text: str = "something", **more: Any) -> Finding:
    return Finding(check="tools.title", group="tools", verdict=verdict, text=text, **more)


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    made = Stand(finding(Verdict.WARNING))
    monkeypatch.setattr(verify, "verify_server", made)
    monkeypatch.setattr("agentkit.mcp.verification.verify_server", made)
    return made


def test_warnings_fail_where_they_shall(run: Run, stand: Stand) -> None:
    arguments = ("experts", "verify", "https://mcp.example/mcp", "--auth", "none")
    assert run(*arguments).exit_code == 0
    assert run(*arguments, "--strict").exit_code == 1
    stand.findings = (finding(Verdict.PASSED), finding(Verdict.SKIPPED))
    assert run(*arguments, "--strict").exit_code == 0


def test_before_an_expert_is_applied_its_warnings_are_counted(run: Run, stand: Stand, connected: House) -> None:
    place = ("--agent", "counted", "--url", "https://mcp.example/mcp", "--dry-run")
    arguments = ("experts", "apply", "ehr-lookup", *place, "--verify", "--token", f"ehr={TOKEN}")
    line = "verified ehr: fit to be an expert's server, "
    assert f"{line}1 warning\n" in run(*arguments).stdout
    stand.findings *= 2
    assert f"{line}2 warnings\n" in run(*arguments).stdout


@pytest.mark.parametrize(
    ("options", "auth", "credential"),
    [
        (("--auth", "none", "--token", TOKEN), Authorization.NONE, None),
        (("--token", TOKEN), Authorization.BEARER, BearerToken(TOKEN)),
        (("--auth", "inherit", "--token", TOKEN), Authorization.INHERIT, BearerToken(TOKEN)),
        (("--auth", "apiKey", "--token", TOKEN), Authorization.API_KEY, ApiKey(TOKEN)),
        (
            ("--auth", "oauth2.0", "--client", f"me:{SECRET}", "--issuer", "https://i.example", "--scope", "a b"),
            Authorization.OAUTH2,
            OAuthClientCredentials("me", SECRET, "a b", "https://i.example"),
        ),
    ],
)
def test_the_options_say_what_is_verified(
    run: Run, stand: Stand, options: tuple[str, ...], auth: Authorization, credential: McpAuth | None
) -> None:
    more = ("--call", 'find={"a": 1}', "--threshold", "call_ms=50", "--timeout", "2", "--limit", "30", "--call-safe")
    done = run("experts", "verify", "https://mcp.example/mcp", *options, *more)
    assert done.exit_code == 0, done.output
    assert stand.asked == {
        "url": "https://mcp.example/mcp",
        "auth": auth,
        "credential": credential,
        "calls": {"find": {"a": 1}},
        "call_safe": True,
        "thresholds": Thresholds(call_ms=50),
        "request_timeout": 2.0,
        "time_limit": 30.0,
    }


def test_what_a_server_says_moves_no_cursor_and_starts_no_markup(run: Run, stand: Stand) -> None:
    hostile = "[red]evil[/red]\x1b]0;owned\x07\x9b2J\u202e\nnext"
    stand.findings = (finding(Verdict.ERROR, hostile, subject=hostile, remedy=hostile, rules=("MCP-SRV-01",)),)
    done = run("experts", "verify", "https://mcp.example/mcp", "--auth", "none")
    assert "[red]evil[/red]" in done.stdout
    assert not any(mark in done.stdout for mark in ("\x1b", "\x07", "\x9b", "\u202e"))
    as_json = run("experts", "verify", "https://mcp.example/mcp", "--auth", "none", "--json")
    assert json.loads(as_json.stdout)["findings"][0]["text"] == hostile
    assert as_json.stdout.isascii()


def test_a_remedy_is_told_once_for_all_findings_of_a_check(run: Run, stand: Stand) -> None:
    stand.findings = tuple(finding(Verdict.WARNING, subject=name, remedy="Give it a title.") for name in ("a", "b"))
    shown = run("experts", "verify", "https://mcp.example/mcp", "--auth", "none").stdout
    assert shown.count("Give it a title.") == 1
    assert "! a: something" in shown
    assert "! b: something" in shown


def test_the_function_behind_the_command_is_public() -> None:
    assert verify_server is verify.verify_server

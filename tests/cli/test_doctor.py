from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from tests.cli.conftest import House, Run


def test_a_healthy_machine_has_nothing_broken(run: Run, connected: House) -> None:
    done = run("doctor")
    assert done.exit_code == 0, done.output
    for line in (
        "Python: 3.",
        "servers: calculator, ehr, questionnaires",
        "experts: ehr-lookup",
        "credentials: the API accepts",
    ):
        assert line in done.output


def test_missing_configuration_is_a_note_with_the_remedy(run: Run) -> None:
    done = run("doctor")
    assert done.exit_code == 0
    assert "CORTI_ENVIRONMENT" in done.output
    assert "CORTI_BASE_URL" in done.output


def test_refused_credentials_are_broken(run: Run, connected: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORTI_CLIENT_SECRET", "wrong-secret")
    done = run("doctor")
    assert done.exit_code == 1
    assert "unauthorized_client" in done.output
    assert "wrong-secret" not in done.output


def test_a_port_in_use_is_noted(run: Run) -> None:
    with socket.socket() as taken:
        with suppress(OSError):  # in use already: that is what is to be seen
            taken.bind(("127.0.0.1", 8703))
            taken.listen()
        done = run("doctor")
    assert "8703 (gRPC) is in use" in done.output

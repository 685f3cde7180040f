"""`agentkit clients`: registering, changing secrets and keys, beside a server that runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio.from_thread
import httpx2
import pytest
from typer.testing import Result

from agentkit.cli.issuer import issuer_app, issuer_lines
from agentkit.errors import AgentKitError, ConfigurationError, StorageError
from agentkit.testing.asgi import ASGITransport, running
from tests.cli.conftest import Run, agentkit
from tests.deadline import HANG

ISSUER = "http://127.0.0.1:8704"
EHR = "http://127.0.0.1:8701/ehr/mcp"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENTKIT_DATABASE", raising=False)
    monkeypatch.delenv("AGENTKIT_SECRET_KEY", raising=False)


def secret_of(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return str(json.loads(result.output)["client_secret"])


@contextmanager
def serving(database: Path) -> Generator[httpx2.Client]:
    """The authorization server on its database, asked from this thread while commands run in it too."""

    async def asked(request: httpx2.Request) -> httpx2.Response:
        content = request.read()
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        answer = await client.request(request.method, str(request.url), content=content, headers=headers)
        return httpx2.Response(answer.status_code, content=answer.content, headers=answer.headers)

    with anyio.from_thread.start_blocking_portal() as portal:
        app = issuer_app(ISSUER, str(database))
        started = portal.wrap_async_context_manager(running(app))
        with started as ready:
            client = httpx2.AsyncClient(transport=ASGITransport(ready), timeout=HANG)
            transport = httpx2.MockTransport(lambda request: portal.call(asked, request))
            with httpx2.Client(transport=transport, base_url=ISSUER) as http:
                yield http
            portal.call(client.aclose)


def test_a_client_is_registered_used_changed_and_removed_beside_a_running_server(run: Run, tmp_path: Path) -> None:
    database = tmp_path / "data" / "agentkit" / "authorization-server.db"
    with serving(database) as http:

        def token(secret: str) -> str | None:
            return http.post("/token", data=GRANT, auth=("agent", secret)).json().get("access_token")

        first = secret_of(run("clients", "add", "agent", "--scope", "ehr", "--resource", EHR, "--json"))
        checker = secret_of(run("clients", "add", "server", "--serves", EHR, "--json"))
        before = token(first)
        assert before
        second = secret_of(run("clients", "rotate-secret", "agent", "--json"))
        assert token(first)
        assert token(second)
        assert run("clients", "end-secret", "agent").exit_code == 0
        assert token(first) is None
        assert token(second)
        kids = {key["kid"] for key in http.get("/jwks").json()["keys"]}
        rotated = run("clients", "rotate-keys")
        assert rotated.exit_code == 0
        told = http.post("/introspect", data={"token": before}, auth=("server", checker)).json()
        assert (told["active"], told["aud"], told["scope"]) == (True, EHR, "ehr")
        assert not kids & set(rotated.output.split())
        assert run("clients", "remove", "agent").exit_code == 0
        assert token(second) is None
        told = http.post("/introspect", data={"token": before}, auth=("server", checker)).json()
        assert told == {"active": False}
        assert http.get("/health").status_code == 200
    with serving(database) as http:
        assert rotated.output.split()[2].rstrip(".") in {key["kid"] for key in http.get("/jwks").json()["keys"]}


def test_a_secret_is_shown_once_where_it_was_made_and_never_where_it_was_given(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("clients", "add", "one", "--resource", EHR)
    assert "secret  " in made.output
    assert "shown this once" in made.output
    (tmp_path / "secret").write_text("given-in-a-file-0123456789\n")
    monkeypatch.setenv("MY_SECRET", "given-in-a-variable-0123456789")
    for name, given in (("two", f"@{tmp_path / 'secret'}"), ("three", "env:MY_SECRET")):
        added = run("clients", "add", name, "--resource", EHR, "--secret", given)
        assert added.exit_code == 0
        assert "given-in" not in added.output
    again = run("clients", "rotate-secret", "two", "--secret", "env:MY_SECRET", "--keep", "0")
    assert "not valid any more" in again.output
    shown = run("clients", "list").output + run("clients", "list", "--json").output
    assert made.output.split("secret  ")[1].split()[0] not in shown
    assert "given-in" not in shown
    assert "scrypt" not in shown


def test_a_list_tells_what_each_may_do_and_how_long_an_old_secret_lasts(run: Run) -> None:
    run("clients", "add", "agent", "--scope", "a", "--scope", "b", "--resource", EHR)
    run("clients", "rotate-secret", "agent", "--keep", "2")
    text = run("clients", "list").output
    assert "a b" in text
    assert EHR in text
    assert "2, the old one until" in text
    (record,) = json.loads(run("clients", "list", "--json").output)
    assert (record["client_id"], record["scopes"], record["resources"]) == ("agent", ["a", "b"], [EHR])
    newest, old = record["secrets"]
    assert newest["expires"] is None
    assert old["expires"].endswith("Z")


def test_an_empty_list_says_how_to_begin(run: Run) -> None:
    run("clients", "add", "agent", "--resource", EHR)
    run("clients", "remove", "agent")
    assert "agentkit clients add" in run("clients", "list").output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["add", "agent"], "--resource: is missing"),
        (["add", "a b", "--resource", EHR], "client id"),
        (["add", "agent", "--resource", "http://x/ y"], "resource"),
        (["add", "agent", "--resource", "ehr"], "resource"),
        (["add", "agent", "--serves", "localhost:8701/ehr/mcp"], "resource"),
        (["add", "agent", "--resource", EHR, "--scope", "a b"], "scope"),
        (["add", "agent", "--resource", EHR, "--secret", ""], "--secret"),
        (["add", "agent", "--resource", EHR, "--secret", "@/does/not/exist"], "--secret"),
        (["add", "known", "--resource", EHR], "registered already"),
        (["remove", "nobody"], "not registered"),
        (["remove", "\x1b[31mred"], "not registered"),
        (["rotate-secret", "nobody"], "not registered"),
        (["end-secret", "nobody"], "not registered"),
        (["list", "--database", "postgresql://x/y"], "not supported"),
        (["list", "--database", "/does/not/exist.db"], "there is none"),
        (["add", "agent", "--resource", EHR, "--database", ":memory:"], "memory"),
        (["add", "agent", "--resource", EHR, "--database", "sqlite:///:memory:"], "memory"),
    ],
)
def test_what_cannot_be_done_is_told_with_the_field_and_the_remedy(run: Run, arguments: list[str], why: str) -> None:
    run("clients", "add", "known", "--resource", EHR)
    done = run("clients", *arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, ConfigurationError | StorageError)
    assert why in str(done.exception)
    assert "\x1b" not in str(done.exception)


def test_commands_before_the_first_client_make_no_database(run: Run, tmp_path: Path) -> None:
    for command in (["list"], ["rotate-keys"], ["remove", "x"]):
        done = run("clients", *command)
        assert isinstance(done.exception, AgentKitError)
        assert "Start the server or add a client first" in str(done.exception)
    assert not list((tmp_path / "data").rglob("*.db"))


def test_a_key_sealed_with_another_secret_key_is_replaced_only_by_force(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "data" / "agentkit" / "authorization-server.db"):
        pass
    monkeypatch.setenv("AGENTKIT_SECRET_KEY", "A" * 43 + "=")
    done = run("clients", "rotate-keys")
    assert isinstance(done.exception, ConfigurationError)
    assert "--force" in str(done.exception)
    assert run("clients", "rotate-keys", "--force").exit_code == 0


def test_a_person_sees_a_refusal_in_one_line(tmp_path: Path) -> None:
    done = agentkit("clients", "remove", "nobody", "--database", str(tmp_path / "x.db"), folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: --database")


def test_managing_clients_loads_no_server() -> None:
    script = "import sys, agentkit.cli.clients, agentkit.oauth.store; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"starlette", "uvicorn", "mcp", "a2a"} & set(done.stdout.split())


def test_the_hint_of_the_server_is_a_command_that_can_be_copied() -> None:
    lines = issuer_lines(ISSUER, "with space/x.db", given=True)
    assert "--database 'with space/x.db'" in lines[1]
    assert lines[2].endswith(f"--auth oauth2.0 --issuer {ISSUER}")
    assert "--database 'with space/x.db'" in lines[3]
    assert "--introspection-client @FILE" in lines[4]  # a secret on a command line is seen by everybody on the machine
    assert "--database" not in issuer_lines(ISSUER, "x.db", given=False)[1]

"""`agentkit serve authorization-server` with a protected server beside it, each in a process of its own."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import httpx2
import pytest

from agentkit.errors import AgentKitError, ConfigurationError, McpAuthRequired
from agentkit.mcp import McpClient, OAuthClientCredentials
from tests.cli.conftest import Run, agentkit, started
from tests.deadline import HANG

GRANT = {"grant_type": "client_credentials"}


def until(true: Callable[[], bool]) -> None:
    """Ask until it is so: another process looks at its database once a second."""
    end = time.monotonic() + HANG
    while not true():
        assert time.monotonic() < end, "it never came to be"


def secret_of(folder: Path, *arguments: str) -> str:
    done = agentkit("clients", *arguments, "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["client_secret"])


async def tools(url: str, client_id: str, secret: str) -> int:
    auth = OAuthClientCredentials(client_id, secret)
    async with httpx2.AsyncClient(timeout=HANG) as http, McpClient(url, name="ehr", http=http, auth=auth) as client:
        return len(await client.list_tools())


def test_clients_and_keys_change_beside_running_servers_and_a_restart_changes_nothing(tmp_path: Path) -> None:
    database = str(tmp_path / "issuer.db")
    issuing = ("authorization-server", "--port", "0", "--database", database)
    with started(tmp_path, *issuing) as issuer, httpx2.Client(timeout=HANG) as http:
        address = issuer.address("issuer")
        port = address.rpartition(":")[2]
        assert database in issuer.lines[0]
        assert f"--issuer {address}" in "\n".join(issuer.lines)
        protected = ("ehr", "--port", "0", "--auth", "oauth2.0", "--issuer", address)
        with started(tmp_path, *protected) as servers:
            ehr = servers.address("ehr")
            adding = ("add", "agent", "--scope", "ehr", "--resource", ehr, "--database", database)
            secret = secret_of(tmp_path, *adding)
            assert anyio.run(tools, ehr, "agent", secret)
            with pytest.raises(McpAuthRequired):
                anyio.run(tools, ehr, "agent", "wrong")
            done = agentkit("clients", "rotate-keys", "--database", database, folder=tmp_path)
            kid = done.stdout.split()[2].rstrip(".")
            until(lambda: http.get(f"{address}/jwks").json()["keys"][0]["kid"] == kid)
            assert len(http.get(f"{address}/jwks").json()["keys"]) == 2
            assert anyio.run(tools, ehr, "agent", secret)
    again = ("authorization-server", "--port", port, "--database", database)
    with started(tmp_path, *again) as issuer, httpx2.Client(timeout=HANG) as http:
        assert http.get(f"{address}/jwks").json()["keys"][0]["kid"] == kid
        assert http.post(f"{address}/token", data=GRANT, auth=("agent", secret)).status_code == 200


def test_an_option_that_protects_nothing_there_is_refused(run: Run) -> None:
    done = run("serve", "authorization-server", "--auth", "bearer", "--port", "0")
    assert isinstance(done.exception, ConfigurationError)
    assert str(done.exception).startswith("--auth")


@pytest.mark.parametrize(
    "place",
    [("--host", "0.0.0.0"), ("--public-url", "http://auth.example.org"), ("--public-url", "https://a:b@auth.example")],  # noqa: S104
)
def test_an_issuer_that_nobody_would_trust_is_not_served(run: Run, place: tuple[str, str]) -> None:
    """No verifier and no client sends a secret there or takes keys from there."""
    done = run("serve", "authorization-server", "--port", "0", *place)
    assert isinstance(done.exception, AgentKitError)
    assert done.output == ""
    said = str(done.exception)
    assert said.startswith(("issuer: ", "--public-url: "))
    assert "https://" in said
    assert "a:b" not in said


def test_a_key_that_cannot_be_opened_is_told_in_one_line(tmp_path: Path) -> None:
    database = str(tmp_path / "issuer.db")
    with started(tmp_path, "authorization-server", "--port", "0", "--database", database):
        pass
    wrong = {"AGENTKIT_SECRET_KEY": "A" * 43 + "="}
    done = agentkit("serve", "authorization-server", "--port", "0", "--database", database, folder=tmp_path, **wrong)
    assert done.returncode == 1
    assert "does not open the signing key" in done.stderr
    assert "rotate-keys --force" in done.stderr


def test_a_revoked_token_is_refused_by_a_server_that_asks(tmp_path: Path) -> None:
    database = str(tmp_path / "issuer.db")
    with started(tmp_path, "authorization-server", "--port", "0", "--database", database) as issuer:
        address = issuer.address("issuer")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        ehr = f"http://127.0.0.1:{port}/ehr/mcp"
        checker = secret_of(tmp_path, "add", "ehr-server", "--serves", ehr, "--database", database)
        secret = secret_of(tmp_path, "add", "agent", "--scope", "ehr", "--resource", ehr, "--database", database)
        asking = ("--issuer", address, "--introspection-client", f"ehr-server:{checker}")
        with started(tmp_path, "ehr", "--port", port, "--auth", "oauth2.0", *asking) as servers:
            assert servers.address("ehr") == ehr
            assert anyio.run(tools, ehr, "agent", secret)
            with httpx2.Client(timeout=HANG) as http:
                token = http.post(f"{address}/token", data=GRANT, auth=("agent", secret)).json()["access_token"]
                http.post(f"{address}/revoke", data={"token": token}, auth=("agent", secret))
                refused = http.post(ehr, json={}, headers={"authorization": f"Bearer {token}"})
            assert refused.status_code == 401

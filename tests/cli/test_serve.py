from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import httpx2
import pytest

from agentkit.cli import house as house_module
from agentkit.errors import AgentKitError, ConfigurationError, ServeError
from agentkit.specs import Authorization
from tests.cli.conftest import AGENTKIT, House, Run, started
from tests.deadline import HANG, HANG_PROCESS


def test_every_address_answers_once_it_is_printed(house: House) -> None:
    with httpx2.Client(timeout=HANG) as http:
        for name in ("platform", "ehr", "questionnaires"):
            origin = "/".join(house.address(name).split("/")[:3])
            assert http.get(f"{origin}/health").status_code == 200
        metadata = http.get(f"{house.address('issuer')}/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == house.address("issuer")


def test_each_server_has_the_authorization_of_its_expert(house: House) -> None:
    lines = {line.split()[0]: line for line in house.lines}
    assert "bearer" in lines["ehr"]
    assert "oauth2.0" in lines["questionnaires"]


def test_secrets_that_were_given_are_not_printed_and_made_ones_are(house: House, tmp_path: Path) -> None:
    said = "\n".join(house.lines)
    assert "token-for-tests" not in said
    assert "secret-for-tests" not in said
    with started(tmp_path, "ehr", "--port", "0") as ehr:
        assert "token " in ehr.lines[0]


def test_the_mcp_servers_refuse_a_caller_without_credentials(house: House) -> None:
    with httpx2.Client(timeout=HANG) as http:
        for name in ("ehr", "questionnaires"):
            answer = http.post(house.address(name), json={})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_ctrl_c_stops_a_server_cleanly(tmp_path: Path) -> None:
    with started(tmp_path, "platform", "--port", "0", stop=signal.SIGINT) as platform:
        assert platform.address("platform").startswith("http://127.0.0.1:")


def test_data_is_private_and_stays_where_it_was_told(tmp_path: Path) -> None:
    database = tmp_path / "mine.db"
    with started(tmp_path, "platform", "--port", "0", "--database", str(database)):
        pass
    assert database.stat().st_mode & 0o777 == 0o600


def test_one_server_with_oauth_brings_its_own_authorization_server(tmp_path: Path) -> None:
    with started(tmp_path, "questionnaires", "--port", "0", "--auth", "oauth2.0") as server:
        issuer = server.address("issuer")
        with httpx2.Client(timeout=HANG) as http:
            made = server.lines[0].rpartition("client ")[2].split(":")
            answer = http.post(f"{issuer}/token", auth=(made[0], made[1]), data={"grant_type": "client_credentials"})
        assert answer.status_code == 200


def test_a_port_in_use_is_said_in_one_line_with_the_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [AGENTKIT, "serve", "platform", "--port", port, "--database", str(tmp_path / "x.db")],
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_PROCESS,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert port in line
    assert "--port" in line


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["nothing"], ServeError, "Known: platform, all, authorization-server"),
        (["ehr", "--host", "192.0.2.1", "--auth", "none"], ServeError, "--insecure"),
        (["ehr", "--public-url", "https://x.example.org", "--auth", "none"], ServeError, "--auth bearer"),
        (["platform", "--host", "192.0.2.1"], ServeError, "--clients FILE"),
        (["all", "--host", "192.0.2.1"], ServeError, "--clients FILE"),
        (["platform", "--public-url", "https://x.example.org"], ServeError, "--clients FILE"),
        (["all", "--public-url", "https://x.example.org"], ConfigurationError, "one by one"),
        (["ehr", "--auth", "inherit"], ConfigurationError, "--issuer"),
        (["platform", "--auth", "bearer"], ConfigurationError, "--clients FILE"),
        (["platform", "--issuer", "https://x.example.org"], ConfigurationError, "is for MCP servers"),
        (["ehr", "--clients", "clients.toml"], ConfigurationError, "is for the platform"),
        (["ehr", "--auth", "bearer", "--token", "@missing.txt"], ConfigurationError, "cannot be read"),
        (["ehr", "--auth", "bearer", "--token", "env:NO_SUCH_VARIABLE"], ConfigurationError, "holds no secret"),
        (["ehr", "--auth", "oauth2.0", "--client", "without-secret"], ConfigurationError, "ID:SECRET"),
        (["platform", "--clients", "missing.toml"], ConfigurationError, "no readable TOML"),
        (["platform", "--host", "0.0.0.0"], ServeError, "--clients FILE"),  # noqa: S104
        (["platform", "--host", "0.0.0.0", "--insecure"], ServeError, "--public-url"),  # noqa: S104
        (["all", "--host", "::", "--auth", "bearer", "--insecure"], ServeError, "no address that clients can use"),
    ],
)
def test_a_wrong_option_is_refused_naming_the_remedy(
    run: Run, arguments: list[str], error: type[Exception], says: str
) -> None:
    done = run("serve", *arguments, "--port", "0")
    assert isinstance(done.exception, error)
    assert says in str(done.exception)


def test_a_server_that_its_expert_leaves_open_is_not_shown_to_others(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def left_open(_name: str) -> Authorization:
        return Authorization.NONE

    monkeypatch.setattr(house_module, "default_authorization", left_open)
    done = run("serve", "ehr", "--host", "192.0.2.1", "--port", "0")
    assert isinstance(done.exception, ServeError)
    assert "ehr is served without authorization" in str(done.exception)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("[::1]:{port}", 200),
        ("attacker.example:{port}", 421),
        ("127.0.0.1.attacker.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_a_name_that_a_web_page_gave_this_machine_is_not_answered(house: House, host: str, status: int) -> None:
    origin = house.address("platform")
    with httpx2.Client(timeout=HANG) as http:
        answer = http.get(f"{origin}/health", headers={"Host": host.format(port=origin.rpartition(":")[2])})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/agents", '"code":"misdirected_request"'),
        ("/v2/agentic/agents", '"error":{"code":"MISDIRECTED_REQUEST"'),
        ("/realms/base/protocol/openid-connect/token", '"error":"misdirected_request"'),
    ],
)
def test_a_foreign_name_is_refused_in_the_form_of_the_plane(house: House, path: str, says: str) -> None:
    """V1-ERR-01, V2-ERR-01, AUTH-09."""
    with httpx2.Client(timeout=HANG) as http:
        answer = http.get(f"{house.address('platform')}{path}", headers={"Host": "attacker.example"})
    assert answer.status_code == 421
    assert says in answer.text


def test_a_server_behind_a_proxy_answers_to_its_public_name(tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text('[clients]\nward = "ward-secret-123"\n', encoding="utf-8")
    public = ("--public-url", "https://agents.example.org", "--clients", str(clients))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with started(tmp_path, "platform", "--port", str(port), *public), httpx2.Client(timeout=HANG) as http:
        answer = http.get(f"http://127.0.0.1:{port}/health", headers={"Host": "agents.example.org"})
    assert answer.status_code == 200


def test_a_file_of_clients_replaces_the_default_client(tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text('[clients]\nward = "ward-secret-123"\n', encoding="utf-8")
    with started(tmp_path, "platform", "--port", "0", "--clients", str(clients)) as platform:
        token = f"{platform.address('platform')}/realms/base/protocol/openid-connect/token"
        grant = {"grant_type": "client_credentials", "scope": "openid"}
        with httpx2.Client(timeout=HANG) as http:
            known = http.post(token, data={**grant, "client_id": "ward", "client_secret": "ward-secret-123"})
            default = http.post(token, data={**grant, "client_id": "local-client", "client_secret": "local-secret"})
    assert (known.status_code, default.status_code) == (200, 401)


OWN = """
from typing import Annotated
from pydantic import BaseModel, Field
from agentkit.compose import FunctionAgent
from agentkit.mcp import ToolServer

def shout(text: str) -> str:
    return text.upper()

agent = FunctionAgent(shout)
server = ToolServer("wards", description="Wards.")

class Beds(BaseModel):
    free: int

@server.tool()
async def free_beds(ward: Annotated[str, Field(description="The ward")]) -> Beds:
    "Tell how many beds are free."
    return Beds(free=3)

number = 5
"""


def test_an_agent_of_ones_own_is_served_over_a2a(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hello"}]}
    call = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message}}
    with (
        started(tmp_path, "own:agent", "--port", "0", "--auth", "bearer") as served,
        httpx2.Client(timeout=HANG) as http,
    ):
        url = served.address("shout")
        token = served.lines[0].rpartition("token ")[2]
        headers = {"A2A-Version": "1.0", "Authorization": f"Bearer {token}"}
        answer = http.post(f"{url}/a2a", json=call, headers=headers).json()
        refused = http.post(f"{url}/a2a", json=call, headers={"A2A-Version": "1.0"})
    assert answer["result"]["task"]["status"]["message"]["parts"] == [{"text": "HELLO"}]
    assert refused.status_code == 401


def test_a_tool_server_of_ones_own_is_served_over_mcp(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    with (
        started(tmp_path, "own:server", "--port", "0", "--auth", "none") as served,
        httpx2.Client(timeout=HANG) as http,
    ):
        url = served.address("wards")
        assert url.endswith("/wards/mcp")
        origin = url.removesuffix("/wards/mcp")
        assert http.get(f"{origin}/health").json()["servers"] == ["wards"]


def test_something_else_is_refused_naming_its_type(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    done = subprocess.run([AGENTKIT, "serve", "own:number"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is a int" in done.stderr
    assert "ToolServer" in done.stderr


@pytest.mark.parametrize("name", ["ehr", "questionnaires", "platform"])
def test_a_file_that_is_no_database_is_refused_before_anything_is_served(run: Run, tmp_path: Path, name: str) -> None:
    wrong = tmp_path / "wrong.db"
    wrong.write_text("this is no database, whatever its name says; " * 50, encoding="utf-8")
    done = run("serve", name, "--port", "0", "--database", str(wrong))
    assert isinstance(done.exception, AgentKitError)
    assert done.output == ""
    assert "wrong.db" in str(done.exception)

"""The options of `agentkit serve platform`."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from agentkit.cli.platform_options import PlatformOptions
from agentkit.errors import AgentKitError, ConfigurationError
from agentkit.memory.endpoint import EmbeddingsEndpoint
from agentkit.platform import PlatformSettings
from agentkit.platform.shortfalls import Shortfall
from agentkit.reasoning import Cassette, RecordingReasoner, ReplayReasoner, RuleReasoner
from agentkit.reasoning.llm import LlmReasoner
from tests.cli.conftest import agentkit, started
from tests.deadline import HANG

CLIENTS = """
tenants = ["base", "clinic"]

[clients]
nightly = "its-secret"

[users.ada]
password = "her-password"
"""
FAULTS = """
seed = 1

[[rules]]
route = "/agents"
method = "GET"
status = 503
retry_after = 2
"""


def test_without_options_the_rules_decide_and_nothing_is_different() -> None:
    settings = PlatformOptions().applied(PlatformSettings())
    assert isinstance(settings.reasoner, RuleReasoner)
    assert settings.remote_agents is not None
    assert not settings.falls_short(Shortfall.CONTEXT_LIST)
    assert (settings.embedder, settings.faults, settings.otlp_endpoint, settings.durable) == (None, None, None, False)


def test_a_model_is_asked_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_KEY", "key-of-the-model")
    options = PlatformOptions(
        reasoner="llm", model="some-model", model_url="http://127.0.0.1:11434/v1", model_key="env:MODEL_KEY"
    )
    assert isinstance(options.applied(PlatformSettings()).reasoner, LlmReasoner)
    assert "key-of-the-model" not in repr(options)


def test_decisions_are_written_down_and_made_again(tmp_path: Path) -> None:
    file = tmp_path / "decisions.json"
    recording = PlatformOptions(record=file).applied(PlatformSettings()).reasoner
    assert isinstance(recording, RecordingReasoner)
    Cassette().write(file)
    replaying = PlatformOptions(reasoner=f"replay:{file}").applied(PlatformSettings()).reasoner
    assert isinstance(replaying, ReplayReasoner)


def test_an_embeddings_endpoint_is_named_with_model_and_size() -> None:
    options = PlatformOptions(embedder="nomic-embed-text:768@http://127.0.0.1:11434/v1")
    embedder = options.applied(PlatformSettings()).embedder
    assert isinstance(embedder, EmbeddingsEndpoint)
    assert embedder.dim == 768


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (PlatformOptions(reasoner="oracle"), "there is no reasoner"),
        (PlatformOptions(reasoner="llm"), "model"),
        (PlatformOptions(model="some-model"), "does not use it"),
        (PlatformOptions(reasoner="replay:/nowhere"), "cannot be read"),
        (PlatformOptions(embedder="words"), "neither minilm nor MODEL:DIM@URL"),
        (PlatformOptions(clients=Path("/nowhere")), "no readable TOML"),
        (PlatformOptions(faults=Path("/nowhere")), "no readable TOML"),
    ],
)
def test_an_option_that_does_not_fit_is_refused_with_its_name(options: PlatformOptions, says: str) -> None:
    with pytest.raises(AgentKitError, match=says):
        options.applied(PlatformSettings())


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (PlatformOptions(reasoner=""), "--reasoner"),
        (PlatformOptions(reasoner="replay:"), "--reasoner"),
        (PlatformOptions(reasoner="replay:/nowhere"), "--reasoner"),
        (PlatformOptions(reasoner="llm"), "--model"),
        (PlatformOptions(reasoner="llm", model="m"), "--model-url"),
        (PlatformOptions(reasoner="llm", model="m", model_url="http://[x"), "--model-url"),
        (PlatformOptions(reasoner="llm", model="m", model_url="http://canary@h/v1"), "--model-url"),
        (PlatformOptions(model="some-model"), "--model"),
        (PlatformOptions(model_url="http://127.0.0.1/v1"), "--model-url"),
        (PlatformOptions(record=Path("/nowhere/at/all/decisions.json")), "--record"),
        (PlatformOptions(record=Path("/")), "--record"),
        (PlatformOptions(embedder="m:0@http://127.0.0.1:1/v1"), "--embedder dim"),
        (PlatformOptions(embedder="m:8@http://[x"), "--embedder base_url"),
        (PlatformOptions(embedder="m:8@http://canary@127.0.0.1/v1"), "--embedder base_url"),
        (PlatformOptions(otlp="collector"), "--otlp"),
        (PlatformOptions(otlp=""), "--otlp"),
        (PlatformOptions(otlp="ftp://127.0.0.1"), "--otlp"),
        (PlatformOptions(otlp="http://canary@127.0.0.1"), "--otlp"),
        (PlatformOptions(tokens_from="EU!"), "--tokens-from"),
        (PlatformOptions(tokens_from=""), "--tokens-from"),
    ],
)
def test_whoever_typed_a_wrong_value_is_told_the_option_he_typed(options: PlatformOptions, option: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options.applied(PlatformSettings())
    assert caught.value.setting == option
    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "clients", "setting"),
    [
        ("[[rules]]\nstatus = 1", False, "--faults rules[0].status"),
        ("sed = 1", False, "--faults sed"),
        ('[clients.app]\ngrants = ["canary"]', True, "--clients clients.app.grants"),
        ('[clients.app]\ntenants = ["clinic"]', True, "--clients clients.app.tenants"),
        ('tenants = ["a/b"]\n[clients.app]', True, "--clients tenants"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_the_option_that_named_the_file(
    tmp_path: Path, content: str, clients: bool, setting: str
) -> None:
    file = tmp_path / "file.toml"
    file.write_text(content, encoding="utf-8")
    options = PlatformOptions(clients=file) if clients else PlatformOptions(faults=file)
    with pytest.raises(ConfigurationError) as caught:
        options.applied(PlatformSettings())
    assert caught.value.setting == setting
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("option", [["--faithful"], ["--durable"], ["--reasoner", "rules"], ["--faults", "x.toml"]])
def test_options_of_the_platform_are_refused_elsewhere(tmp_path: Path, option: list[str]) -> None:
    done = agentkit("serve", "ehr", *option, folder=tmp_path)
    assert done.returncode == 1
    assert f"{option[0]}: is for the platform" in done.stderr


def test_a_key_in_the_environment_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    PlatformOptions(model_key="from-the-environment").refuse_unused()
    with pytest.raises(ConfigurationError):
        PlatformOptions(model="some-model").refuse_unused()


def test_clients_faults_and_shortfalls_of_a_served_platform(tmp_path: Path) -> None:
    (tmp_path / "clients.toml").write_text(CLIENTS, encoding="utf-8")
    (tmp_path / "faults.toml").write_text(FAULTS, encoding="utf-8")
    files = ("--clients", str(tmp_path / "clients.toml"), "--faults", str(tmp_path / "faults.toml"))
    with (
        started(tmp_path, "platform", "--port", "0", "--faithful", *files) as served,
        httpx2.Client(timeout=HANG) as http,
    ):
        url = served.address("platform")
        assert "tenants base, clinic" in served.lines[0]
        login = f"{url}/realms/clinic/protocol/openid-connect/token"
        form = {"grant_type": "client_credentials", "client_id": "nightly", "client_secret": "its-secret"}
        token = http.post(login, data=form).json()["access_token"]
        http.headers |= {"authorization": f"Bearer {token}", "tenant-name": "clinic"}
        refused = http.get(f"{url}/agents")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert http.post(f"{url}/agents", json={"name": "a", "description": "d"}).status_code == 201
        assert json.loads(http.get(f"{url}/v2/agentic/contexts").text)["contexts"] == []
        wrong = http.post(
            f"{url}/realms/clinic/protocol/openid-connect/token", data=form | {"client_id": "local-client"}
        )
        assert wrong.json()["error"] == "invalid_client"

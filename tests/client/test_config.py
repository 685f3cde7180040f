"""Where settings come from and which are refused (ENV-01 to ENV-04, LOC-01, design section 9)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from agentkit.client import AsyncCorti, Corti, Endpoints
from agentkit.client.grants import AccessToken, ClientCredentialsGrant, NoAuth
from agentkit.errors import ConfigurationError

CREDENTIALS: dict[str, Any] = {"client_id": "me", "client_secret": "hush-hush"}


def test_a_region_is_filled_into_the_four_documented_addresses() -> None:
    endpoints = Corti(environment="eu", **CREDENTIALS).config.endpoints
    assert endpoints == Endpoints(
        base="https://api.eu.corti.app/v2",
        agents="https://api.eu.corti.app",
        login="https://auth.eu.corti.app/realms",
        wss="wss://api.eu.corti.app/audio-bridge/v2",
    )


def test_a_base_url_reproduces_every_hosted_path_below_one_address() -> None:
    assert Corti(base_url="http://127.0.0.1:8700/", **CREDENTIALS).config.endpoints == Endpoints(
        base="http://127.0.0.1:8700/v2",
        agents="http://127.0.0.1:8700",
        login="http://127.0.0.1:8700/realms",
        wss="ws://127.0.0.1:8700/audio-bridge/v2",
    )


def test_four_addresses_of_ones_own_are_taken_as_they_are() -> None:
    own = Endpoints(base="https://a/v2", agents="https://a", login="https://l/realms", wss="wss://a/w")
    assert Corti(environment=own, **CREDENTIALS).config.endpoints is own


def test_a_slash_at_the_end_of_an_address_says_nothing() -> None:
    own = Endpoints(base="https://a/v2/", agents="https://a/", login="https://l/realms/", wss="wss://a/w/")
    assert own == Endpoints(base="https://a/v2", agents="https://a", login="https://l/realms", wss="wss://a/w")


@pytest.mark.parametrize(
    ("name", "wrong", "text"),
    [
        ("base", "a/v2", r"environment\.base: is no address\. Write it like http://"),
        ("login", None, r"environment\.login: is no address\."),
        ("agents", "http://a", r"environment\.agents: would send secrets unencrypted to a\."),
        ("wss", "https://a/w", r"environment\.wss: is no address\. Write it like ws://.* or wss://"),
    ],
)
def test_the_wrong_one_of_four_addresses_is_named(name: str, wrong: Any, text: str) -> None:
    own = {"base": "https://a/v2", "agents": "https://a", "login": "https://l/realms", "wss": "wss://a/w"}
    with pytest.raises(ConfigurationError, match=text):
        Corti(environment=Endpoints(**{**own, name: wrong}), **CREDENTIALS)


def test_the_tenant_is_base_unless_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Corti(environment="eu", **CREDENTIALS).config.tenant == "base"
    monkeypatch.setenv("CORTI_TENANT_NAME", "clinic")
    assert Corti(environment="eu", **CREDENTIALS).config.tenant == "clinic"
    assert Corti(environment="eu", tenant="ward", **CREDENTIALS).config.tenant == "ward"


def test_a_setting_comes_from_the_argument_then_the_variable_then_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("CORTI_CLIENT_ID=file\nCORTI_CLIENT_SECRET=file\nCORTI_ENVIRONMENT=us\n", encoding="utf-8")
    config = Corti().config
    assert (config.auth, config.endpoints.agents) == (
        ClientCredentialsGrant("file", "file"),
        "https://api.us.corti.app",
    )
    monkeypatch.setenv("CORTI_CLIENT_ID", "variable")
    monkeypatch.setenv("CORTI_CLIENT_SECRET", " ")
    assert Corti().config.auth == ClientCredentialsGrant("variable", "file")
    assert Corti(client_id="argument").config.auth == ClientCredentialsGrant("argument", "file")


async def _make_on_the_loop() -> str:
    return AsyncCorti().config.tenant


@pytest.mark.anyio
async def test_the_file_may_be_read_on_an_event_loop() -> None:
    def write() -> None:
        Path(".env").write_text(
            "CORTI_CLIENT_ID=a\nCORTI_CLIENT_SECRET=b\nCORTI_ENVIRONMENT=eu\nCORTI_TENANT_NAME=t\n", encoding="utf-8"
        )

    import anyio.to_thread

    await anyio.to_thread.run_sync(write)
    assert await _make_on_the_loop() == "t"


def test_a_region_as_argument_wins_over_an_address_as_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORTI_BASE_URL", "http://127.0.0.1:8700")
    assert Corti(environment="eu", **CREDENTIALS).config.endpoints.agents == "https://api.eu.corti.app"
    monkeypatch.setenv("CORTI_ENVIRONMENT", "eu")
    assert Corti(**CREDENTIALS).config.endpoints.agents == "http://127.0.0.1:8700"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({**CREDENTIALS}, "CORTI_ENVIRONMENT"),
        ({"environment": "eu", "client_secret": "x"}, "CORTI_CLIENT_ID"),
        ({"environment": "eu", "client_id": "x"}, "CORTI_CLIENT_SECRET"),
    ],
)
def test_a_missing_setting_is_named_with_the_places_where_it_can_be_set(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing) as caught:
        AsyncCorti(**given)
    assert caught.value.setting == missing
    assert ".env" in str(caught.value)
    assert "variable" in str(caught.value)


def test_a_token_replaces_client_credentials() -> None:
    assert Corti(environment="eu", token="opaque").config.auth == AccessToken("opaque")
    with pytest.raises(ConfigurationError, match="beside client credentials"):
        Corti(environment="eu", token="opaque", client_id="x")
    wrong: Any
    for wrong in ("", "Bearer abc", "a\nb", "ä", b"abc", 7):
        with pytest.raises(ConfigurationError, match="without 'Bearer'"):
            Corti(environment="eu", token=wrong)


@pytest.mark.parametrize("auth", [NoAuth, ("id", "secret"), "secret"])
def test_what_is_no_grant_is_refused_before_the_first_call(auth: Any) -> None:
    with pytest.raises(ConfigurationError, match="auth: is no grant") as caught:
        Corti(environment="eu", auth=auth)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("environment", ["evil.example/#", "a b", "eu.", "eu/..", "user@host"])
def test_a_region_cannot_lead_to_another_host(environment: str) -> None:
    with pytest.raises(ConfigurationError, match="no region name"):
        Corti(environment=environment, **CREDENTIALS)


@pytest.mark.parametrize(
    "url",
    [
        "corti.example",
        "ftp://corti.example",
        "wss://corti.example",
        "http://",
        "https://h:port",
        "https://u:p@h",
        "https://h?x=1",
        "https://corti..example",
        f"https://{'a' * 64}.example",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        Corti(base_url=url, **CREDENTIALS)


def test_unencrypted_http_is_for_this_machine_only() -> None:
    for local in ("http://localhost:8700", "http://127.0.0.2", "http://[::1]:8700"):
        Corti(base_url=local, **CREDENTIALS)
    with pytest.raises(ConfigurationError, match=r"unencrypted to platform\.example.*https.*allow_http"):
        Corti(base_url="http://platform.example", **CREDENTIALS)
    Corti(base_url="http://platform.example", allow_http=True, **CREDENTIALS)


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("tenant", "a/b"),
        ("tenant", ".."),
        ("timeout", 0),
        ("timeout", float("nan")),
        ("timeout", None),
        ("timeout", "60"),
        ("max_retries", -1),
        ("max_retries", None),
        ("max_retries", 1.5),
        ("tenant", 5),
        ("base_url", 8700),
        ("refresh", "a-token"),
    ],
)
def test_other_wrong_settings_are_named(setting: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="(?i)" + setting):
        Corti(environment="eu", **CREDENTIALS, **{setting: wrong})


def test_a_region_or_client_that_is_no_text_is_refused_by_its_name() -> None:
    wrong: Any = 5
    with pytest.raises(ConfigurationError, match=r"environment: is no region\. Pass eu, us, or agentkit\.client\.End"):
        Corti(environment=wrong, **CREDENTIALS)
    with pytest.raises(ConfigurationError, match="CORTI_CLIENT_ID: must be text"):
        Corti(environment="eu", client_id=wrong, client_secret="secret")


def test_the_file_is_read_strictly_for_our_names_and_leaves_others_alone() -> None:
    Path(".env").write_text(
        "\ufeff# settings\n"
        "OTHER='never closed\n"
        "not a setting\n"
        "export CORTI_CLIENT_ID = 'single # kept' # remark\n"
        'CORTI_CLIENT_SECRET="double \\"quoted\\" \\\\ \\n"\n'
        "CORTI_ENVIRONMENT=eu # remark\n"
        "CORTI_TENANT_NAME=\n",
        encoding="utf-8",
    )
    config = Corti().config
    assert config.auth == ClientCredentialsGrant("single # kept", 'double "quoted" \\')
    assert config.endpoints.agents == "https://api.eu.corti.app"
    assert config.tenant == "base"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_value_ends_where_an_editor_ends_its_line(end: str) -> None:
    """Half a secret would be refused by Corti, and nobody would know why."""
    lines = ["# \u2028", "CORTI_CLIENT_ID='a\u2028b'", "CORTI_CLIENT_SECRET=a\x0bb\x85c", "CORTI_ENVIRONMENT=eu"]
    Path(".env").write_bytes(end.join(lines).encode())
    assert Corti().config.auth == ClientCredentialsGrant("a\u2028b", "a\x0bb\x85c")


def test_a_broken_line_is_named_by_number_and_never_quoted() -> None:
    Path(".env").write_text("\nCORTI_CLIENT_SECRET='canary-value\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"\.env line 2: the quotes of CORTI_CLIENT_SECRET") as caught:
        Corti(environment="eu", client_id="x")
    assert "canary-value" not in str(caught.value)


def test_a_file_that_is_no_text_or_too_large_is_refused() -> None:
    Path(".env").write_bytes(b"CORTI_CLIENT_ID=\xff\n")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        Corti()
    Path(".env").write_bytes(b"#" * 1_048_577)
    with pytest.raises(ConfigurationError, match="1 MiB"):
        Corti()


def test_a_folder_called_env_is_no_settings_file() -> None:
    Path(".env").mkdir()
    assert Corti(environment="eu", **CREDENTIALS).config.tenant == "base"


def test_no_repr_shows_a_secret() -> None:
    for client in (Corti(environment="eu", **CREDENTIALS), AsyncCorti(environment="eu", token="hush-hush")):
        assert "hush-hush" not in repr(client) + repr(client.config) + str(vars(client))


@pytest.mark.parametrize(("target", "problem"), [(".env", "cannot be opened"), ("/proc/self/mem", "cannot be read")])
def test_a_file_that_cannot_be_read_is_named(target: str, problem: str) -> None:
    Path(".env").symlink_to(target)
    with pytest.raises(ConfigurationError, match=problem):
        Corti(environment="eu", **CREDENTIALS)


def test_a_pipe_of_that_name_makes_nobody_wait() -> None:
    os.mkfifo(".env")
    assert Corti(environment="eu", **CREDENTIALS).config.tenant == "base"

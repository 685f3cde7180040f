"""The file of `--clients`: tenants, clients, people and secrets in TOML."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agentkit.errors import ConfigurationError
from agentkit.oauth import hash_secret
from agentkit.platform import PlatformSettings
from agentkit.platform.realm.clients_file import ClientsFile, read_clients_file
from agentkit.platform.stored_secrets import StoredSecret
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.realm.parts import fetch

pytestmark = pytest.mark.anyio

FULL = """
tenants = ["base", "clinic"]
origins = ["http://localhost:3000"]

[clients]
nightly-job = "canary-one"

[clients.ward-app]
redirect_uris = ["http://localhost:3000/callback"]
grants = ["authorization_code", "password", "refresh_token"]
token_lifetime = 120
refresh_lifetime = 600
tenants = ["clinic"]

[clients.both]
secret = "canary-two"
public = true

[users.ada]
password = "canary-three"
name = "Ada Example"
email = "ada@example.org"

[secrets]
ehr = "canary-four"

[secrets.lab]
value = "canary-five"
origins = ["https://lab.example.org"]
tenants = ["clinic"]
"""


def read(tmp_path: Path, text: str) -> ClientsFile:
    path = tmp_path / "clients.toml"
    path.write_text(text, encoding="utf-8")
    return read_clients_file(path)


async def test_what_the_file_says_is_what_the_platform_does(tmp_path: Path) -> None:
    found = await asyncio.to_thread(read, tmp_path, FULL)
    assert dict(found.secrets) == {
        "ehr": StoredSecret("canary-four"),
        "lab": StoredSecret("canary-five", ("https://lab.example.org",), ("clinic",)),
    }
    assert found.applied(PlatformSettings()).origins == ("http://localhost:3000",)
    async with LocalPlatform(found.applied(PlatformSettings())) as platform:
        clinic = "/realms/clinic/protocol/openid-connect/token"
        job = {"grant_type": "client_credentials", "client_id": "nightly-job", "client_secret": "canary-one"}
        assert (await fetch(platform, **job)).status_code == 200
        assert (await fetch(platform, clinic, **job)).status_code == 200
        person = {"grant_type": "password", "username": "ada", "password": "canary-three", "client_id": "ward-app"}
        assert (await fetch(platform, **person)).json()["error"] == "invalid_client"
        tokens = (await fetch(platform, clinic, **person)).json()
        assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (120, 600)
        both = {"grant_type": "client_credentials", "client_id": "both", "client_secret": "canary-two"}
        assert (await fetch(platform, **both)).status_code == 200
        gone = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"}
        assert (await fetch(platform, **gone)).json()["error"] == "invalid_client"


async def test_hashes_stand_in_for_secrets(tmp_path: Path) -> None:
    text = (
        f'[clients.job]\nsecret_hash = "{hash_secret("s-1")}"\n[clients.app]\n'
        f'[users.ada]\npassword_hash = "{hash_secret("p-1")}"\n'
    )
    found = await asyncio.to_thread(read, tmp_path, text)
    async with LocalPlatform(found.applied(PlatformSettings())) as platform:
        job = {"grant_type": "client_credentials", "client_id": "job", "client_secret": "s-1"}
        assert (await fetch(platform, **job)).status_code == 200
        person = {"grant_type": "password", "username": "ada", "password": "p-1", "client_id": "app"}
        assert (await fetch(platform, **person)).status_code == 200


def test_nothing_that_is_read_shows_a_secret(tmp_path: Path) -> None:
    found = read(tmp_path, FULL)
    shown = repr(found) + repr(found.applied(PlatformSettings())) + repr(found.clients) + repr(found.users)
    assert "canary" not in shown
    assert "Ada" not in shown


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "--clients"),
        ("clients = 1", "clients"),
        ("[clients]\n", "--clients"),
        ("[clients]\njob = 1", "clients.job"),
        ('[clients]\njob = ""', "clients.job"),
        ('[clients.job]\nsecret = ""', "clients.job.secret"),
        ("[clients.job]\nsecret = 5", "clients.job.secret"),
        ('[clients.job]\nsecret = "canary"\nsecret_hash = "canary"', "clients.job.secret"),
        ('[clients.job]\nsecret_hash = "canary"', "clients.job.secret_hash"),
        ('[clients.app]\npassword = "canary"', "clients.app.password"),
        ('[clients.app]\nredirect_uris = "https://a"', "clients.app.redirect_uris"),
        ("[clients.app]\nredirect_uris = [1]", "clients.app.redirect_uris"),
        ('[clients.app]\nredirect_uris = ["callback"]', "clients.app.redirect_uris"),
        ('[clients.app]\nredirect_uris = ["https://a/#x"]', "clients.app.redirect_uris"),
        ('[clients.app]\nredirect_uris = ["javascript:alert(1)"]', "clients.app.redirect_uris"),
        ('[clients.app]\ngrants = ["implicit"]', "clients.app.grants"),
        ('[clients.app]\ngrants = ["canary"]', "clients.app.grants"),
        ("[clients.app]\ntoken_lifetime = 1" + 20 * "0", "clients.app.token_lifetime"),
        ("[clients.app]\ntoken_lifetime = 1" + 5_000 * "0", "--clients"),
        ("a = " + 5_000 * "[", "--clients"),
        ('[clients.app]\ngrants = ["client_credentials"]', "clients.app.grants"),
        ("[clients.app]\ntoken_lifetime = 0", "clients.app.token_lifetime"),
        ("[clients.app]\ntoken_lifetime = true", "clients.app.token_lifetime"),
        ("[clients.app]\nrefresh_lifetime = -1", "clients.app.refresh_lifetime"),
        ('[clients.app]\npublic = "yes"', "clients.app.public"),
        ("[clients.app]\n[users]\nada = 1", "users.ada"),
        ('[clients.app]\n[users.ada]\nname = "canary"', "users.ada.password"),
        ('[clients.app]\n[users.ada]\npassword = "canary"\nemail = 1', "users.ada.email"),
        ('[clients.app]\n[users.ada]\npassword = "canary"\nrole = "canary"', "users.ada.role"),
        ("[clients.app]\n[secrets]\nehr = 1", "secrets.ehr"),
        ('[clients.app]\n[secrets]\nehr = ""', "secrets.ehr"),
        ('[clients.app]\n[secrets.ehr]\norigins = ["https://ehr.example.org"]', "secrets.ehr.value"),
        ('[clients.app]\n[secrets.ehr]\nvalue = "canary"\norigins = "https://a"', "secrets.ehr.origins"),
        ('[clients.app]\n[secrets.ehr]\nvalue = "canary"\norigins = ["https://a/canary"]', "secrets.ehr.origins"),
        ('[clients.app]\n[secrets.ehr]\nvalue = "canary"\nurl = "canary"', "secrets.ehr.url"),
        ('origins = "canary"\n[clients.app]', "origins"),
        ('tenants = "base"\n[clients.app]', "tenants"),
        ("[clients.app]\n[other]", "other"),
    ],
)
def test_a_mistake_is_named_by_table_and_key_and_shows_no_value(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert caught.value.setting == place
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("content", [b"[clients", b"\xff\xfe"])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clients.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="--clients"):
        read_clients_file(path)
    with pytest.raises(ConfigurationError, match="--clients"):
        read_clients_file(tmp_path / "missing.toml")


def test_a_client_of_a_tenant_that_is_none_is_refused(tmp_path: Path) -> None:
    found = read(tmp_path, '[clients.app]\ntenants = ["clinic"]')
    with pytest.raises(ConfigurationError, match=r"clients\.app\.tenants: names clinic"):
        found.applied(PlatformSettings())


@pytest.mark.parametrize("tenant", ["", "a/b", "..", "a b", "mün", "a?b", "a\n"])
def test_a_tenant_that_cannot_stand_in_an_address_and_a_header_is_refused(tenant: str) -> None:
    """ENV-04."""
    with pytest.raises(ConfigurationError, match="tenants"):
        PlatformSettings(tenants=("base", tenant))


@pytest.mark.parametrize(
    "more",
    [
        {"issuer_environment": "eu", "login_url": "https://auth.eu.corti.app/realms"},
        {"issuer_environment": "eu.evil.example.org/"},
        {"issuer_environment": ""},
        {"refresh_lifetime": 0},
    ],
)
def test_settings_of_the_login_that_do_not_fit_are_refused(more: dict[str, object]) -> None:
    """LOC-06."""
    with pytest.raises(ConfigurationError):
        PlatformSettings(**more)  # pyright: ignore[reportArgumentType]

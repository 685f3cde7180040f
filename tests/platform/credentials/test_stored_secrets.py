"""A stored secret goes to the servers it is for, whatever address and name an agent's author writes (V2-OBJ-10)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from agentkit.errors import ConfigurationError
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.platform import PlatformSettings
from agentkit.platform.stored_secrets import StoredSecret, StoredSecrets
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.credentials.test_v2_connectors import COMPLETED, PAIR, WAITS, Headers, sent
from tests.platform.orchestration.making import V2, made, mcp
from tests.platform.parts import TOKEN, TOOLS, Plain, Talk, echo_server

pytestmark = pytest.mark.anyio

ELSEWHERE = "https://author.example.org"
SECRET = "canary-stored-2b7f"


@asynccontextmanager
async def talking(
    secret: str | StoredSecret, auth: Mapping[str, str] | None = None, url: str = f"{ELSEWHERE}/ehr/mcp"
) -> AsyncGenerator[tuple[Talk, Headers]]:
    """An author's agent, whose server is on this machine and at an address of the author's."""
    here, there = (
        Headers(host([HostedServer(echo_server("ehr"), "/ehr/mcp", NoAuth())], public_url=one))
        for one in (TOOLS, ELSEWHERE)
    )
    there.seen = here.seen
    settings = PlatformSettings(secrets={"ward": secret}, tenants=("base", "clinic"))
    async with LocalPlatform(settings, servers={TOOLS: here, ELSEWHERE: there}, reasoner=Plain()) as platform:
        yield await made(platform, mcp("ehr", {**(auth or {"type": "bearer"}), "ref": "ward"}, url=url)), here


@pytest.mark.parametrize("secret", [SECRET, StoredSecret(SECRET), StoredSecret(SECRET, (TOOLS, "https://ehr.test"))])
@pytest.mark.parametrize("kind", ["bearer", "apiKey"])
async def test_a_secret_is_not_sent_to_an_address_it_is_not_for(secret: str | StoredSecret, kind: str) -> None:
    """V2-OBJ-10."""
    async with talking(secret, {"type": kind}) as (chief, app):
        task = await sent(chief)
        assert task["status"]["state"] == WAITS
        assert "not for its address" in str(task["status"]["message"])
        assert SECRET not in str(task)
        assert app.seen == []


async def test_a_pair_is_not_sent_to_an_address_it_is_not_for() -> None:
    """V2-OBJ-10: the address would name the authorization server that gets the pair."""
    async with talking(PAIR, {"type": "oauth2"}) as (chief, app):
        assert (await sent(chief))["status"]["state"] == WAITS
        assert app.seen == []


async def test_a_secret_goes_to_its_origins() -> None:
    """V2-OBJ-10."""
    async with talking(StoredSecret(SECRET, (ELSEWHERE,))) as (chief, app):
        assert (await sent(chief))["status"]["state"] == COMPLETED
        assert {headers["authorization"] for headers in app.seen} == {f"Bearer {SECRET}"}


async def test_a_secret_without_origins_goes_to_this_machine() -> None:
    async with talking(StoredSecret(SECRET), url=f"{TOOLS}/ehr/mcp") as (chief, app):
        assert (await sent(chief))["status"]["state"] == COMPLETED
        assert {headers["authorization"] for headers in app.seen} == {f"Bearer {SECRET}"}


async def test_a_secret_does_not_follow_its_server_to_another_address() -> None:
    """V2-EP-17."""
    async with talking(SECRET, url=f"{TOOLS}/ehr/mcp") as (chief, app):
        first = await sent(chief)
        assert first["status"]["state"] == COMPLETED
        app.seen.clear()
        place = f"{V2}/{chief.agent}/connectors"
        (connector,) = (await chief.api.get(place)).json()["connectors"]
        moved = await chief.api.patch(
            f"{place}/{connector['id']}",
            json={"url": f"{ELSEWHERE}/ehr/mcp"},
            headers={"content-type": "application/merge-patch+json"},
        )
        assert moved.json()["auth"]["ref"] == "ward"
        assert (await sent(chief, contextId=first["contextId"]))["status"]["state"] == WAITS
        assert app.seen == []


async def test_a_secret_of_other_tenants_looks_unknown() -> None:
    """CTX-03: whether it is there, nobody else hears."""
    async with talking(StoredSecret(SECRET, tenants=("clinic",)), url=f"{TOOLS}/ehr/mcp") as (chief, app):
        task = await sent(chief)
        assert task["status"]["state"] == WAITS
        assert "no stored secret of the name" in str(task["status"]["message"])
        assert app.seen == []


async def test_a_token_of_the_message_goes_where_the_agent_says() -> None:
    """MCPAUTH-06: it is the caller's own, and given for this server."""
    async with talking(SECRET) as (chief, app):
        part = {"type": "token", "mcp_name": "ehr", "token": TOKEN}
        assert (await sent(chief, part))["status"]["state"] == COMPLETED
        assert {headers["authorization"] for headers in app.seen} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://ehr.example.org/mcp", True),
        ("https://EHR.example.org:443/mcp", True),
        ("https://ehr.example.org./mcp", False),
        ("https://ehr.example.org:8443/mcp", False),
        ("http://ehr.example.org/mcp", False),
        ("https://ehr.example.org.evil.test/mcp", False),
        ("https://evil.test/https://ehr.example.org", False),
        ("https://evil.test\\@ehr.example.org.test/mcp", False),
        ("http://127.0.0.1:8701/mcp", False),
    ],
)
def test_an_address_fits_by_scheme_host_and_port(url: str, fits: bool) -> None:
    assert StoredSecret("s", ("https://ehr.example.org",)).goes_to(url) is fits


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("http://127.0.0.1:8701/mcp", True),
        ("http://localhost/mcp", True),
        ("http://[::1]:8701/mcp", True),
        ("https://ehr.example.org/mcp", False),
        ("http://127.0.0.1.evil.test/mcp", False),
        ("http://0.0.0.0:8701/mcp", False),
    ],
)
def test_without_origins_only_this_machine_fits(url: str, fits: bool) -> None:
    assert StoredSecret("s").goes_to(url) is fits


@pytest.mark.parametrize(
    ("make", "setting"),
    [
        (lambda: StoredSecret(""), "value"),
        (lambda: StoredSecret("s", ("ehr.example.org",)), "origins"),
        (lambda: StoredSecret("s", ("https://ehr.example.org/",)), "origins"),
        (lambda: StoredSecret("s", ("https://ehr.example.org/mcp",)), "origins"),
        (lambda: StoredSecret("s", ("https://EHR.example.org",)), "origins"),
        (lambda: StoredSecret("s", ("https://canary@ehr.example.org",)), "origins"),
        (lambda: StoredSecret("s", ("https://ehr.example.org:x",)), "origins"),
        (lambda: StoredSecret("s", ("http://[x",)), "origins"),
        (lambda: StoredSecret("s", ("*",)), "origins"),
        (lambda: StoredSecret("s", "https://ehr.example.org"), "origins"),  # pyright: ignore[reportArgumentType]
        (lambda: PlatformSettings(secrets={"ward": ""}), "secrets.ward"),
        (lambda: PlatformSettings(secrets={"ward": StoredSecret("s", tenants=("clinic",))}), "secrets.ward.tenants"),
    ],
)
def test_a_secret_that_could_go_nowhere_is_refused(make: object, setting: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert caught.value.setting == setting
    assert "canary" not in str(caught.value)


def test_nothing_shows_a_secret() -> None:
    secret = StoredSecret(SECRET, (ELSEWHERE,))
    shown = [secret, StoredSecrets({"ward": secret}), PlatformSettings(secrets={"ward": secret}), replace(secret)]
    assert SECRET not in repr(shown)

"""A platform with a browser app, a server with a secret, and two people; and the way through its login page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from agentkit.platform import PlatformSettings
from agentkit.platform.realm.records import RealmClient, RealmUser
from agentkit.testing.local_platform import LocalPlatform

CALLBACK = "https://app.example.org/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
TOKEN = "/realms/base/protocol/openid-connect/token"
AUTH = "/realms/base/protocol/openid-connect/auth"
LOGIN = "/realms/base/protocol/openid-connect/auth/login"

CLIENTS: dict[str, str | RealmClient] = {
    "local-client": "local-secret",
    "app": RealmClient(redirect_uris=(CALLBACK, "http://127.0.0.1/back")),
    "backend": RealmClient(secret="backend-secret", redirect_uris=(CALLBACK,)),
    "both": RealmClient(secret="both-secret", public=True, redirect_uris=(CALLBACK,)),
    "narrow": RealmClient(grants=("password",), token_lifetime=60),
}
USERS = {
    "ada": RealmUser("ada-password", name="Ada Example", email="ada@example.org"),
    "bob": RealmUser("bob-password"),
}


class MovableTime:
    """The clock of a platform."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def settings(**more: Any) -> PlatformSettings:
    return replace(PlatformSettings(clients=CLIENTS, users=USERS), **more)


async def fetch(platform: LocalPlatform, path: str = TOKEN, **form: str) -> httpx2.Response:
    """A token request."""
    return await platform.http.post(platform.url + path, data=form)


async def by_password(platform: LocalPlatform, client: str = "app", user: str = "ada", **more: str) -> dict[str, Any]:
    answer = await fetch(
        platform, grant_type="password", client_id=client, username=user, password=f"{user}-password", **more
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def open_form(platform: LocalPlatform, **query: str) -> httpx2.Response:
    """The login page, or the redirect that says what is wrong."""
    asked = {"response_type": "code", "scope": "openid profile", "client_id": "app", "redirect_uri": CALLBACK, **query}
    return await platform.http.get(platform.url + AUTH, params={name: value for name, value in asked.items() if value})


def hidden(page: httpx2.Response) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


async def send_form(platform: LocalPlatform, form: dict[str, str], user: str = "ada", **more: str) -> httpx2.Response:
    filled = {**form, "username": user, "password": f"{user}-password", **more}
    return await platform.http.post(platform.url + LOGIN, data=filled)


async def code_of(platform: LocalPlatform, user: str = "ada", **query: str) -> str:
    """A code, by way of the page."""
    page = await open_form(platform, **({"code_challenge": CHALLENGE, "code_challenge_method": "S256"} | query))
    assert page.status_code == 200, page.text
    return answer_of(await send_form(platform, hidden(page), user))["code"]


def answer_of(redirect: httpx2.Response) -> dict[str, str]:
    """What a redirect says to the client."""
    assert redirect.status_code in {302, 303}, redirect.text
    return {name: values[0] for name, values in parse_qs(urlsplit(redirect.headers["location"]).query).items()}


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def calls_with(platform: LocalPlatform, token: str) -> int:
    """The status of an API call."""
    headers = {"authorization": f"Bearer {token}", "tenant-name": "base"}
    return (await platform.http.get(platform.url + "/agents", headers=headers)).status_code

"""How a RemoteAgent is let in: token, key, client credentials, the caller's own token (A2A-CG-03)."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentkit.a2a.remote import remote_agent
from agentkit.compose import Caller
from agentkit.errors import AuthenticationError, RemoteAuthRequired, SpecError
from agentkit.mcp import ApiKey, BearerToken, OAuthClientCredentials
from agentkit.models import Message
from tests.a2a.remote.parts import URL, events, made_card, outcome, pool, task, turn

pytestmark = pytest.mark.anyio

SECRET = "canary-secret-42"


class Guarded:
    """An agent, its card and its token endpoint; only the valid token is let in."""

    def __init__(
        self, *, card_is_open: bool = True, header: str = "authorization", valid: str = "Bearer token-1"
    ) -> None:
        self.header = header
        self.valid = valid
        self.card_is_open = card_is_open
        self.card = made_card(capabilities={"streaming": False})
        self.seen: list[str | None] = []
        self.forms: list[dict[str, list[str]]] = []
        self.issued = 0
        self.app = Starlette(
            routes=[
                Route("/.well-known/agent-card.json", self._card),
                Route("/a2a", self._answer, methods=["POST"]),
                Route("/token", self._token, methods=["POST"]),
                Route("/.well-known/oauth-protected-resource", self._resource),
                Route("/.well-known/oauth-authorization-server", self._issuer),
            ]
        )

    def oauth(self, token_url: str = f"{URL}/token") -> dict[str, Any]:
        flow = {"clientCredentials": {"tokenUrl": token_url, "scopes": {"ask": "asks"}}}
        self.card["securitySchemes"] = {"oauth": {"oauth2SecurityScheme": {"flows": flow}}}
        self.card["securityRequirements"] = [{"schemes": {"oauth": {"list": ["ask"]}}}]
        return self.card

    def _let_in(self, request: Request) -> Response | None:
        self.seen.append(request.headers.get(self.header))
        if self.seen[-1] == self.valid:
            return None
        return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer realm="peer"'})

    async def _card(self, request: Request) -> Response:
        return (None if self.card_is_open else self._let_in(request)) or JSONResponse(self.card)

    async def _answer(self, request: Request) -> Response:
        refused = self._let_in(request)
        if refused is not None:
            return refused
        call = await request.json()
        return JSONResponse({"jsonrpc": "2.0", "id": call["id"], "result": {"task": task("COMPLETED", text="done")}})

    async def _token(self, request: Request) -> Response:
        self.forms.append(parse_qs((await request.body()).decode()))
        basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        if basic != f"me:{SECRET}":
            return JSONResponse({"error": "invalid_client"}, 401)
        self.issued += 1
        self.valid = f"Bearer token-{self.issued}"
        return JSONResponse({"access_token": f"token-{self.issued}", "token_type": "Bearer", "expires_in": 300})

    async def _resource(self, _request: Request) -> Response:
        return JSONResponse({"resource": URL, "authorization_servers": [URL]})

    async def _issuer(self, _request: Request) -> Response:
        document = {
            "issuer": URL,
            "token_endpoint": f"{URL}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        return JSONResponse(document)


async def test_a_bearer_token_goes_with_every_request_and_with_that_for_the_card() -> None:
    guarded = Guarded(card_is_open=False)
    agent = remote_agent(URL, auth=BearerToken("token-1"), http=pool(guarded.app))
    assert (await outcome(agent, "hello")).text == "done"
    assert guarded.seen == ["Bearer token-1"] * 2


async def test_a_key_goes_in_the_header_that_the_author_names() -> None:
    guarded = Guarded(header="x-agent-key", valid="key-1")
    agent = remote_agent(URL, auth=ApiKey("key-1", header="X-Agent-Key"), http=pool(guarded.app))
    assert (await outcome(agent, "hello")).text == "done"


async def test_tokens_of_a_client_are_fetched_once_kept_and_shared() -> None:
    guarded = Guarded()
    guarded.oauth()
    agent = remote_agent(URL, auth=OAuthClientCredentials("me", SECRET), http=pool(guarded.app))
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(outcome, agent, "hello")
    assert guarded.issued == 1
    assert guarded.forms[0]["scope"] == ["ask"]
    await agent.aclose()


async def test_a_refused_token_is_fetched_anew_once() -> None:
    """The one 401 retry: a revoked token costs nothing but a request, and a hopeless one does not loop."""
    guarded = Guarded()
    guarded.oauth()
    agent = remote_agent(URL, name="peer", auth=OAuthClientCredentials("me", SECRET), http=pool(guarded.app))
    await outcome(agent, "hello")
    guarded.valid = "Bearer revoked"
    assert (await outcome(agent, "hello")).text == "done"
    assert guarded.issued == 2
    guarded.header = "x-never"
    with pytest.raises(RemoteAuthRequired):
        await events(agent, "hello")
    assert guarded.issued == 3


async def test_a_token_is_renewed_before_it_expires() -> None:
    now = 0.0
    guarded = Guarded()
    guarded.oauth()
    credentials = OAuthClientCredentials("me", SECRET)
    agent = remote_agent(URL, auth=credentials, http=pool(guarded.app), clock=lambda: now)
    await outcome(agent, "hello")
    now = 280.0
    await outcome(agent, "hello")
    assert guarded.issued == 2


async def test_a_card_behind_the_gate_is_read_with_a_token_that_its_challenge_leads_to() -> None:
    guarded = Guarded(card_is_open=False, valid="nobody yet")
    agent = remote_agent(URL, auth=OAuthClientCredentials("me", SECRET), http=pool(guarded.app))
    assert (await outcome(agent, "hello")).text == "done"
    assert guarded.issued == 1


async def test_a_configured_issuer_is_the_only_place_for_the_secret() -> None:
    guarded = Guarded()
    guarded.oauth("https://evil.test/token")
    agent = remote_agent(URL, auth=OAuthClientCredentials("me", SECRET, issuer=URL), http=pool(guarded.app))
    assert (await outcome(agent, "hello")).text == "done"


async def test_no_secret_goes_to_a_token_endpoint_without_tls() -> None:
    guarded = Guarded()
    guarded.oauth("http://plain.test/token")
    agent = remote_agent(URL, auth=OAuthClientCredentials("me", SECRET), http=pool(guarded.app))
    with pytest.raises(AuthenticationError) as refused:
        await events(agent, "hello")
    assert SECRET not in str(refused.value)
    assert not guarded.forms


async def test_a_refused_client_is_a_typed_error_without_its_secret() -> None:
    guarded = Guarded()
    guarded.oauth()
    agent = remote_agent(URL, auth=OAuthClientCredentials("me", "wrong-secret-77"), http=pool(guarded.app))
    with pytest.raises(AuthenticationError) as refused:
        await events(agent, "hello")
    assert refused.value.code == "invalid_client"
    assert "wrong-secret" not in str(refused.value)


async def test_the_callers_own_token_is_passed_on_and_no_other_callers() -> None:
    guarded = Guarded()
    agent = remote_agent(URL, name="peer", inherit=True, http=pool(guarded.app))
    for bearer in ("token-1", "token-2"):
        guarded.valid = f"Bearer {bearer}"
        context = turn(caller=Caller(owner=bearer, bearer=bearer))
        assert (await outcome(agent, "hello", context)).text == "done"
    assert guarded.seen == ["Bearer token-1", "Bearer token-2"]
    with pytest.raises(RemoteAuthRequired, match="without one"):
        await events(agent, Message.user("hello"))
    assert len(guarded.seen) == 2


async def test_without_auth_a_guarded_agent_says_what_to_give() -> None:
    guarded = Guarded()
    ended = await outcome(remote_agent(URL, name="peer", http=pool(guarded.app)), "hello")
    assert "auth that its card asks for" in ended.text


@pytest.mark.parametrize("auth", [BearerToken("two words"), BearerToken(""), ApiKey("k", header="Host"), "token"])
def test_what_cannot_be_sent_is_refused_when_it_is_given(auth: Any) -> None:
    with pytest.raises(SpecError):
        remote_agent(URL, auth=auth)


def test_one_way_in_is_enough() -> None:
    with pytest.raises(SpecError, match="without auth"):
        remote_agent(URL, auth=BearerToken("x"), inherit=True)

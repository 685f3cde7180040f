"""What every call keeps to, rule by rule: headers, tries, errors, streams as they are written (sections 2 to 5, 15)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import httpx2
import pytest

from agentkit.client import (
    AsyncCorti,
    ClientCredentialsGrant,
    Corti,
    Endpoints,
)
from agentkit.errors import (
    AgentKitError,
    ApiError,
    BadGatewayError,
    BadRequestError,
    ConflictError,
    ConnectionFailed,
    ForbiddenError,
    GatewayTimeoutError,
    InternalServerError,
    NotFoundError,
    NotImplementedByServerError,
    RateLimitedError,
    RequestTimeout,
    ServiceUnavailableError,
    UnauthorizedError,
    UnprocessableEntityError,
    WireError,
)
from agentkit.models import ArtifactUpdate, FeedbackSpec, StatusUpdate, Task
from agentkit.specs import AgentChanges, AgentSpec
from agentkit.testing import ASGITransport
from tests.client.connecting import connected
from tests.contract.corti_double import Answer, CortiDouble, Shape, Turn, html, in_pieces, too_many
from tests.contract.serving import served_in_thread
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

SOMEBODY = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001"


def test_the_time_limit_of_a_call_is_a_minute_and_can_be_set() -> None:
    """CLI-09."""
    grant = ClientCredentialsGrant("a", "b")
    for client in (Corti, AsyncCorti):
        assert client(environment="eu", auth=grant).config.timeout == 60.0
        assert client(environment="eu", auth=grant, timeout=180.0).config.timeout == 180.0


async def test_each_address_of_an_environment_is_used_for_what_it_is_for() -> None:
    """ENV-01, ENV-03, ENV-04, HDR-01, HDR-03, LOC-01, CON-01: v1 without `/v2`, v2 behind it, the token elsewhere."""
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        if request.url.path.endswith("/token"):
            return httpx2.Response(200, json={"access_token": "access-1", "expires_in": 300, "token_type": "Bearer"})
        return httpx2.Response(200, json={"id": "a", "name": "n", "description": "d", "systemPrompt": ""})

    own = Endpoints(base="https://b.example/x", agents="https://a.example", login="https://l.example/r", wss="wss://w")
    for environment in ("eu", own):
        async with AsyncCorti(
            environment=environment,
            tenant="clinic",
            auth=ClientCredentialsGrant("id", "secret"),
            transport=httpx2.MockTransport(answer),
        ) as corti:
            await corti.agents.get(SOMEBODY)
            await corti.agents.get(f"agt.{SOMEBODY}")
    assert [str(request.url) for request in asked] == [
        "https://auth.eu.corti.app/realms/clinic/protocol/openid-connect/token",
        f"https://api.eu.corti.app/agents/{SOMEBODY}",
        f"https://api.eu.corti.app/v2/agentic/agents/agt.{SOMEBODY}",
        "https://l.example/r/clinic/protocol/openid-connect/token",
        f"https://a.example/agents/{SOMEBODY}",
        f"https://b.example/x/agentic/agents/agt.{SOMEBODY}",
    ]
    for request in asked:
        is_login = request.url.path.endswith("/token")
        assert request.headers.get("authorization") == (None if is_login else "Bearer access-1")
        assert request.headers.get("tenant-name") == (None if is_login else "clinic")


REPEATED: list[tuple[str, Callable[[AsyncCorti, str], Awaitable[object]]]] = [
    ("GET", lambda corti, agent_id: corti.agents.get(agent_id)),
    ("POST", lambda corti, _id: corti.agents.create(AgentSpec(name="another", description="b"))),
    ("PATCH", lambda corti, agent_id: corti.agents.update(agent_id, AgentChanges(name="renamed"))),
    ("DELETE", lambda corti, agent_id: corti.agents.delete(agent_id)),
]


@pytest.mark.parametrize("generation", ["v1", "v2"])
@pytest.mark.parametrize(("method", "call"), REPEATED)
async def test_trouble_is_tried_twice_more_with_every_method(
    generation: str, method: str, call: Callable[[AsyncCorti, str], Awaitable[object]]
) -> None:
    """CLI-05."""
    double = CortiDouble()
    agent = double.add_agent() if generation == "v1" else double.add_v2_agent()
    async with connected(double, generation=generation) as corti:
        double.inject(Answer(503), too_many(0))
        await call(corti, agent)
        double.inject(Answer(500), times=3)
        with pytest.raises(InternalServerError):
            await call(corti, agent)
    assert [sent.method for sent in double.calls] == [method] * 6
    assert len({(sent.target, sent.body) for sent in double.calls}) == 1


@pytest.mark.parametrize("binding", ["HTTP+JSON", "JSONRPC"])
@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_a_send_whose_answer_was_lost_is_sent_again_as_it_was(generation: str, binding: str) -> None:
    """CLI-10: the same message, so a server that compares does the work once."""
    double = CortiDouble()
    async with connected(double, generation=generation, binding=binding) as corti:
        agent = await corti.agents.get(double.add_agent() if generation == "v1" else double.add_v2_agent())
        double.inject(Answer(502, when="after"), on="POST *")
        reply = await agent.send("hello")
    assert reply.text == "Penicillin."
    assert len(double.messages) == 2
    assert double.calls[-1].body == double.calls[-2].body
    assert double.executed == {double.messages[0]["messageId"]: 1}


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_a_send_that_must_happen_once_is_repeated_only_where_nothing_was_done(generation: str) -> None:
    """CLI-10: a server that does not compare."""
    double = CortiDouble()
    double.deduplicates = False
    async with connected(double, generation=generation) as corti:
        agent = await corti.agents.get(double.add_agent() if generation == "v1" else double.add_v2_agent())
        double.inject(Answer(502, when="after"), on="POST *")
        with pytest.raises(BadGatewayError):
            await agent.send("hello", at_most_once=True)
        double.inject(too_many(0), on="POST *")
        await agent.send("hello", at_most_once=True)
    assert set(double.executed.values()) == {1}
    assert len(double.messages) == 3


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_opening_a_stream_keeps_the_rules_of_every_call(generation: str) -> None:
    """CLI-04, CLI-05, CLI-10, CLI-11."""
    double = CortiDouble()
    with anyio.fail_after(HANG):
        async with connected(double, generation=generation) as corti:
            agent = await corti.agents.get(double.add_agent() if generation == "v1" else double.add_v2_agent())
            double.inject(Answer(503), too_many(0), on="POST *")
            async for _ in agent.stream("hello"):
                pass
            tried = double.calls[1:]
            double.inject(Answer(503, when="after"), on="POST *")
            with pytest.raises(ServiceUnavailableError):
                await anext(agent.stream("hello", at_most_once=True))
            double.inject(Answer(401), on="POST *")
            with pytest.raises(UnauthorizedError):
                await anext(agent.stream("hello"))
    assert len({call.body for call in tried}) == 1
    assert len(tried) == 3
    assert set(double.executed.values()) == {1}
    assert len(double.calls) == 6


CLASSES: list[tuple[int, type[ApiError]]] = [
    (400, BadRequestError),
    (401, UnauthorizedError),
    (403, ForbiddenError),
    (404, NotFoundError),
    (408, ApiError),
    (409, ConflictError),
    (418, ApiError),
    (422, UnprocessableEntityError),
    (429, RateLimitedError),
    (500, InternalServerError),
    (501, NotImplementedByServerError),
    (502, BadGatewayError),
    (503, ServiceUnavailableError),
    (504, GatewayTimeoutError),
]


@pytest.mark.parametrize("body", [b"", "a text", {"code": "c", "description": "d"}])
@pytest.mark.parametrize(("status", "error"), CLASSES)
async def test_every_status_is_an_error_of_its_own_whatever_the_body(
    status: int, error: type[ApiError], body: bytes | str | dict[str, str]
) -> None:
    """CLI-11, SDKC-05: at every endpoint, not only where it is declared."""
    double = CortiDouble()
    double.inject(Answer(status, body), times=None)
    async with connected(double, max_retries=0) as corti:
        calls: list[Awaitable[object]] = [
            corti.agents.get(SOMEBODY),
            corti.agents.delete(f"agt.{SOMEBODY}"),
            corti.contexts.give_feedback("c", "t", FeedbackSpec(is_positive=True)),
        ]
        for call in calls:
            with pytest.raises(ApiError) as caught:
                await call
            assert type(caught.value) is error
            assert caught.value.status == status
            assert caught.value.code == ("c" if isinstance(body, dict) else None)


@pytest.mark.parametrize(
    ("raised", "error"), [(httpx2.ReadTimeout("x"), RequestTimeout), (httpx2.ConnectError("x"), ConnectionFailed)]
)
async def test_what_never_came_has_the_root_of_all_errors_too_and_is_not_sent_again(
    raised: Exception, error: type[AgentKitError]
) -> None:
    """CLI-08, CLI-11."""
    count = 0

    def fail(_request: httpx2.Request) -> httpx2.Response:
        nonlocal count
        count += 1
        raise raised

    async with AsyncCorti(environment="eu", token="t", transport=httpx2.MockTransport(fail)) as corti:
        with pytest.raises(error):
            await corti.agents.create(AgentSpec(name="a", description="b"))
    assert count == 1


@pytest.mark.parametrize("answer", [Answer(200), html(200), Answer(200, "null"), Answer(200, "[]")])
async def test_a_success_without_the_object_asked_for_is_a_wire_error(answer: Answer) -> None:
    """SDKC-04."""
    double = CortiDouble()
    double.inject(answer, times=None)
    async with connected(double) as corti:
        for agent_id in (SOMEBODY, f"agt.{SOMEBODY}"):
            with pytest.raises(WireError):
                await corti.agents.get(agent_id)


@pytest.mark.parametrize("answer", [Answer(200), Answer(204), Answer(200, "gone"), Answer(200, {"deleted": True})])
async def test_a_delete_takes_any_success(answer: Answer) -> None:
    """SDKC-04."""
    double = CortiDouble()
    double.inject(answer, times=None)
    async with connected(double) as corti:
        for agent_id in (SOMEBODY, f"agt.{SOMEBODY}"):
            await corti.agents.delete(agent_id)


async def test_a_page_is_no_deletion() -> None:
    """SDKC-04 lets any success of Corti pass; a page with 200 comes from a proxy, and Corti has not seen the call."""
    double = CortiDouble()
    double.inject(html(200), times=None)
    async with connected(double) as corti:
        for agent_id in (SOMEBODY, f"agt.{SOMEBODY}"):
            with pytest.raises(WireError, match="is a page"):
                await corti.agents.delete(agent_id)


async def test_what_official_clients_break_on_is_read() -> None:
    """SDKC-01 to SDKC-03, SDKC-06, CLI-12: no prompt, a null, an unknown field, a date that is none, a bare `{}`."""
    double = CortiDouble()
    async with connected(double) as corti:
        double.inject(
            Answer(200, {"id": "a", "name": "n", "description": None, "experts": None, "colour": "red"}),
            Answer(200, {"id": "agt.a", "name": "n", "connectors": [{}], "createdAt": "yesterday"}),
        )
        old = await corti.agents.get(SOMEBODY)
        new = await corti.agents.get(f"agt.{SOMEBODY}")
    assert (old.name, old.info.unknown_fields) == ("n", {"colour": "red"})
    assert new.info.model_dump()["connectors"][0]["type"] == ""


SHAPES = [
    Shape(comments=True, keep_alives=2),
    Shape(crlf=True, event_names=True, ids=True),
    Shape(chunk_size=1, bare=True),
    Shape(many_lines=True),
    Shape(without_final=True, ids=False),
]


@pytest.mark.parametrize("generation", ["v1", "v2"])
@pytest.mark.parametrize("shape", SHAPES)
async def test_a_stream_is_read_however_it_is_written(shape: Shape, generation: str) -> None:
    """SDKC-07, V2-SSE-01: comments, names, ids, torn frames, several `data:` lines."""
    double = CortiDouble()
    double.agent_answers(Turn("Bjørk ☃.", artifacts=in_pieces("r1", "a", "b")))
    double.inject(shape, on="POST *")
    with anyio.fail_after(HANG):
        async with connected(double, generation=generation) as corti:
            agent = await corti.agents.get(double.add_agent() if generation == "v1" else double.add_v2_agent())
            stream = agent.stream("hello")
            events = [event async for event in stream]
    assert [type(event) for event in events] == [Task, StatusUpdate, ArtifactUpdate, ArtifactUpdate, StatusUpdate]
    assert stream.reply is not None
    assert stream.reply.text == "Bjørk ☃."


async def test_a_refused_token_is_dropped_so_that_the_next_call_fetches_a_new_one() -> None:
    """CLI-04: the refused call itself raises; without this a revoked token would fail every call until its end."""
    double = CortiDouble()
    agent_id = double.add_agent()
    async with AsyncCorti(
        base_url=double.url,
        client_id=double.client_id,
        client_secret=double.client_secret,
        transport=ASGITransport(double.app),
    ) as corti:
        await corti.agents.get(agent_id)
        double.keycloak.revoke_access_tokens()
        with pytest.raises(UnauthorizedError):
            await corti.agents.get(agent_id)
        assert len(double.token_calls) == 1
        await corti.agents.get(agent_id)
        assert len(double.token_calls) == 2


def test_a_refused_token_is_dropped_by_the_blocking_client_too() -> None:
    """CLI-04."""
    double = CortiDouble()
    with served_in_thread(double) as url:
        agent_id = double.add_agent()
        with Corti(base_url=url, client_id=double.client_id, client_secret=double.client_secret) as corti:
            corti.agents.get(agent_id)
            double.keycloak.revoke_access_tokens()
            with pytest.raises(UnauthorizedError):
                corti.agents.get(agent_id)
            corti.agents.get(agent_id)
        assert len(double.token_calls) == 2

"""What goes wrong between here and a model: typed, without the prompt, the answer or the key."""

from __future__ import annotations

import asyncio
import logging
import sys

import anyio
import pytest
from pydantic_ai.models.openai import OpenAIChatModel
from starlette.responses import Response

from agentkit.errors import (
    ConfigurationError,
    ModelError,
    ModelOutputInvalid,
    ModelRateLimited,
    ModelRefused,
    ModelUnreachable,
)
from agentkit.reasoning import Answer, Observation, Situation
from agentkit.reasoning.llm import LlmReasoner, corti_models_key, corti_models_url
from tests.deadline import HANG, skip
from tests.reasoning.llm.conftest import KEY, URL, Endpoint, broken, calls, completion, refusal, text

pytestmark = pytest.mark.anyio

ASKED = Situation("What does Priya Raman take?", observations=(Observation("look", {}, "Priya Raman takes nothing"),))
ANSWER = calls(("answer", {"text": "Nothing."}))


def check(error: ModelError) -> None:
    """Neither the error nor what it came of tells more than names and numbers."""
    assert error.model == "small"
    for told in (str(error), repr(error), repr(error.__cause__)):
        assert "Priya" not in told
        assert KEY not in told
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (refusal(401, "invalid_api_key"), ModelRefused, "authentication"),
        (refusal(403, "forbidden"), ModelRefused, "authentication"),
        (refusal(404, "model_not_found"), ModelRefused, "unknown-model"),
        (refusal(400, "context_length_exceeded"), ModelRefused, "too-long"),
        (refusal(422, "invalid_request"), ModelRefused, "rejected"),
        (completion({"content": None, "refusal": "I will not talk of Priya Raman."}), ModelRefused, "content"),
        (completion({"content": ""}, "content_filter"), ModelRefused, "content"),
    ],
)
async def test_a_refusal_is_not_tried_again(
    reasoner: LlmReasoner, endpoint: Endpoint, reply: Response, kind: type[ModelError], reason: str
) -> None:
    endpoint.says(reply)
    with pytest.raises(kind) as told:
        await reasoner.decide(ASKED)
    assert isinstance(told.value, ModelRefused)
    assert told.value.reason == reason
    assert len(endpoint.bodies) == 1
    check(told.value)


@pytest.mark.parametrize(
    "reply",
    [
        refusal(500, "server_error"),
        refusal(503, "overloaded"),
        refusal(429, "rate_limit_exceeded", {"retry-after": "0"}),
        refusal(429, "rate_limit_exceeded"),
        broken(),
    ],
)
async def test_what_may_pass_is_tried_again(reasoner: LlmReasoner, endpoint: Endpoint, reply: Response) -> None:
    endpoint.says(reply, ANSWER)
    assert await reasoner.decide(ASKED) == Answer("Nothing.")
    assert len(endpoint.bodies) == 2


async def test_after_a_few_times_a_failing_endpoint_is_given_up(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    endpoint.says(*[refusal(502, "bad_gateway")] * 3)
    with pytest.raises(ModelUnreachable) as told:
        await reasoner.decide(ASKED)
    assert told.value.status == 502
    assert len(endpoint.bodies) == 3
    check(told.value)


async def test_an_endpoint_that_wants_a_long_pause_is_not_waited_for(reasoner: LlmReasoner, endpoint: Endpoint) -> None:
    endpoint.says(refusal(429, "rate_limit_exceeded", {"retry-after": "600"}))
    with pytest.raises(ModelRateLimited) as told:
        await reasoner.decide(ASKED)
    assert told.value.retry_after == 600
    check(told.value)


async def test_a_used_up_quota_says_so(model: OpenAIChatModel, endpoint: Endpoint) -> None:
    endpoint.says(refusal(429, "insufficient_quota"))
    with pytest.raises(ModelRateLimited, match="quota") as told:
        await LlmReasoner(model, retries=0).decide(ASKED)
    check(told.value)


async def test_a_slow_endpoint_is_not_waited_for_longer_than_allowed(
    model: OpenAIChatModel, endpoint: Endpoint
) -> None:
    endpoint.hold = asyncio.Event()
    reasoner = LlmReasoner(model, timeout=30, retries=0)
    with anyio.fail_after(HANG * 10):
        task = asyncio.create_task(reasoner.decide(ASKED))
        await endpoint.asked.wait()
        skip(31)
        with pytest.raises(ModelUnreachable, match="30 seconds") as told:
            await task
    check(told.value)


@pytest.fixture
def nowhere() -> LlmReasoner:
    return LlmReasoner("small", base_url="http://127.0.0.1:9/v1", api_key=KEY, retries=0)


async def test_an_endpoint_that_is_not_there_is_unreachable(nowhere: LlmReasoner) -> None:
    with anyio.fail_after(HANG), pytest.raises(ModelUnreachable, match="could not be reached") as told:
        await nowhere.decide(ASKED)
    check(told.value)


async def test_neither_key_nor_content_is_logged(
    reasoner: LlmReasoner, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    endpoint.says(refusal(500, "server_error"), text("Priya Raman"), calls(("nope", {})), text("Priya Raman"))
    with pytest.raises(ModelOutputInvalid) as told:
        await reasoner.decide(ASKED)
    check(told.value)
    assert "Priya" not in caplog.text
    assert KEY not in caplog.text
    assert KEY not in endpoint.told


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "agentkit.reasoning.llm.conversation", None)
    with pytest.raises(ConfigurationError, match=r"corti-agentkit\[llm\]"):
        LlmReasoner("small", base_url=URL)


@pytest.mark.parametrize(("name", "url"), [("", URL), ("small", None), ("small", "models.test"), ("small", "")])
def test_a_name_or_an_address_that_is_missing_is_said(name: str, url: str | None) -> None:
    with pytest.raises(ConfigurationError):
        LlmReasoner(name, base_url=url)


def test_the_bearer_of_corti_s_models_is_made_of_four_pieces() -> None:
    """AUTH-13."""
    assert corti_models_url("eu") == "https://ai.eu.corti.app/v1"
    assert (
        corti_models_key("base", "local-client", "local-secret")
        == "YmFzZTpjbGllbnRfY3JlZGVudGlhbHM6bG9jYWwtY2xpZW50OmxvY2FsLXNlY3JldA=="
    )


@pytest.mark.parametrize(
    "pieces", [("", "c", "s"), ("t", "", "s"), ("t", "c", ""), ("t:x", "c", "s"), ("t", "c:x", "s")]
)
def test_a_bearer_that_could_not_be_read_back_is_not_made(pieces: tuple[str, str, str]) -> None:
    """AUTH-13."""
    with pytest.raises(ConfigurationError):
        corti_models_key(*pieces)

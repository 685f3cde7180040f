"""A model endpoint in this process: it checks what it gets and answers what a test wrote down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from agentkit.reasoning.llm import LlmReasoner
from agentkit.reasoning.llm.conversation import chat_model
from agentkit.testing import ASGITransport

KEY = "sk-canary-0f3a9c"
"""The key of the endpoint, which must show up nowhere else."""

URL = "http://models.test/v1"
Body = dict[str, Any]
Reply = Response | Callable[[Body], Response]


@dataclass
class Endpoint:
    """`/v1/chat/completions` with the replies of a test, one for each request."""

    replies: list[Reply] = field(default_factory=list[Reply])
    bodies: list[Body] = field(default_factory=list[Body])
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None

    def says(self, *replies: Reply) -> None:
        """Answer the next requests so."""
        self.replies += replies

    async def complete(self, request: Request) -> Response:
        body: Body = json.loads(await request.body())
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["content-type"] == "application/json"
        assert body["model"] == "small"
        assert body["temperature"] == 0.0
        assert body.get("stream") in {None, False}
        assert body["tool_choice"] == "required"
        assert body["parallel_tool_calls"] is False
        names = [tool["function"]["name"] for tool in body["tools"]]
        assert len(set(names)) == len(names)
        assert all(len(name) <= 64 and name.replace("_", "").replace("-", "").isalnum() for name in names)
        answered = {one["tool_call_id"] for one in body["messages"] if one["role"] == "tool"}
        called = {one["id"] for message in body["messages"] for one in message.get("tool_calls") or ()}
        assert called == answered, "an endpoint refuses a call without its result"
        self.bodies.append(body)
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        reply = self.replies.pop(0)
        return reply if isinstance(reply, Response) else reply(body)

    @property
    def told(self) -> str:
        """All that was sent, as text."""
        return json.dumps(self.bodies, ensure_ascii=False)

    def message(self, number: int = -1) -> str:
        """The last message of a request."""
        content = self.bodies[number]["messages"][-1]["content"]
        assert isinstance(content, str)
        return content

    def functions(self, number: int = -1) -> dict[str, Body]:
        """What could be called, by name."""
        return {tool["function"]["name"]: tool["function"] for tool in self.bodies[number]["tools"]}


def completion(message: Body, reason: str = "stop", **more: object) -> Response:
    """A chat completion as endpoints write it."""
    return JSONResponse(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1790000000,
            "model": "small-2026",
            "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 7, "total_tokens": 127},
            **more,
        }
    )


def calls(*made: tuple[str, object]) -> Response:
    """A completion that calls functions; arguments are JSON, or text as it stands."""
    listed = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(made, start=1)
    ]
    return completion({"content": None, "tool_calls": listed}, "tool_calls")


def text(content: str) -> Response:
    """A completion that calls nothing."""
    return completion({"content": content})


def refusal(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    """An error of the endpoint, whose message repeats what it should not."""
    body = {"error": {"message": f"You sent Priya Raman with {KEY}", "type": "error", "code": code, "param": None}}
    return JSONResponse(body, status_code=status, headers=headers)


def broken() -> Response:
    """Something that is no completion."""
    return PlainTextResponse("<html>Priya Raman</html>", headers={"content-type": "text/html"})


@pytest.fixture
def endpoint() -> Endpoint:
    """The endpoint of the test."""
    return Endpoint()


@pytest.fixture
def made() -> OpenAIChatModel:
    """A model, made before a loop runs: its client reads certificates."""
    return chat_model("small", URL, KEY)


@pytest.fixture
async def model(endpoint: Endpoint, made: OpenAIChatModel) -> AsyncGenerator[OpenAIChatModel, None]:
    """The same model, with a way to the endpoint that stays in this process."""
    app = Starlette(routes=[Route("/v1/chat/completions", endpoint.complete, methods=["POST"])])
    async with httpx2.AsyncClient(transport=ASGITransport(app)) as http:
        client = made.client.with_options(http_client=http)
        yield OpenAIChatModel("small", provider=OpenAICompatibleProvider("test", openai_client=client))


@pytest.fixture
def reasoner(model: OpenAIChatModel) -> LlmReasoner:
    """A reasoner that asks the endpoint and does not wait between attempts."""
    return LlmReasoner(model, pause=0.0)

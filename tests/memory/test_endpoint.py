"""Embeddings over HTTP: bounded, typed, and nothing of what was said in an error."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx2
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentkit.errors import (
    AgentKitError,
    ConfigurationError,
    ModelOutputInvalid,
    ModelRateLimited,
    ModelRefused,
    ModelUnreachable,
)
from agentkit.memory import Embedder
from agentkit.memory.endpoint import EmbeddingsEndpoint
from agentkit.testing.asgi import RoutedTransport
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:11434"
Answer = Callable[[dict[str, Any]], Awaitable[Response]]


async def silent(request: Request) -> Response:
    """Says nothing until the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


class Server:
    """Embeds a text as its length, in whatever way it is told to answer."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.asked: list[tuple[str | None, dict[str, Any]]] = []
        self._answer = answer
        self.app = Starlette(routes=[Route("/v1/embeddings", self.embeddings, methods=["POST"])])

    async def embeddings(self, request: Request) -> Response:
        body: dict[str, Any] = await request.json()
        self.asked.append((request.headers.get("authorization"), body))
        if self._answer is not None:
            return await self._answer(body)
        entries = [{"object": "embedding", "index": n, "embedding": [len(t), 1]} for n, t in enumerate(body["input"])]
        return JSONResponse({"object": "list", "model": body["model"], "data": entries[::-1], "usage": {}})

    def http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=RoutedTransport({URL: self.app}))


def endpoint(http: httpx2.AsyncClient, **more: Any) -> EmbeddingsEndpoint:
    return EmbeddingsEndpoint(f"{URL}/v1", model="small", dim=2, http=http, **more)


async def test_texts_are_asked_in_batches_and_come_back_in_order() -> None:
    server = Server()
    async with server.http() as http:
        embedder: Embedder = endpoint(http, api_key=SecretStr("key-1"))
        vectors = await embedder.embed(["x" * number for number in range(1, 71)], "document")
    assert [vector[0] for vector in vectors] == list(range(1, 71))
    assert [len(body["input"]) for _, body in server.asked] == [32, 32, 6]
    assert {authorization for authorization, _ in server.asked} == {"Bearer key-1"}
    assert server.asked[0][1] | {"input": []} == {"model": "small", "input": [], "encoding_format": "float"}


async def test_models_that_were_taught_prefixes_get_them() -> None:
    server = Server()
    async with server.http() as http:
        embedder = endpoint(http, document_prefix="passage: ", query_prefix="query: ")
        await embedder.embed(["tea"], "document")
        await embedder.embed(["tea"], "query")
    assert [body["input"] for _, body in server.asked] == [["passage: tea"], ["query: tea"]]
    assert embedder.model_id != endpoint(http).model_id


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (401, ModelRefused, "authentication"),
        (404, ModelRefused, "unknown-model"),
        (413, ModelRefused, "too-long"),
        (400, ModelRefused, "rejected"),
        (429, ModelRateLimited, None),
        (302, ModelUnreachable, None),
        (500, ModelUnreachable, None),
        (503, ModelUnreachable, None),
    ],
)
async def test_a_refusal_has_its_type_and_tells_nothing_of_the_text(
    status: int, kind: type[AgentKitError], reason: str | None
) -> None:
    async def refuse(body: dict[str, Any]) -> Response:
        return JSONResponse({"error": {"message": f"cannot embed {body['input']}"}}, status)

    async with Server(refuse).http() as http:
        with pytest.raises(kind) as refusal:
            await endpoint(http, api_key=SecretStr("key-1")).embed(["penicillin"], "query")
    assert getattr(refusal.value, "reason", None) == reason
    assert "penicillin" not in str(refusal.value)
    assert "key-1" not in str(refusal.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"data": 1}',
        b'{"data": []}',
        b'{"data": [1]}',
        b'{"data": [{"embedding": "AAAA"}]}',
        b'{"data": [{"embedding": ["x", "y"]}]}',
        b'{"data": [{"embedding": [1, 2], "index": 5}]}',
        b'{"data": [{"embedding": [1, 2], "index": []}, {"embedding": [1, 2]}]}',
        b'{"data": "' + b"x" * 100_000 + b'"}',
    ],
    ids=lambda body: body[:60].decode(),
)
async def test_an_answer_without_the_embeddings_is_a_typed_error(body: bytes) -> None:
    async def nonsense(_: dict[str, Any]) -> Response:
        return Response(body, media_type="application/json")

    async with Server(nonsense).http() as http:
        with pytest.raises(ModelOutputInvalid):
            await endpoint(http).embed(["penicillin"], "query")


async def test_a_server_that_takes_too_long_is_not_waited_for() -> None:
    app = Starlette(routes=[Route("/v1/embeddings", silent, methods=["POST"])])
    async with httpx2.AsyncClient(transport=RoutedTransport({URL: app})) as http:
        with anyio.fail_after(HANG), pytest.raises(ModelUnreachable, match="seconds"):
            await endpoint(http, timeout=0.05).embed(["penicillin"], "query")


async def test_a_server_that_is_not_there_is_a_typed_error() -> None:
    async with EmbeddingsEndpoint("http://127.0.0.1:1/v1", model="small", dim=2) as embedder:
        with pytest.raises(ModelUnreachable):
            await embedder.embed(["penicillin"], "query")


@pytest.mark.parametrize(
    ("base_url", "dim", "timeout"),
    [
        ("http://embeddings.example/v1", 2, 1.0),
        ("ftp://127.0.0.1/v1", 2, 1.0),
        ("127.0.0.1:11434", 2, 1.0),
        ("http://127.0.0.1:port/v1", 2, 1.0),
        ("https://user:secret@embeddings.example/v1", 2, 1.0),
        ("https://embeddings.example/v1?key=1", 2, 1.0),
        (f"{URL}/v1", 0, 1.0),
        (f"{URL}/v1", 2, 0.0),
    ],
)
def test_what_could_only_fail_later_is_refused(base_url: str, dim: int, timeout: float) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        EmbeddingsEndpoint(base_url, model="small", dim=dim, timeout=timeout)
    assert "secret" not in str(refusal.value)


async def test_the_body_is_plain_json() -> None:
    """Also half a surrogate pair, which a text may hold, can be sent."""
    server = Server()
    async with server.http() as http:
        await endpoint(http).embed(["\ud800 ä"], "query")
    assert json.dumps(server.asked[0][1]["input"]) == json.dumps(["\ud800 ä"])

"""Embeddings from a server that speaks OpenAI's `/embeddings`: Ollama, vLLM, llama.cpp, LiteLLM, OpenAI itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self, cast
from urllib.parse import urlsplit

import httpx2
from pydantic import SecretStr

from agentkit.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    ModelOutputInvalid,
    ModelRateLimited,
    ModelRefused,
    ModelUnreachable,
    RequestTimeout,
)
from agentkit.memory.embedder import TextKind, Vector
from agentkit.oauth.exchange import exchange, stays_local

TIMEOUT: Final = 10.0
"""Seconds one request may take."""

BATCH: Final = 32
"""So many texts go into one request."""

_BYTES_OF_A_NUMBER: Final = 32
_BYTES_BESIDE: Final = 65_536
_REFUSED: Final[Mapping[int, str]] = {
    401: "authentication", 403: "authentication", 404: "unknown-model", 413: "too-long",
}  # fmt: skip
_OK: Final = 200
_OF_THE_CLIENT: Final = 400
_OF_THE_SERVER: Final = 500
_TOO_MANY: Final = 429
_NO_KEY: Final = SecretStr("")


class EmbeddingsEndpoint:
    """Implements `Embedder` over HTTP.

    ```python
    embedder = EmbeddingsEndpoint("http://127.0.0.1:11434/v1", model="nomic-embed-text", dim=768)
    ```

    What is said in contexts is sent there, so it is a server you trust with it. A context waits for its answers no
    longer than `timeout`; when it fails, the memory goes by words alone for a while.

    Attributes:
        model_id: The model with the host it is asked of and the prefixes.
        dim: As given.
    """

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        dim: int,
        api_key: SecretStr = _NO_KEY,
        document_prefix: str = "",
        query_prefix: str = "",
        timeout: float = TIMEOUT,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        """Ask one model of one server.

        Args:
            base_url: The address before `/embeddings`; plain http to this machine only.
            model: Its name there.
            dim: How many numbers its vectors have.
            api_key: Sent as a bearer token, where the server wants one.
            document_prefix: Put before each text to be found, for models that were taught so.
            query_prefix: Put before each text to find by.
            timeout: Seconds one request may take.
            http: A connection pool of yours, which you close; its headers, cookies and auth are not used.

        Raises:
            ConfigurationError: The address is none, or not safe for what is sent; or a number does not fit.
        """
        _check(base_url, dim, timeout)
        self._url = f"{base_url.rstrip('/')}/embeddings"
        self._model = model
        self._key = api_key
        self._prefixes: Mapping[TextKind, str] = {"document": document_prefix, "query": query_prefix}
        self._timeout = timeout
        self._http = http
        self._own: httpx2.AsyncClient | None = None
        self.model_id = f"{model}@{urlsplit(base_url).netloc}{document_prefix}{query_prefix}"
        self.dim = dim

    async def embed(self, texts: Sequence[str], kind: TextKind) -> Sequence[Vector]:
        """Embed texts, in batches.

        Raises:
            ModelUnreachable: No answer in time, or the server failed.
            ModelRateLimited: It was asked too often.
            ModelRefused: It would not embed this; `reason` says why.
            ModelOutputInvalid: Its answer does not hold the embeddings.
        """
        vectors: list[Vector] = []
        for start in range(0, len(texts), BATCH):
            batch = [self._prefixes[kind] + text for text in texts[start : start + BATCH]]
            vectors += await self._ask(batch)
        return vectors

    async def aclose(self) -> None:
        """Close the connections, where they are not yours."""
        own, self._own = self._own, None
        if own is not None:
            await own.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(self, texts: Sequence[str]) -> list[Vector]:
        headers = {"content-type": "application/json"}
        if key := self._key.get_secret_value():
            headers["authorization"] = f"Bearer {key}"
        body = json.dumps({"model": self._model, "input": list(texts), "encoding_format": "float"}).encode()
        limit = len(texts) * self.dim * _BYTES_OF_A_NUMBER + _BYTES_BESIDE
        try:
            async with asyncio.timeout(self._timeout):
                client = await self._client()
                status, answer = await exchange(client, "POST", self._url, headers=headers, content=body, limit=limit)
        except (ConnectionFailed, RequestTimeout) as error:
            raise ModelUnreachable(self._model, error.message) from None
        except TimeoutError:
            raise ModelUnreachable(self._model, f"no answer within {self._timeout:g} seconds.") from None
        except AuthenticationError as error:  # too large, or compressed
            raise ModelOutputInvalid(self._model, error.message) from None
        if status != _OK:
            raise self._refusal(status)
        return self._read(answer, len(texts))

    async def _client(self) -> httpx2.AsyncClient:
        if self._http is not None:
            return self._http
        if self._own is None:
            made = await asyncio.to_thread(httpx2.AsyncClient, timeout=self._timeout)  # reads certificates
            if self._own is None:
                self._own = made
            else:
                await made.aclose()
        return self._own

    def _refusal(self, status: int) -> Exception:
        said = f"the embeddings endpoint answered {status}."
        if status == _TOO_MANY:
            return ModelRateLimited(self._model, said)
        if not _OF_THE_CLIENT <= status < _OF_THE_SERVER:
            return ModelUnreachable(self._model, said, status=status)
        return ModelRefused(self._model, _REFUSED.get(status, "rejected"), said)

    def _read(self, answer: object, number: int) -> list[Vector]:
        """The embeddings by their `index`: servers need not keep the order."""
        entries = cast("dict[str, object]", answer).get("data") if isinstance(answer, dict) else None
        found: dict[int, Vector] = {}
        for place, entry in enumerate(cast("list[object]", entries) if isinstance(entries, list) else []):
            fields = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
            vector = fields.get("embedding")
            if isinstance(vector, list) and all(isinstance(one, int | float) for one in cast("list[object]", vector)):
                index = fields.get("index")
                found[index if isinstance(index, int) else place] = cast("list[float]", vector)
        if set(found) != set(range(number)):
            raise ModelOutputInvalid(self._model, f"the answer does not hold {number} embeddings.")
        return [found[index] for index in range(number)]


def _check(base_url: str, dim: int, timeout: float) -> None:
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise ConfigurationError("base_url", "is no address of a server", remedy="Try http://127.0.0.1:11434/v1.")
    if parts.scheme != "https" and not (parts.scheme == "http" and stays_local(base_url)):
        raise ConfigurationError("base_url", "must be https: what is said in contexts is sent there")
    if dim < 1:
        raise ConfigurationError("dim", "must be at least 1")
    if timeout <= 0:
        raise ConfigurationError("timeout", "must be more than zero seconds")

"""Look for secrets, or any canary, in everything a run leaves behind (design D4).

A `LeakWatch` is told the secrets and shown places: logs, spans, files, HTTP traffic, values. It keeps sightings, never
the secrets' surroundings. The demonstration uses it to tell where the credentials went, tests use it to prove where
they did not go, and users can do the same for their own servers.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import traceback
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

from agentkit import tracing
from agentkit.testing.asgi import ASGIApp
from agentkit.tracing import SpanRecord

_CHUNK: Final = 1 << 20
_SHORTEST_BASE64: Final = 8


class LeakWatch:
    """Counts where secrets were seen.

    Attributes:
        sightings: Number of sightings by (label of the secret, place): values, headers, bodies and files that hold it.
        longest: Bytes of the longest spelling watched for.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Watch for secrets.

        Args:
            secrets: The secrets by a label that may be shown, for example `{"EHR token": "..."}`; each at least eight
                characters long, so that a sighting is no accident.
        """
        if short := [label for label, secret in secrets.items() if len(secret) < 8]:
            raise ValueError(f"a secret of under eight characters cannot be told from chance: {', '.join(short)}")
        self._needles = {label: _spellings(secret) for label, secret in secrets.items()}
        self.longest = max((len(each) for spellings in self._needles.values() for each in spellings), default=1)
        self.sightings: Counter[tuple[str, str]] = Counter()

    def places(self, label: str) -> frozenset[str]:
        """Where a secret was seen."""
        return frozenset(place for seen, place in self.sightings if seen == label)

    def count(self, label: str, place: str) -> int:
        """How often a secret was seen at a place."""
        return self.sightings[label, place]

    def look(self, place: str, value: object) -> None:
        """Look into a value: bytes and text as they are, an exception with its causes, the rest as text and repr."""
        self.sightings.update((label, place) for label in self.found_in(_bytes(value)))

    def found_in(self, content: bytes) -> set[str]:
        """The labels of the secrets that some bytes hold, in any spelling; counts nothing."""
        return {label for label, spellings in self._needles.items() if any(each in content for each in spellings)}

    async def look_in_files(self, place: str, folder: Path) -> None:
        """Look into every file below a folder, journals of databases included."""
        await asyncio.to_thread(self._read_files, place, folder)

    @contextmanager
    def logs(self, place: str = "logs") -> Generator[None]:
        """Look into every log record of the process, all loggers at DEBUG, while the block runs.

        That includes loggers which have a level of their own or hand nothing on to the root logger.
        """
        handler = _LogHandler(self, place)
        known = [logging.getLogger(name) for name in tuple(logging.root.manager.loggerDict)]
        levels = [(logger, logger.level) for logger in known if logger.level > logging.DEBUG]
        levels.append((logging.root, logging.root.level))
        ends = [logging.root, *(logger for logger in known if not logger.propagate)]
        for logger, _ in levels:
            logger.setLevel(logging.DEBUG)
        for logger in ends:
            logger.addHandler(handler)
        try:
            yield
        finally:
            for logger in ends:
                logger.removeHandler(handler)
            for logger, level in levels:
                logger.setLevel(level)

    @contextmanager
    def spans(self, place: str = "spans") -> Generator[None]:
        """Look into every span agentkit finishes while the block runs."""

        def listener(record: SpanRecord) -> None:
            self.look(place, f"{record.name} {record.attributes!r} {record.error}")

        with tracing.listen(listener):
            yield

    def traffic(self, name: str, app: ASGIApp) -> ASGIApp:
        """The app, with every request and answer looked into.

        Places are `<name>: request address`, `<name>: request <path> header <header>`, `<name>: request <path> body`,
        `<name>: answer header <header>` and `<name>: answer body`.
        """

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            path = str(scope["path"])
            request = _Stream(self, f"{name}: request {path} body")
            answer = _Stream(self, f"{name}: answer body")
            self.look(f"{name}: request address", scope["path"] + "?" + scope["query_string"].decode("latin-1"))
            self._look_at_headers(f"{name}: request {path}", scope["headers"])

            async def watched_receive() -> Any:
                message = await receive()
                request.look(message.get("body", b""))
                return message

            async def watched_send(message: Any) -> None:
                if message["type"] == "http.response.start":
                    self._look_at_headers(f"{name}: answer", message.get("headers", ()))
                answer.look(message.get("body", b""))
                await send(message)

            await app(scope, watched_receive, watched_send)

        return watched

    def _read_files(self, place: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            stream = _Stream(self, place)
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    stream.look(chunk)

    def _look_at_headers(self, place: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        for key, value in headers:
            pair = _decoded(value[6:]) if value[:6].lower() == b"basic " else b""
            self.look(f"{place} header {key.decode('latin-1').lower()}", value + b" " + pair)


@asynccontextmanager
async def watching(watch: LeakWatch) -> AsyncGenerator[LeakWatch]:
    """Look into logs and spans while the block runs."""
    with watch.logs(), watch.spans():
        yield watch


class _Stream:
    """Looks into chunks so that a secret on the border of two is seen; each stream counts once."""

    def __init__(self, watch: LeakWatch, place: str) -> None:
        self._watch = watch
        self._place = place
        self._tail = b""
        self._found: set[str] = set()

    def look(self, chunk: bytes) -> None:
        found = self._watch.found_in(self._tail + chunk) - self._found
        self._found |= found
        self._watch.sightings.update((label, self._place) for label in found)
        self._tail = (self._tail + chunk)[-self._watch.longest + 1 :]


class _LogHandler(logging.Handler):
    def __init__(self, watch: LeakWatch, place: str) -> None:
        super().__init__(logging.DEBUG)
        self._watch = watch
        self._place = place

    def emit(self, record: logging.LogRecord) -> None:
        self._watch.look(self._place, record.getMessage())
        self._watch.look(self._place, {key: value for key, value in record.__dict__.items() if key != "msg"})
        if record.exc_info and record.exc_info[1]:
            self._watch.look(self._place, record.exc_info[1])


def _spellings(secret: str) -> tuple[bytes, ...]:
    """The secret as it may appear: plain, escaped in JSON, encoded in a form, in base64 wherever it stands in there."""
    plain = secret.encode()
    return (plain, json.dumps(secret)[1:-1].encode(), quote_plus(secret).encode(), *_in_base64(plain))


def _in_base64(plain: bytes) -> Iterator[bytes]:
    """What every base64 text has in common that holds these bytes, for each place in a group of three."""
    for before, foreign in ((0, 0), (1, 2), (2, 3)):
        padded = bytes(before) + plain
        encoded = base64.b64encode(padded[: len(padded) // 3 * 3])[foreign:]
        if len(encoded) >= _SHORTEST_BASE64:
            yield encoded
            yield encoded.replace(b"+", b"-").replace(b"/", b"_")


def _bytes(value: object) -> bytes:
    match value:
        case bytes():
            return value
        case str():
            return value.encode(errors="surrogatepass")
        case BaseException():
            held = [(error.args, error.__dict__) for error in _chain(value)]
            return _bytes("".join(traceback.format_exception(value)) + repr(held))
        case _:
            return _bytes(f"{value} {value!r}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all it holds on to: causes, and contexts that `from None` only keeps from being printed."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [found.__cause__, found.__context__]


def _decoded(value: bytes) -> bytes:
    try:
        return base64.b64decode(value, validate=False)
    except binascii.Error:
        return b""

"""JSON-RPC over HTTP in both protocol eras, message by message: what a client library hides is what is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION

from agentkit.mcp.verification.wire import Answer, Wire
from agentkit.models import Json, JsonObject

HANDSHAKE: Final = LATEST_HANDSHAKE_VERSION
MODERN: Final = LATEST_MODERN_VERSION
KNOWN_HANDSHAKES: Final = HANDSHAKE_PROTOCOL_VERSIONS

SENDABLE: Final = re.compile(r"[\x21-\x7e]+")
"""What may stand in a header: a session id, a token."""

_CLIENT: Final[JsonObject] = {"name": "corti-agentkit-verify", "version": "1"}
_HEADERS: Final = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def initialize() -> JsonObject:
    """The message that begins the handshake era."""
    return request("initialize", {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": {**_CLIENT}})


def request(method: str, params: JsonObject | None = None) -> JsonObject:
    """A JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}


async def post(wire: Wire, url: str, message: Json, headers: Mapping[str, str]) -> Answer:
    """Post a message as a client does."""
    return await wire.send("POST", url, {**_HEADERS, **headers}, json.dumps(message).encode())


async def ask_modern(
    wire: Wire, url: str, method: str, params: JsonObject | None, headers: Mapping[str, str]
) -> Answer:
    """Ask in the era without handshake: version and capabilities travel with each request."""
    meta: JsonObject = {
        PROTOCOL_VERSION_META_KEY: MODERN,
        CLIENT_CAPABILITIES_META_KEY: {},
        CLIENT_INFO_META_KEY: {**_CLIENT},
    }
    message = request(method, {**(params or {}), "_meta": meta})
    return await post(wire, url, message, {"mcp-protocol-version": MODERN, "mcp-method": method, **headers})


class Session:
    """One conversation of the handshake era, with or without a session id of the server."""

    def __init__(self, wire: Wire, url: str, headers: Mapping[str, str]) -> None:
        """Converse at `url`; `headers` carry the credential."""
        self._wire = wire
        self._url = url
        self._headers = dict(headers)
        self.opening = Answer()
        self.notified = Answer()
        self.session_id: str | None = None

    async def open(self) -> bool:
        """Shake hands; whether the server took part. Its answer stays in `opening`."""
        self.opening = answer = await post(self._wire, self._url, initialize(), self._headers)
        if answer.status != 200 or answer.result is None:
            return False
        version = answer.result.get("protocolVersion")
        self._headers["mcp-protocol-version"] = version if version in KNOWN_HANDSHAKES else HANDSHAKE
        self.session_id = answer.headers.get("mcp-session-id")
        if self.session_id is not None and SENDABLE.fullmatch(self.session_id):
            self._headers["mcp-session-id"] = self.session_id
        self.notified = await self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return True

    async def ask(self, method: str, params: JsonObject | None = None) -> Answer:
        """Send a request."""
        return await self.send(request(method, params))

    async def send(self, message: Json) -> Answer:
        """Send any message."""
        return await post(self._wire, self._url, message, self._headers)

    async def send_bytes(self, content: bytes) -> Answer:
        """Send what need not be a message."""
        return await self._wire.send("POST", self._url, {**_HEADERS, **self._headers}, content)

    async def get(self) -> Answer:
        """Ask for the stream of the server's own messages, without waiting for one of them."""
        headers = {**self._headers, "accept": "text/event-stream"}
        return await self._wire.send("GET", self._url, headers, whole=False)

    async def ask_as(self, session_id: str, method: str) -> Answer:
        """Send a request in the name of another session."""
        return await post(self._wire, self._url, request(method), {**self._headers, "mcp-session-id": session_id})

    async def close(self) -> None:
        """Give the session back, where there is one."""
        if self.session_id is not None:
            await self._wire.send("DELETE", self._url, self._headers)

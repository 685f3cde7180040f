"""One request to the double and to the platform, and what its answer comes to without ids, times and texts."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import uuid4

import httpx2

from agentkit.testing import ASGITransport
from tests.contract.corti_double import Gate, Hold, Turn, Usage
from tests.contract.on_platform import Server

V1: Final = "/agents"
V2: Final = "/v2/agentic"
LOGIN: Final = "/realms/base/protocol/openid-connect/token"
NOBODY: Final = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"
"""An id that nothing has."""

JSON: Final = "application/json"
PATCH: Final = "application/merge-patch+json"
FORM: Final = "application/x-www-form-urlencoded"

HEADERS: Final = ("content-type", "a2a-version", "location", "allow", "www-authenticate")
"""The headers that clients read; of a challenge the scheme only."""

WORDS: Final = frozenset(
    {
        "@type",
        "append",
        "authorizationType",
        "code",
        "domain",
        "enabled",
        "error",
        "field",
        "final",
        "granularity",
        "jsonrpc",
        "kind",
        "lastChunk",
        "lifecycle",
        "location",
        "preferredTransport",
        "protocolBinding",
        "protocolVersion",
        "role",
        "scale",
        "state",
        "status",
        "token_type",
        "transition",
        "transportType",
        "type",
        "visibility",
    }
)
"""Fields whose value is part of the contract, not only its type."""

OPEN: Final = frozenset({"metadata", "attributes", "configSchema", "schema", "resolvedConfig", "config"})
"""Objects whose fields are the server's or the author's own."""

_ID: Final = re.compile(r"(?:(?:agt|con|ctx|task|msg|art|fb|usr)\.)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        method: Of HTTP.
        path: With `{agent}` and the other names of `prepared` in it.
        body: Sent as JSON, with the same names in its texts; a form for the token endpoint; bytes are sent as they are.
        kind: The content type of the body; None sends none.
        headers: Beside those of HDR-01; an empty value leaves one of these away.
    """

    method: str
    path: str
    body: Any = None
    kind: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@asynccontextmanager
async def prepared(
    server: Server, *, held: Gate | None = None
) -> AsyncGenerator[tuple[httpx2.AsyncClient, dict[str, str]]]:
    """Agents, contexts and tasks of both generations, the same on both servers.

    Args:
        server: Where.
        held: Also a task of each generation that waits at this gate: `running` and `running2`.

    Yields:
        A client that is signed in, and the ids by the names that requests call them.
    """
    headers = {"Authorization": f"Bearer {await server.bearer()}", "Tenant-Name": "base"}
    transport = ASGITransport(server.app)
    async with httpx2.AsyncClient(transport=transport, base_url=server.url, headers=headers, timeout=60) as client:
        yield client, await _things(server, client, held)


async def _things(server: Server, client: httpx2.AsyncClient, held: Gate | None) -> dict[str, str]:
    experts = [
        {"type": "new", "name": "reader", "description": "Reads", "mcpServers": [mcp_v1()]},
        {"type": "reference", "name": "pubmed-expert", "systemPrompt": "Cite.", "config": {"maxResults": 3}},
    ]
    ids = {
        "agent": await server.agent("first"),
        "crew": await server.agent("crew", experts=experts, systemPrompt="Be brief."),
        "doomed": await server.agent("doomed"),
        "agent2": await server.v2_agent("second"),
        "doomed2": await server.v2_agent("doomed2"),
        "unknown": NOBODY,
    }
    connectors = [
        {"type": "registry", "name": "pubmed-expert", "config": {"maxResults": 3}},
        {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr", "auth": {"type": "none"}},
        {"type": "agent", "agentId": ids["agent2"]},
        {"type": "a2a", "name": "far", "url": "https://remote.example.org/a2a"},
        {"type": "schema", "name": "triage", "schema": {"type": "object"}, "transition": "input_required"},
    ]
    ids["crew2"] = await server.v2_agent("crew2", connectors=connectors, labels={"team": "a"}, description="d")
    ids["connector"] = (await client.get(f"{V2}/agents/{ids['crew2']}")).json()["connectors"][1]["id"]
    for name in ("doomed", "doomed2"):
        root = V1 if name == "doomed" else f"{V2}/agents"
        assert (await client.delete(f"{root}/{ids[name]}")).status_code == 204
    used = Usage(3, 4, 0.5, "corti-default")
    server.agent_answers(*[Turn("Penicillin.", usage=used), Turn("Which ear?", "input-required")] * 2)
    for number in ("", "2"):
        for name in ("done", "asking"):
            task = await _sent(client, ids[f"agent{number}"], number)
            ids[f"{name}{number}"], ids[f"context{'' if name == 'done' else 'asking'}{number}"] = task
    if held is not None:
        server.agent_answers(*[Turn("Never", steps=[Hold(held)])] * 2)
        for number in ("", "2"):
            ids[f"running{number}"], _ = await _sent(client, ids[f"agent{number}"], number, wait=False)
    return ids


def mcp_v1(**more: Any) -> dict[str, Any]:
    """An MCP server as v1 registers it."""
    return {
        "name": "ehr",
        "transportType": "streamable_http",
        "authorizationType": "none",
        "url": "https://mcp.example.org/ehr",
        **more,
    }


async def _sent(client: httpx2.AsyncClient, agent: str, number: str, *, wait: bool = True) -> tuple[str, str]:
    if number:
        body = v2_message("hello", configuration=None if wait else {"returnImmediately": True})
        answer = await client.post(f"{V2}/agents/{agent}/a2a/message:send", json=body)
    else:
        body = v1_message("hello", configuration=None if wait else {"blocking": False})
        answer = await client.post(f"{V1}/{agent}/v1/message:send", json=body)
    assert answer.status_code == 200, answer.text
    task = answer.json()["task"]
    return task["id"], task["contextId"]


def v1_message(text: str, *parts: Any, configuration: Any = None, **more: Any) -> dict[str, Any]:
    """The body of a send as SDK 1.0.0 makes it."""
    message = {
        "kind": "message",
        "role": "user",
        "messageId": f"m-{uuid4()}",
        "parts": [{"kind": "text", "text": text}, *parts],
        **more,
    }
    return {"message": message, **({"configuration": configuration} if configuration else {})}


def v2_message(text: str, *parts: Any, configuration: Any = None, **more: Any) -> dict[str, Any]:
    """The body of a send as SDK 5.0.0 makes it."""
    message = {"role": "ROLE_USER", "messageId": f"m-{uuid4()}", "parts": [{"text": text}, *parts], **more}
    return {"message": message, **({"configuration": configuration} if configuration else {})}


def rpc(method: object, params: Any = None, request_id: Any = 1, **more: Any) -> dict[str, Any]:
    """A JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params, **more}


async def exchange(client: httpx2.AsyncClient, asked: Asked, ids: Mapping[str, str]) -> httpx2.Response:
    """Send a request, and read its answer to the end."""
    headers = {name: _filled(value, ids) for name, value in asked.headers.items()}
    content: bytes | None = None
    if isinstance(asked.body, bytes):
        content = asked.body
    elif asked.body is not None and asked.kind == FORM:
        content = str(httpx2.QueryParams(asked.body)).encode()
    elif asked.body is not None:
        content = _filled(json.dumps(asked.body), ids).encode()
    if content is not None and asked.kind is not None:
        headers = {"content-type": asked.kind, **headers}
    request = client.build_request(asked.method, _filled(asked.path, ids), content=content, headers=headers)
    for name in [name for name, value in headers.items() if not value]:
        del request.headers[name]
    return await client.send(request)


def _filled(text: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def summary(answer: httpx2.Response) -> dict[str, Any]:
    """What a client can tell one answer from another by."""
    told: dict[str, Any] = {"status": answer.status_code}
    for name in HEADERS:
        if name in answer.headers:
            told[name] = _header(name, answer.headers[name])
    if told.get("content-type") == "text/event-stream":
        told["body"] = _events(answer.text)
    elif answer.content:
        told["body"] = shape(answer.json()) if "json" in told.get("content-type", "") else "text"
    return told


def shape(value: object, name: str = "", *, inside: bool = False) -> Any:
    """Keys and types; the items of a list count once for each kind of them.

    Args:
        value: What was answered.
        name: The field it stands in.
        inside: It belongs to an `ErrorInfo`, whose `reason` is a word and not a sentence.
    """
    match value:
        case dict():
            fields = cast("dict[str, object]", value)
            if name in OPEN:
                return "object"
            info = "@type" in fields
            return {key: shape(item, key, inside=info) for key, item in sorted(fields.items())}
        case list():
            items = cast("list[object]", value)
            return _kinds([_untyped(shape(item)) if name == "detail" else shape(item, name) for item in items])
        case _ if name in WORDS or (inside and name == "reason"):
            return value
        case None:
            return "null"
        case bool():
            return "flag"
        case int() | float():
            return "number"
        case _:
            return "text"


def _kinds(items: list[Any]) -> dict[str, Any]:
    """The different items of a list, by what they say they are, so that two lists can be compared item by item."""
    texts = sorted({json.dumps(item, sort_keys=True) for item in items})
    kinds: dict[str, Any] = {}
    for text in texts:
        item = json.loads(text)
        named = cast("dict[str, object]", item) if isinstance(item, dict) else {}
        name = str(named.get("@type") or named.get("type") or named.get("kind") or "").rpartition(".")[2]
        name = "" if name == "text" else name
        kinds[f"[{name}]" if f"[{name}]" not in kinds else f"[{name}]{len(kinds)}"] = item
    return kinds


def _untyped(fault: dict[str, Any]) -> dict[str, Any]:
    """V1-ERR-02 names no words for the type of a fault."""
    return {**fault, "type": "text"}


def differences(one: object, other: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Where two summaries differ, with what each has there; `...` where it has nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        ours, theirs = cast("dict[str, object]", one), cast("dict[str, object]", other)
        for key in sorted({*ours, *theirs}):
            place = f"{path}{'' if key.startswith('[') or not path else '.'}{key}"
            yield from differences(ours.get(key, ...), theirs.get(key, ...), place)
    elif one != other:
        yield path, one, other


def _header(name: str, value: str) -> str:
    if name == "www-authenticate":
        return value.partition(" ")[0]
    if name == "allow":
        return ", ".join(sorted(word.strip() for word in value.split(",")))
    return _ID.sub("<id>", value) if name == "location" else value.partition(";")[0].strip().lower()


def _events(text: str) -> dict[str, Any]:
    """A stream: its first and its last event, and which field names its lines have.

    How many states a turn passes is the server's own affair (V1-RPC-03 tells what was seen, not what must be).
    """
    lines = [line for line in text.splitlines() if line and not line.startswith(":")]
    data = [json.loads(line.partition(":")[2]) for line in lines if line.startswith("data:")]
    fields = sorted({line.partition(":")[0] for line in lines})
    return {"fields": fields, "first": shape(data[0]), "last": shape(data[-1])}

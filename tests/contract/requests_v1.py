"""Requests of v1, good and bad, in literal JSON."""

from __future__ import annotations

from typing import Any, Final

from tests.contract.exchanges import NOBODY, V1, Asked, mcp_v1, rpc, v1_message

_AGENT: Final[dict[str, Any]] = {"name": "x", "description": "y"}
_ONE: Final = f"{V1}/{{agent}}"
_SEND: Final = f"{_ONE}/v1/message:send"
_RPC: Final = f"{_ONE}/v1"
_TOKEN: Final = {"kind": "data", "data": {"type": "token", "mcp_name": "ehr", "token": "t"}}


def _post(body: Any, path: str = V1, **more: Any) -> Asked:
    return Asked("POST", path, body, **more)


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def _lacking(name: str) -> Asked:
    return _post({"message": _without(v1_message("x")["message"], name)}, _SEND)


def _part(part: Any) -> Asked:
    return _post(v1_message("x", part), _SEND)


MANAGEMENT: Final[dict[str, Asked]] = {
    "v1 create": _post(_AGENT),
    "v1 create ephemeral": _post(_AGENT, f"{V1}?ephemeral=true"),
    "v1 create at the alias": _post(_AGENT, "/v2/agents"),
    "v1 create everything": _post(
        {
            **_AGENT,
            "agentType": "orchestrator",
            "systemPrompt": "p",
            "experts": [
                {"type": "new", "name": "n", "description": "d", "systemPrompt": "s", "mcpServers": [mcp_v1()]},
                {"type": "reference", "name": "pubmed-expert", "config": {"maxResults": 1}},
                {"type": "reference", "id": "{crew}"},
            ],
            "mcpServers": [
                mcp_v1(name="calc", authorizationType="bearer", token="static", redirectUrl="https://a.org")
            ],
        }
    ),
    "v1 create without description": _post({"name": "x"}),
    "v1 create without name": _post({"description": "x"}),
    "v1 create with a number for a name": _post({**_AGENT, "name": 7}),
    "v1 create with an unknown field": _post({**_AGENT, "colour": "red"}),
    "v1 create of an unknown type": _post({**_AGENT, "agentType": "wizard"}),
    "v1 create with an unknown expert": _post({**_AGENT, "experts": [{"type": "reference", "name": "nobody"}]}),
    "v1 create with an unknown expert id": _post({**_AGENT, "experts": [{"type": "reference", "id": NOBODY}]}),
    "v1 create with an expert reference of nothing": _post({**_AGENT, "experts": [{"type": "reference"}]}),
    "v1 create with an expert of an unknown type": _post({**_AGENT, "experts": [{"type": "odd", "name": "x"}]}),
    "v1 create with an unnamed expert": _post({**_AGENT, "experts": [{"type": "new", "description": "d"}]}),
    "v1 create with a config that does not fit": _post(
        {**_AGENT, "experts": [{"type": "reference", "name": "pubmed-expert", "config": {"maxResults": "many"}}]}
    ),
    "v1 create with oauth over sse": _post(
        {**_AGENT, "mcpServers": [mcp_v1(transportType="sse", authorizationType="oauth2.0")]}
    ),
    "v1 create with an unknown transport": _post({**_AGENT, "mcpServers": [mcp_v1(transportType="pigeon")]}),
    "v1 create with a server without url": _post({**_AGENT, "mcpServers": [_without(mcp_v1(), "url")]}),
    "v1 create with experts that are no list": _post({**_AGENT, "experts": {}}),
    "v1 create with a list": _post([]),
    "v1 create with broken json": _post(b'{"name":'),
    "v1 create with an empty body": _post(b""),
    "v1 create with a flag that is none": _post(_AGENT, f"{V1}?ephemeral=perhaps"),
    "v1 create without token": _post(_AGENT, headers={"authorization": ""}),
    "v1 create with a wrong token": _post(_AGENT, headers={"authorization": "Bearer nonsense"}),
    "v1 create of another tenant": _post(_AGENT, headers={"tenant-name": "other"}),
    "v1 list": Asked("GET", V1),
    "v1 list a page": Asked("GET", f"{V1}?limit=1&offset=1&ephemeral=true"),
    "v1 list beyond the end": Asked("GET", f"{V1}?limit=1&offset=100"),
    "v1 list with limit 0": Asked("GET", f"{V1}?limit=0"),
    "v1 list with a limit that is no number": Asked("GET", f"{V1}?limit=x"),
    "v1 list with offset -1": Asked("GET", f"{V1}?offset=-1"),
    "v1 list without token": Asked("GET", V1, headers={"authorization": ""}),
    "v1 get": Asked("GET", f"{V1}/{{crew}}"),
    "v1 get unknown": Asked("GET", f"{V1}/{NOBODY}"),
    "v1 get deleted": Asked("GET", f"{V1}/{{doomed}}"),
    "v1 get no id": Asked("GET", f"{V1}/visit-helper"),
    "v1 patch": Asked("PATCH", _ONE, {"name": "renamed"}),
    "v1 patch nothing": Asked("PATCH", _ONE, {}),
    "v1 patch experts": Asked("PATCH", _ONE, {"experts": [{"type": "reference", "name": "web-search-expert"}]}),
    "v1 patch unknown": Asked("PATCH", f"{V1}/{NOBODY}", {"name": "x"}),
    "v1 patch no id": Asked("PATCH", f"{V1}/x", {"name": "x"}),
    "v1 patch with a number": Asked("PATCH", _ONE, {"name": 7}),
    "v1 patch with an unknown expert": Asked("PATCH", _ONE, {"experts": [{"type": "reference", "name": "nobody"}]}),
    "v1 patch with broken json": Asked("PATCH", _ONE, b"{"),
    "v1 delete": Asked("DELETE", _ONE),
    "v1 delete twice": Asked("DELETE", f"{V1}/{{doomed}}"),
    "v1 delete unknown": Asked("DELETE", f"{V1}/{NOBODY}"),
    "v1 delete no id": Asked("DELETE", f"{V1}/x"),
    "v1 card": Asked("GET", f"{V1}/{{crew}}/agent-card.json"),
    "v1 card unknown": Asked("GET", f"{V1}/{NOBODY}/agent-card.json"),
    "v1 registry": Asked("GET", f"{V1}/registry/experts?limit=1&offset=3"),
    "v1 registry with limit 0": Asked("GET", f"{V1}/registry/experts?limit=0"),
}

MESSAGES: Final[dict[str, Asked]] = {
    "v1 send": _post(v1_message("x"), _SEND),
    "v1 send at the alias": _post(v1_message("x"), f"/v2{_SEND}"),
    "v1 send in a context": _post(v1_message("x", contextId="{context}"), _SEND),
    "v1 send to a question": _post(v1_message("x", taskId="{asking}"), _SEND),
    "v1 send at once": _post(v1_message("x", configuration={"blocking": False}), _SEND),
    "v1 send without history": _post(v1_message("x", configuration={"historyLength": 0}), _SEND),
    "v1 send everything": _post(
        v1_message(
            "x",
            {"kind": "data", "data": {"a": 1}, "metadata": {"b": 2}},
            {"kind": "file", "file": {"uri": "https://files.example.org/a.pdf", "name": "a.pdf"}},
            role="agent",
            referenceTaskIds=[NOBODY],
            extensions=["https://example.org/x"],
            metadata={"c": 3},
            configuration={"acceptedOutputModes": ["text/plain"], "historyLength": 5},
        ),
        _SEND,
    ),
    "v1 send without message": _post({}, _SEND),
    "v1 send without role": _lacking("role"),
    "v1 send without parts": _lacking("parts"),
    "v1 send without messageId": _lacking("messageId"),
    "v1 send without kind": _lacking("kind"),
    "v1 send a text part without text": _part({"kind": "text"}),
    "v1 send a part without kind": _part({"text": "x"}),
    "v1 send a part of an unknown kind": _part({"kind": "smell"}),
    "v1 send a data part with a list": _part({"kind": "data", "data": []}),
    "v1 send a file without content": _part({"kind": "file", "file": {"name": "a"}}),
    "v1 send a wrong role": _post({"message": {**v1_message("x")["message"], "role": "boss"}}, _SEND),
    "v1 send a wrong history length": _post(v1_message("x", configuration={"historyLength": "all"}), _SEND),
    "v1 send broken json": _post(b'{"message"', _SEND),
    "v1 send to an unknown agent": _post(v1_message("x"), f"{V1}/{NOBODY}/v1/message:send"),
    "v1 send to no id": _post(v1_message("x"), f"{V1}/x/v1/message:send"),
    "v1 send to an unknown task": _post(v1_message("x", taskId=NOBODY), _SEND),
    "v1 send to a task that is no id": _post(v1_message("x", taskId="t"), _SEND),
    "v1 send to a settled task": _post(v1_message("x", taskId="{done}"), _SEND),
    "v1 send to an unknown context": _post(v1_message("x", contextId=NOBODY), _SEND),
    "v1 send to a context that is no id": _post(v1_message("x", contextId="c"), _SEND),
    "v1 send to a task of another context": _post(v1_message("x", taskId="{asking}", contextId="{context}"), _SEND),
    "v1 send a credential": _part(_TOKEN),
    "v1 send two credentials of one name": _post(v1_message("x", _TOKEN, _TOKEN), _SEND),
    "v1 send a credential without name": _part({"kind": "data", "data": {"type": "token", "token": "t"}}),
    "v1 send a credential without token": _part({"kind": "data", "data": {"type": "token", "mcp_name": "ehr"}}),
    "v1 send a credential without secret": _part(
        {"kind": "data", "data": {"type": "credentials", "mcp_name": "ehr", "client_id": "c"}}
    ),
    "v1 send without token": _post(v1_message("x"), _SEND, headers={"authorization": ""}),
    "v1 task": Asked("GET", f"{_ONE}/v1/tasks/{{done}}"),
    "v1 task that asks": Asked("GET", f"{_ONE}/v1/tasks/{{asking}}?historyLength=1"),
    "v1 task unknown": Asked("GET", f"{_ONE}/v1/tasks/{NOBODY}"),
    "v1 task no id": Asked("GET", f"{_ONE}/v1/tasks/x"),
    "v1 task of another agent": Asked("GET", f"{V1}/{{crew}}/v1/tasks/{{done}}"),
    "v1 task of an unknown agent": Asked("GET", f"{V1}/{NOBODY}/v1/tasks/{{done}}"),
    "v1 task with a wrong history length": Asked("GET", f"{_ONE}/v1/tasks/{{done}}?historyLength=-1"),
    "v1 context": Asked("GET", f"{_ONE}/v1/contexts/{{context}}"),
    "v1 context a page": Asked("GET", f"{_ONE}/v1/contexts/{{context}}?limit=1&offset=1"),
    "v1 context with limit 0": Asked("GET", f"{_ONE}/v1/contexts/{{context}}?limit=0"),
    "v1 context unknown": Asked("GET", f"{_ONE}/v1/contexts/{NOBODY}"),
    "v1 context no id": Asked("GET", f"{_ONE}/v1/contexts/x"),
    "v1 context delete": Asked("DELETE", f"{_ONE}/v1/contexts/{{context}}"),
    "v1 context delete unknown": Asked("DELETE", f"{_ONE}/v1/contexts/{NOBODY}"),
}

RPC: Final[dict[str, Asked]] = {
    "v1 rpc send": _post(rpc("message/send", v1_message("x")), _RPC),
    "v1 rpc stream": _post(rpc("message/stream", v1_message("x"), "one"), _RPC),
    "v1 rpc get": _post(rpc("tasks/get", {"id": "{done}"}), _RPC),
    "v1 rpc get unknown": _post(rpc("tasks/get", {"id": NOBODY}), _RPC),
    "v1 rpc get nothing": _post(rpc("tasks/get", {}), _RPC),
    "v1 rpc cancel settled": _post(rpc("tasks/cancel", {"id": "{done}"}), _RPC),
    "v1 rpc cancel": _post(rpc("tasks/cancel", {"id": "{running}"}), _RPC),
    "v1 rpc unknown method": _post(rpc("tasks/dance", {}), _RPC),
    "v1 rpc method that is no text": _post(rpc(7, {}), _RPC),
    "v1 rpc without version": _post(_without(rpc("tasks/get", {"id": "{done}"}), "jsonrpc"), _RPC),
    "v1 rpc without params": _post(_without(rpc("message/send"), "params"), _RPC),
    "v1 rpc bad message": _post(rpc("message/send", {"message": {}}), _RPC),
    "v1 rpc list": _post([], _RPC),
    "v1 rpc broken json": _post(b"{", _RPC),
    "v1 rpc unknown agent": _post(rpc("message/send", v1_message("x")), f"{V1}/{NOBODY}/v1"),
    "v1 rpc settled task": _post(rpc("message/send", v1_message("x", taskId="{done}")), _RPC),
    "v1 rpc unknown context": _post(rpc("message/stream", v1_message("x", contextId=NOBODY)), _RPC),
    "v1 rpc bad credential": _post(
        rpc("message/send", v1_message("x", {"kind": "data", "data": {"type": "token", "mcp_name": "ehr"}})), _RPC
    ),
    "v1 rpc without token": _post(rpc("tasks/get", {"id": "{done}"}), _RPC, headers={"authorization": ""}),
}

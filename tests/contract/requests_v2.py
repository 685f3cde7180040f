"""Requests of v2 and of the login, good and bad, in literal JSON."""

from __future__ import annotations

from typing import Any, Final

from tests.contract.exchanges import FORM, LOGIN, NOBODY, PATCH, V2, Asked, rpc, v2_message

_AGENTS: Final = f"{V2}/agents"
_ONE: Final = f"{_AGENTS}/{{agent2}}"
_CREW: Final = f"{_AGENTS}/{{crew2}}"
_A2A: Final = f"{_ONE}/a2a"
_SEND: Final = f"{_A2A}/message:send"
_CONTEXT: Final = f"{V2}/contexts/{{context2}}"
_TASK: Final = f"{_CONTEXT}/tasks/{{done2}}"
_AGT: Final = f"agt.{NOBODY}"
_MCP: Final[dict[str, Any]] = {"type": "mcp", "name": "new", "url": "https://mcp.example.org/ehr"}


def _post(body: Any, path: str = _AGENTS, **more: Any) -> Asked:
    return Asked("POST", path, body, **more)


def _patch(body: Any, path: str = _ONE, kind: str = PATCH) -> Asked:
    return Asked("PATCH", path, body, kind)


def _agent(*connectors: Any, **more: Any) -> Asked:
    return _post({"name": "x", "connectors": [*connectors], **more})


MANAGEMENT: Final[dict[str, Asked]] = {
    "v2 create": _post({"name": "x"}),
    "v2 create everything": _agent(
        {"type": "registry", "name": "pubmed-expert", "config": {"maxResults": 3}},
        {**_MCP, "auth": {"type": "oauth2", "scope": "s", "redirectUrl": "https://a.org"}, "enabled": False},
        {"type": "agent", "agentId": "{agent2}"},
        {"type": "a2a", "url": "https://remote.example.org/a2a"},
        {"type": "schema", "name": "triage", "schema": {"type": "object"}, "description": "d"},
        description="d",
        systemPrompt="p",
        model="corti-default",
        visibility="unlisted",
        lifecycle="persistent",
        labels={"a": "b"},
    ),
    "v2 create without name": _post({}),
    "v2 create with an empty name": _post({"name": ""}),
    "v2 create with a long name": _post({"name": "x" * 129}),
    "v2 create with a name that is taken": _post({"name": "second"}),
    "v2 create with an unknown field": _post({"name": "x", "colour": "red"}),
    "v2 create with an unknown visibility": _post({"name": "x", "visibility": "secret"}),
    "v2 create with an unknown lifecycle": _post({"name": "x", "lifecycle": "eternal"}),
    "v2 create with a bad label": _post({"name": "x", "labels": {"a b": "c"}}),
    "v2 create with an unknown connector": _agent({"type": "openapi"}),
    "v2 create with an empty connector": _agent({}),
    "v2 create with a registry connector of nobody": _agent({"type": "registry", "name": "nobody"}),
    "v2 create with an agent connector of nobody": _agent({"type": "agent", "agentId": _AGT}),
    "v2 create with an mcp connector without url": _agent({"type": "mcp", "name": "ehr"}),
    "v2 create with the words of v1": _agent({**_MCP, "transportType": "sse"}),
    "v2 create with an unknown auth": _agent({**_MCP, "auth": {"type": "magic"}}),
    "v2 create with broken json": _post(b"{"),
    "v2 create with a list": _post([]),
    "v2 create without token": _post({"name": "x"}, headers={"authorization": ""}),
    "v2 create of another tenant": _post({"name": "x"}, headers={"tenant-name": "other"}),
    "v2 list": Asked("GET", _AGENTS),
    "v2 list a page": Asked("GET", f"{_AGENTS}?pageSize=1"),
    "v2 list filtered": Asked("GET", f"{_AGENTS}?label=team%3Da&visibility=private&lifecycle=persistent&q=crew"),
    "v2 list with page size 0": Asked("GET", f"{_AGENTS}?pageSize=0"),
    "v2 list with page size 201": Asked("GET", f"{_AGENTS}?pageSize=201"),
    "v2 list with a wrong token of a page": Asked("GET", f"{_AGENTS}?pageToken=nonsense"),
    "v2 get": Asked("GET", _CREW),
    "v2 get unknown": Asked("GET", f"{_AGENTS}/{_AGT}"),
    "v2 get deleted": Asked("GET", f"{_AGENTS}/{{doomed2}}"),
    "v2 get no id": Asked("GET", f"{_AGENTS}/visit-helper"),
    "v2 get with another prefix": Asked("GET", f"{_AGENTS}/ctx.{NOBODY}"),
    "v2 patch": _patch({"name": "renamed", "description": None, "labels": {"a": "b"}}),
    "v2 patch connectors": _patch({"connectors": [_MCP]}),
    "v2 patch nothing": _patch({}),
    "v2 patch the name away": _patch({"name": None}),
    "v2 patch with an unknown field": _patch({"colour": "red"}),
    "v2 patch to a name that is taken": _patch({"name": "crew2"}),
    "v2 patch as plain json": _patch({"name": "renamed"}, kind="application/json"),
    "v2 patch as text": _patch({"name": "renamed"}, kind="text/plain"),
    "v2 patch unknown": _patch({"name": "x"}, f"{_AGENTS}/{_AGT}"),
    "v2 patch with broken json": _patch(b"{"),
    "v2 delete": Asked("DELETE", _ONE),
    "v2 delete twice": Asked("DELETE", f"{_AGENTS}/{{doomed2}}"),
    "v2 delete unknown": Asked("DELETE", f"{_AGENTS}/{_AGT}"),
    "v2 card": Asked("GET", f"{_CREW}/.well-known/agent-card.json"),
    "v2 card unknown": Asked("GET", f"{_AGENTS}/{_AGT}/.well-known/agent-card.json"),
    "v2 connectors": Asked("GET", f"{_CREW}/connectors"),
    "v2 connector": Asked("GET", f"{_CREW}/connectors/{{connector}}"),
    "v2 connector unknown": Asked("GET", f"{_CREW}/connectors/con.{NOBODY}"),
    "v2 connector create": _post(_MCP, f"{_CREW}/connectors"),
    "v2 connector create twice": _post({**_MCP, "name": "ehr"}, f"{_CREW}/connectors"),
    "v2 connector create unknown": _post({"type": "registry", "name": "nobody"}, f"{_CREW}/connectors"),
    "v2 connector create of nothing": _post({}, f"{_CREW}/connectors"),
    "v2 connector patch": _patch({"enabled": False}, f"{_CREW}/connectors/{{connector}}"),
    "v2 connector patch its type": _patch({"type": "a2a"}, f"{_CREW}/connectors/{{connector}}"),
    "v2 connector delete": Asked("DELETE", f"{_CREW}/connectors/{{connector}}"),
    "v2 registry": Asked("GET", f"{V2}/registry/connectors?q=pubmed"),
    "v2 registry entry": Asked("GET", f"{V2}/registry/connectors/pubmed-expert"),
    "v2 registry entry of a namespace": Asked("GET", f"{V2}/registry/connectors/@corti/medical-coding"),
    "v2 registry entry unknown": Asked("GET", f"{V2}/registry/connectors/nobody"),
    "v2 usage": Asked("GET", f"{_ONE}/usage"),
    "v2 usage of a range": Asked(
        "GET", f"{_ONE}/usage?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&granularity=day"
    ),
    "v2 usage of no range": Asked("GET", f"{_ONE}/usage?from=yesterday"),
    "v2 usage of an unknown agent": Asked("GET", f"{_AGENTS}/{_AGT}/usage"),
    "v2 contexts": Asked("GET", f"{V2}/contexts?agentId={{agent2}}&pageSize=1"),
    "v2 contexts with page size 0": Asked("GET", f"{V2}/contexts?pageSize=0"),
    "v2 context": Asked("GET", _CONTEXT),
    "v2 context unknown": Asked("GET", f"{V2}/contexts/ctx.{NOBODY}"),
    "v2 context no id": Asked("GET", f"{V2}/contexts/x"),
    "v2 context delete": Asked("DELETE", _CONTEXT),
    "v2 context delete unknown": Asked("DELETE", f"{V2}/contexts/ctx.{NOBODY}"),
    "v2 context tasks": Asked("GET", f"{_CONTEXT}/tasks"),
    "v2 context task": Asked("GET", _TASK),
    "v2 context task unknown": Asked("GET", f"{_CONTEXT}/tasks/task.{NOBODY}"),
    "v2 context task of another context": Asked("GET", f"{_CONTEXT}/tasks/{{asking2}}"),
    "v2 artifact unknown": Asked("GET", f"{_TASK}/artifacts/art.{NOBODY}"),
    "v2 trace": Asked("GET", f"{_CONTEXT}/trace"),
    "v2 trace unknown": Asked("GET", f"{V2}/contexts/ctx.{NOBODY}/trace"),
    "v2 feedback": Asked("GET", f"{_TASK}/feedback"),
    "v2 feedback create": _post(
        {
            "rating": {"scale": "binary", "value": 1},
            "labels": ["correct"],
            "target": {"messageId": "m"},
            "metadata": {"actor": {"externalId": "u-1"}},
        },
        f"{_TASK}/feedback",
    ),
    "v2 feedback of a wrong rating": _post({"rating": {"scale": "binary", "value": 2}}, f"{_TASK}/feedback"),
    "v2 feedback of an unknown label": _post(
        {"rating": {"scale": "binary", "value": 1}, "labels": ["nice"]}, f"{_TASK}/feedback"
    ),
    "v2 feedback other without reason": _post(
        {"rating": {"scale": "binary", "value": 0}, "labels": ["other"]}, f"{_TASK}/feedback"
    ),
    "v2 feedback delete": Asked("DELETE", f"{_TASK}/feedback/fb.{NOBODY}"),
    "v2 feedback delete all": Asked("DELETE", f"{_TASK}/feedback"),
}

MESSAGES: Final[dict[str, Asked]] = {
    "v2 send": _post(v2_message("x"), _SEND),
    "v2 send with the version": _post(v2_message("x"), _SEND, headers={"a2a-version": "1.0"}),
    "v2 send in a context": _post(v2_message("x", contextId="{context2}"), _SEND),
    "v2 send to a question": _post(v2_message("x", taskId="{asking2}"), _SEND),
    "v2 send at once": _post(v2_message("x", configuration={"returnImmediately": True}), _SEND),
    "v2 send without history": _post(v2_message("x", configuration={"historyLength": 0}), _SEND),
    "v2 send everything": _post(
        v2_message(
            "x",
            {"data": [1, "x", None]},
            {"raw": "aGVsbG8=", "filename": "a.pdf", "mediaType": "application/pdf"},
            {"url": "https://files.example.org/a.png"},
            extensions=["https://example.org/x"],
            metadata={"c": 3},
        ),
        _SEND,
    ),
    "v2 send without message": _post({}, _SEND),
    "v2 send without parts": _post({"message": {"role": "ROLE_USER", "messageId": "m"}}, _SEND),
    "v2 send an empty part": _post(v2_message("x", {}), _SEND),
    "v2 send a part of two kinds": _post(v2_message("x", {"text": "a", "data": {}}), _SEND),
    "v2 send a wrong role": _post({"message": {**v2_message("x")["message"], "role": "user"}}, _SEND),
    "v2 send broken json": _post(b"{", _SEND),
    "v2 send to an unknown agent": _post(v2_message("x"), f"{_AGENTS}/{_AGT}/a2a/message:send"),
    "v2 send to an unknown task": _post(v2_message("x", taskId=f"task.{NOBODY}"), _SEND),
    "v2 send to a settled task": _post(v2_message("x", taskId="{done2}"), _SEND),
    "v2 send to an unknown context": _post(v2_message("x", contextId=f"ctx.{NOBODY}"), _SEND),
    "v2 send to a task of another context": _post(v2_message("x", taskId="{asking2}", contextId="{context2}"), _SEND),
    "v2 send a bad credential": _post(v2_message("x", {"data": {"type": "token", "mcp_name": "ehr"}}), _SEND),
    "v2 send in version 0.3": _post(v2_message("x"), _SEND, headers={"a2a-version": "0.3"}),
    "v2 send in version 1": _post(v2_message("x"), _SEND, headers={"a2a-version": "1"}),
    "v2 send without token": _post(v2_message("x"), _SEND, headers={"authorization": ""}),
    "v2 stream": _post(v2_message("x"), f"{_A2A}/message:stream"),
    "v2 stream to an unknown context": _post(v2_message("x", contextId=f"ctx.{NOBODY}"), f"{_A2A}/message:stream"),
    "v2 tasks": Asked("GET", f"{_A2A}/tasks?contextId={{context2}}"),
    "v2 tasks a page": Asked("GET", f"{_A2A}/tasks?pageSize=1"),
    "v2 tasks with page size 0": Asked("GET", f"{_A2A}/tasks?pageSize=0"),
    "v2 task": Asked("GET", f"{_A2A}/tasks/{{done2}}"),
    "v2 task without history": Asked("GET", f"{_A2A}/tasks/{{done2}}?historyLength=0"),
    "v2 task unknown": Asked("GET", f"{_A2A}/tasks/task.{NOBODY}"),
    "v2 task no id": Asked("GET", f"{_A2A}/tasks/x"),
    "v2 task with a wrong history length": Asked("GET", f"{_A2A}/tasks/{{done2}}?historyLength=x"),
    "v2 cancel": Asked("POST", f"{_A2A}/tasks/{{running2}}:cancel"),
    "v2 cancel settled": Asked("POST", f"{_A2A}/tasks/{{done2}}:cancel"),
    "v2 cancel unknown": Asked("POST", f"{_A2A}/tasks/task.{NOBODY}:cancel"),
    "v2 subscribe settled": Asked("POST", f"{_A2A}/tasks/{{done2}}:subscribe"),
    "v2 subscribe unknown": Asked("POST", f"{_A2A}/tasks/task.{NOBODY}:subscribe"),
}

RPC: Final[dict[str, Asked]] = {
    "v2 rpc send": _post(rpc("SendMessage", v2_message("x")), _A2A),
    "v2 rpc stream": _post(rpc("SendStreamingMessage", v2_message("x"), "one"), _A2A),
    "v2 rpc get": _post(rpc("GetTask", {"id": "{done2}"}), _A2A),
    "v2 rpc get unknown": _post(rpc("GetTask", {"id": f"task.{NOBODY}"}), _A2A),
    "v2 rpc get nothing": _post(rpc("GetTask", {}), _A2A),
    "v2 rpc list": _post(rpc("ListTasks", {"contextId": "{context2}"}), _A2A),
    "v2 rpc list with page size 0": _post(rpc("ListTasks", {"pageSize": 0}), _A2A),
    "v2 rpc cancel": _post(rpc("CancelTask", {"id": "{running2}"}), _A2A),
    "v2 rpc cancel settled": _post(rpc("CancelTask", {"id": "{done2}"}), _A2A),
    "v2 rpc subscribe settled": _post(rpc("SubscribeToTask", {"id": "{done2}"}), _A2A),
    "v2 rpc unknown method": _post(rpc("Dance", {}), _A2A),
    "v2 rpc method of 0.3": _post(rpc("message/send", v2_message("x")), _A2A),
    "v2 rpc without version of JSON-RPC": _post({"id": 1, "method": "GetTask", "params": {"id": "{done2}"}}, _A2A),
    "v2 rpc bad message": _post(rpc("SendMessage", {"message": {}}), _A2A),
    "v2 rpc settled task": _post(rpc("SendMessage", v2_message("x", taskId="{done2}")), _A2A),
    "v2 rpc unknown context": _post(rpc("SendMessage", v2_message("x", contextId=f"ctx.{NOBODY}")), _A2A),
    "v2 rpc unknown agent": _post(rpc("SendMessage", v2_message("x")), f"{_AGENTS}/{_AGT}/a2a"),
    "v2 rpc in version 0.3": _post(rpc("GetTask", {"id": "{done2}"}), _A2A, headers={"a2a-version": "0.3"}),
    "v2 rpc broken json": _post(b"{", _A2A),
    "v2 rpc list of requests": _post([], _A2A),
    "v2 rpc without token": _post(rpc("GetTask", {"id": "{done2}"}), _A2A, headers={"authorization": ""}),
}


def _token(path: str = LOGIN, **form: str) -> Asked:
    return Asked("POST", path, form, FORM)


_CLIENT: Final = {"client_id": "local-client", "client_secret": "local-secret", "scope": "openid"}
_JANE: Final = {"client_id": "local-client", "username": "jane", "password": "jane-password", "scope": "openid"}

TOKENS: Final[dict[str, Asked]] = {
    "token of a client": _token(grant_type="client_credentials", **_CLIENT),
    "token at the short path": _token(
        "/base/protocol/openid-connect/token", grant_type="client_credentials", **_CLIENT
    ),
    "token of a user": _token(grant_type="password", **_JANE),
    "token of an unknown client": _token(grant_type="client_credentials", **{**_CLIENT, "client_id": "nobody"}),
    "token of a wrong secret": _token(grant_type="client_credentials", **{**_CLIENT, "client_secret": "wrong"}),
    "token without secret": _token(grant_type="client_credentials", client_id="local-client", scope="openid"),
    "token without client": _token(grant_type="client_credentials"),
    "token without grant": _token(**_CLIENT),
    "token of an unknown grant": _token(grant_type="telepathy", **_CLIENT),
    "token of a wrong password": _token(grant_type="password", **{**_JANE, "password": "wrong"}),
    "token of an unknown user": _token(grant_type="password", **{**_JANE, "username": "nobody"}),
    "token of an unknown code": _token(
        grant_type="authorization_code", code="none", redirect_uri="http://127.0.0.1/callback", **_CLIENT
    ),
    "token of an unknown refresh token": _token(grant_type="refresh_token", refresh_token="none", **_CLIENT),
    "token without refresh token": _token(grant_type="refresh_token", **_CLIENT),
    "token of an unknown tenant": _token(
        "/realms/nowhere/protocol/openid-connect/token", grant_type="client_credentials", **_CLIENT
    ),
}

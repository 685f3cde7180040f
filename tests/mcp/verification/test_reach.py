"""What needs another transport or brings other defects with it."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from typing import Any

import anyio
import httpx2
import pytest

from agentkit.errors import SpecError
from agentkit.mcp import BearerToken, McpAuth, OAuthClientCredentials, Thresholds, Verdict, verify_server
from agentkit.mcp.verification import CHECKS
from agentkit.specs import Authorization
from tests.deadline import HANG
from tests.mcp.verification.double import ORIGIN, SECRET, TOKEN, URL, Answering, Double, Reply

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("cause", "check"),
    [
        (socket.gaierror(-2, "unknown"), "reach.dns"),
        (ConnectionRefusedError(111, "refused"), "reach.connect"),
        (ssl.SSLCertVerificationError(1, "self-signed"), "reach.tls"),
        (ssl.SSLError(1, "wrong version"), "reach.tls"),
    ],
)
async def test_why_there_is_no_connection_is_told(cause: OSError, check: str) -> None:
    async def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no", request=request) from cause

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse)) as http:
        with anyio.fail_after(HANG):
            report = await verify_server(URL, http=http)
    assert [finding.check for finding in report.errors] == [check]
    assert report.errors[0].remedy
    assert {f.verdict for f in report.findings if not f.check.startswith("reach.")} == {Verdict.SKIPPED}


async def test_a_connection_that_breaks_is_told() -> None:
    async def breaking(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.RemoteProtocolError("gone", request=request)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(breaking)) as http:
        report = await verify_server(URL, http=http)
    assert [(f.check, f.text) for f in report.errors] == [
        ("reach.answer", "the answer to a handshake was a connection that broke")
    ]


async def test_plain_http_to_another_machine_takes_no_credential_unnoticed() -> None:
    async def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no", request=request)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse)) as http:
        url = "http://mcp.example/mcp"
        bearer = await verify_server(url, auth=Authorization.BEARER, credential=BearerToken(TOKEN), http=http)
        none = await verify_server(url, http=http)
    assert bearer.of("reach.url")[0].verdict is Verdict.ERROR
    assert none.of("reach.url")[0].verdict is Verdict.WARNING


async def verify(double: Double, **options: Any) -> dict[str, Verdict]:
    async with double.http() as http:
        with anyio.fail_after(HANG):
            report = await verify_server(URL, auth=double.auth, credential=double.credential, http=http, **options)
    return {finding.check: finding.verdict for finding in (*report.errors, *report.warnings)}


async def test_a_lost_session_must_be_told_by_404() -> None:
    def spoil(at: Answering) -> Reply:
        if at.asked.rpc == "initialize":
            return Reply(at.good.status, at.good.body, {"mcp-session-id": "s-1"})
        return at.good

    found = await verify(Double(spoil=spoil))
    assert found.keys() == {"auth.none", "protocol.stateless", "protocol.lost-session"}
    assert found["protocol.lost-session"] is Verdict.ERROR


async def test_a_lost_session_that_is_told_by_400_is_a_warning_as_the_examples_of_typescript_do_it() -> None:
    def spoil(at: Answering) -> Reply:
        if at.asked.rpc == "initialize":
            return Reply(at.good.status, at.good.body, {"mcp-session-id": "s-1"})
        if at.asked.headers.get("mcp-session-id", "s-1") != "s-1":
            return Reply(400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "Bad Request"}})
        return at.good

    found = await verify(Double(spoil=spoil))
    assert found["protocol.lost-session"] is Verdict.WARNING


@pytest.mark.parametrize("pinned", [None, ORIGIN])
async def test_the_slash_of_an_empty_path_at_the_issuer_is_a_warning(pinned: str | None) -> None:
    """What a server says whose settings are pydantic URLs: this library's client takes it, others may not."""
    double = Double(Authorization.OAUTH2, issuer={"issuer": ORIGIN}, resource={"authorization_servers": [f"{ORIGIN}/"]})

    def spoil(at: Answering) -> Reply:
        if at.asked.path.startswith("/.well-known/o") and "protected-resource" not in at.asked.path:
            asked = replace(at.asked, path=f"{at.asked.path}/auth")
            return double.authorization_server(asked)
        return at.good

    double.spoil = spoil
    credential = OAuthClientCredentials("demo", SECRET, issuer=pinned)
    async with double.http() as http:
        with anyio.fail_after(HANG):
            report = await verify_server(URL, auth="oauth2.0", credential=credential, http=http)
    assert {finding.check for finding in report.warnings} == {"discovery.issuer-identity"}
    assert report.fit, [(finding.check, finding.text) for finding in report.errors]


async def test_an_answer_must_be_declared_as_json_or_events() -> None:
    def spoil(at: Answering) -> Reply:
        return Reply(at.good.status, at.good.body, {"content-type": "text/plain"})

    found = await verify(Double(spoil=spoil))
    assert found.keys() == {"auth.none", "protocol.content-type"}


async def test_slow_answers_are_warnings_from_the_limit_on() -> None:
    found = await verify(Double(), thresholds=Thresholds(list_ms=0))
    assert found == dict.fromkeys(("auth.none", "latency.list", "bad.slow"), Verdict.WARNING)


@pytest.mark.parametrize(
    ("url", "auth", "credential", "culprit"),
    [
        ("ftp://mcp.example/mcp", Authorization.NONE, None, "url"),
        ("https://me:secret@mcp.example/mcp", Authorization.NONE, None, "url"),
        ("https://mcp.example:port/mcp", Authorization.NONE, None, "url"),
        ("https://", Authorization.NONE, None, "url"),
        ("https://mcp.example/\x01", Authorization.NONE, None, "url"),
        (URL, "magic", None, "auth"),
        (URL, "bearer", None, "credential"),
        (URL, Authorization.OAUTH2, BearerToken("right"), "credential"),
        (URL, Authorization.BEARER, OAuthClientCredentials("a", "b"), "credential"),
        (URL, Authorization.NONE, BearerToken("right"), "credential"),
        (URL, Authorization.BEARER, BearerToken("wr\nong"), "credential"),
        (URL, Authorization.INHERIT, BearerToken(""), "credential"),
    ],
)
async def test_what_cannot_be_verified_is_refused_before_anything_is_sent(
    url: str, auth: str, credential: McpAuth | None, culprit: str
) -> None:
    double = Double()
    async with double.http() as http:
        with pytest.raises(SpecError) as refused:
            await verify_server(url, auth=auth, credential=credential, http=http)
    assert refused.value.field == culprit
    assert "secret@" not in str(refused.value)
    assert double.asked == []


async def test_no_tool_is_run_unless_it_is_asked_for() -> None:
    double = Double()
    await verify(double)
    ran = [asked.message for asked in double.asked if asked.rpc == "tools/call" and _runs(double, asked.message)]
    assert ran == []
    await verify(double, calls={"forecast": {"city": "Oslo"}})
    ran = [asked.message for asked in double.asked if asked.rpc == "tools/call" and _runs(double, asked.message)]
    assert {call["params"]["name"] for call in ran} == {"forecast"}


async def test_a_tool_that_may_change_something_is_never_called_not_even_wrongly() -> None:
    """A server of the low-level SDK looks at no schema: it runs a tool whatever it is given (MCP-SDK-06)."""
    double = Double()
    double.tools[0]["annotations"] = double.tools[1]["annotations"] = {"readOnlyHint": False, "destructiveHint": True}
    await verify(double, call_safe=True)
    called = {asked.message["params"]["name"] for asked in double.asked if asked.rpc == "tools/call"}
    assert called.isdisjoint({"forecast", "cities"})


def _runs(double: Double, message: dict[str, Any]) -> bool:
    body: Any = double.call(message["params"], {}).body
    return "result" in body and not body["result"]["isError"]


def test_a_check_is_complete_and_the_ids_are_stable() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    for number, check in enumerate(CHECKS):
        assert check.says
        assert check.remedy
        assert set(check.needs) <= set(ids[:number]), f"{check.id} runs before what it needs"
    assert {check_id.partition(".")[0] for check_id in ids} == {
        "reach", "auth", "discovery", "token", "protocol", "server", "tools", "schema", "annotations", "order", "call",
        "bad", "size", "latency",
    }  # fmt: skip

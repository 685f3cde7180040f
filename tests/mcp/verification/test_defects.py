"""Each defect is found by its check and by no other: one good server, spoiled in one place at a time.

The rules (MCP-ERA, -SRV, -AUTH, -HOST, -LIM, -XCH, -COR of mcp.md, MCPAUTH of corti-api.md) stand at the checks.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest

from agentkit.mcp import Thresholds, Verdict, VerificationReport, verify_server
from agentkit.mcp.verification import CHECKS
from agentkit.specs import Authorization
from tests.deadline import HANG
from tests.mcp.verification.double import (
    CITIES,
    FORECAST,
    ISSUER,
    ORIGIN,
    TOKEN,
    URL,
    Answering,
    Asked,
    Double,
    Reply,
    Spoil,
    error,
    parameter,
    result,
    schema,
    tool,
)

pytestmark = pytest.mark.anyio

NONE, BEARER, OAUTH2, API_KEY, INHERIT = (
    Authorization.NONE,
    Authorization.BEARER,
    Authorization.OAUTH2,
    Authorization.API_KEY,
    Authorization.INHERIT,
)


async def verify(double: Double, url: str = URL, **options: Any) -> VerificationReport:
    async with double.http() as http:
        with anyio.fail_after(HANG):
            options = {"auth": double.auth, "credential": double.credential, "call_safe": True, "http": http} | options
            return await verify_server(url, **options)


@pytest.mark.parametrize("auth", Authorization)
async def test_a_good_server_has_nothing_wrong(auth: Authorization) -> None:
    report = await verify(Double(auth))
    expected = {"auth.none"} if auth is NONE else set[str]()
    assert {f"{f.check}: {f.text}" for f in (*report.errors, *report.warnings) if f.check not in expected} == set()
    assert report.fit
    assert report.strictly_fit is not expected
    assert {finding.check for finding in report.findings if finding.verdict is Verdict.SKIPPED} == {
        "protocol.lost-session"
    }


@dataclass(frozen=True)
class Case:
    """A spoiled server and the one check that must find it."""

    check: str
    make: Callable[[], Double]
    name: str = ""
    url: str = URL
    options: dict[str, Any] = field(default_factory=dict[str, Any])


def spoiled(when: Callable[[Asked], bool], reply: Reply | Spoil, auth: Authorization = NONE) -> Callable[[], Double]:
    """A server that answers some requests otherwise."""

    def spoil(at: Answering) -> Reply:
        if not when(at.asked):
            return at.good
        return reply if isinstance(reply, Reply) else reply(at)

    return lambda: Double(auth, spoil=spoil)


def with_tools(tools: list[dict[str, Any]]) -> Callable[[], Double]:
    return lambda: Double(tools=tools)


def with_issuer(**changes: Any) -> Callable[[], Double]:
    return lambda: Double(OAUTH2, issuer=changes)


def with_resource(**changes: Any) -> Callable[[], Double]:
    return lambda: Double(OAUTH2, resource=changes)


def endpoint(asked: Asked) -> bool:
    return asked.path == "/weather/mcp"


def naked(asked: Asked) -> bool:
    return endpoint(asked) and not asked.authorization and not asked.query


def junk(asked: Asked) -> bool:
    return endpoint(asked) and asked.authorization == "Bearer agentkit-verify-no-such-token"


def method(name: str) -> Callable[[Asked], bool]:
    return lambda asked: endpoint(asked) and asked.rpc == name


def changed(**changes: Any) -> Spoil:
    """The good answer, whose result has other fields."""

    def spoil(at: Answering) -> Reply:
        body: Any = at.good.body
        if "result" in body:
            body["result"] |= changes
        return at.good

    return spoil


def headers(**changes: str) -> Spoil:
    return lambda at: Reply(
        at.good.status,
        at.good.body,
        at.good.headers | {name.replace("_", "-"): value for name, value in changes.items()},
    )


def forged(asked: Asked) -> bool:
    token = asked.authorization.removeprefix("Bearer ")
    try:
        return json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["alg"] == "none"
    except ValueError:
        return False


def let_in(at: Answering) -> Reply:
    return at.double.rpc(at.asked).to(at.asked) if at.asked.method == "POST" else Reply(405)


def echo(at: Answering) -> Reply:
    return Reply(401, {"got": at.asked.authorization}, at.good.headers)


def reads_query(at: Answering) -> Reply:
    return at.double.refusal(at.asked)


def another_audience(at: Answering) -> Reply:
    elsewhere = f"{ORIGIN}/agentkit-verify/another-resource"
    return at.double.issue(elsewhere) if b"another-resource" in at.asked.body else at.good


def every_second() -> Double:
    seen: list[Asked] = []

    def spoil(at: Answering) -> Reply:
        if at.asked.rpc != "initialize" or "host" not in at.asked.headers:
            return at.good
        seen.append(at.asked)
        # The fifth handshake is the first of `protocol.again`, whatever comes before.
        return error(-32603) if len(seen) == AGAIN else at.good

    return Double(spoil=spoil)


AGAIN = 6


def shuffled() -> Double:
    seen: list[Asked] = []

    def spoil(at: Answering) -> Reply:
        if at.asked.rpc == "tools/list":
            seen.append(at.asked)
            body: Any = at.good.body
            if len(seen) % 2:
                body["result"]["tools"] = list(reversed(at.double.tools))
        return at.good

    return Double(spoil=spoil)


PATH_FORM = "/.well-known/oauth-protected-resource/weather/mcp"


def elsewhere() -> Double:
    """Its metadata lie where only the challenge leads."""
    challenge = f'Bearer resource_metadata="{ORIGIN}/metadata", scope="weather.read"'

    def spoil(at: Answering) -> Reply:
        if naked(at.asked):
            return headers(www_authenticate=challenge)(at)
        if at.asked.path == "/metadata":
            return at.double.authorization_server(replace(at.asked, path=PATH_FORM))
        return Reply(404) if at.asked.path == PATH_FORM else at.good

    return Double(OAUTH2, spoil=spoil)


def calls_cities(asked: Asked) -> bool:
    return asked.body.endswith(b'{"name": "cities", "arguments": {}}}')


def growing() -> Double:
    seen: list[Asked] = []

    def spoil(at: Answering) -> Reply:
        if at.asked.rpc == "tools/list":
            seen.append(at.asked)
            at.double.tools.append(CITIES | {"name": f"t{len(seen)}"})
        return at.good

    return Double(spoil=spoil)


def dead_after_bad_arguments() -> Double:
    def spoil(at: Answering) -> Reply:
        if at.asked.body.startswith(b'{"jsonrpc": "2.0", "agentkit-verify'):
            at.double.tools = at.double.tools[:1]
        return at.good

    return Double(spoil=spoil)


def sessions(lost: int) -> Callable[[], Double]:
    def spoil(at: Answering) -> Reply:
        if at.asked.rpc == "initialize":
            return Reply(at.good.status, at.good.body, {"mcp-session-id": "s-1"})
        if at.asked.headers.get("mcp-session-id", "s-1") != "s-1":
            return Reply(lost) if lost != 200 else at.good
        return at.good

    return lambda: Double(spoil=spoil)


def canary(at: Answering) -> Reply:
    if b"agentkit-verify-canary" not in at.asked.body:
        return at.good
    text = f"'{at.asked.message.get('params', {}).get('arguments')}' is wrong"
    return result({"isError": True, "content": [{"type": "text", "text": text}]})


TRACE = 'Traceback (most recent call last):\n  File "server.py", line 3, in call'


def deep(levels: int) -> dict[str, Any]:
    return {"type": "array", "items": deep(levels - 1)} if levels else {"type": "string"}


HTML = Reply(200, b"<html>", {"content-type": "text/html"})


def _issue(double: Double, good: Reply, **changes: Any) -> Reply:
    return double.issue(URL, **changes) if good.status == 200 else good


def _wrong_secret(asked: Asked) -> bool:
    pair = asked.authorization.removeprefix("Basic ")
    return asked.path == "/auth/token" and b"wrong-secret" in (base64.b64decode(pair) if pair else b"")


def _any_audience() -> Double:
    class Careless(Double):
        def lets_in(self, asked: Asked) -> bool:
            return asked.authorization.removeprefix("Bearer ") in self.issued

    return Careless(OAUTH2, spoil=another_audience)


def _fails(at: Answering) -> Reply:
    asked, good = at.asked, at.good
    if asked.message["params"]["name"] != "cities" or asked.message["params"]["arguments"]:
        return good
    return result({"isError": True, "content": [{"type": "text", "text": "no"}]})


def answering(**changes: Any) -> Spoil:
    return lambda at: _answered(at.good, changes)


def _answered(good: Reply, changes: dict[str, Any]) -> Reply:
    body: Any = good.body
    if not body.get("result", {"isError": True})["isError"]:
        body["result"] |= changes
    return good


def _takes_everything(at: Answering) -> Reply:
    good = at.good
    body: Any = good.body
    if "result" in body:
        body["result"] = {"content": [{"type": "text", "text": "blue"}], "structuredContent": {"sky": "blue"}}
    return good


CASES = [
    Case("reach.url", Double, url=f"{URL}?key=7"),
    Case("reach.answer", spoiled(endpoint, Reply(404)), "absent"),
    Case("reach.answer", spoiled(endpoint, Reply(502)), "broken"),
    Case("reach.answer", spoiled(endpoint, Reply(500)), "crash"),
    Case("reach.answer", spoiled(endpoint, Reply(503), BEARER), "away"),
    Case("reach.redirect", spoiled(endpoint, Reply(307, headers={"location": f"{URL}/"}))),
    Case("reach.redirect", spoiled(naked, Reply(302, headers={"location": "/login"}), BEARER), "login"),
    Case("reach.host", spoiled(endpoint, Reply(421))),
    Case("reach.rebinding", spoiled(lambda a: a.headers["host"] != "mcp.example", let_in), "host"),
    Case("reach.rebinding", spoiled(lambda a: "origin" in a.headers, let_in), "origin"),
    Case("auth.no-credential", spoiled(naked, let_in, BEARER), "open"),
    Case("auth.no-credential", spoiled(naked, Reply(403), BEARER), "forbidden"),
    Case("auth.no-credential", spoiled(naked, Reply(500), BEARER), "crash"),
    Case("auth.challenge", spoiled(endpoint, headers(www_authenticate=""), BEARER)),
    Case("auth.every-request", spoiled(lambda a: naked(a) and a.rpc == "tools/list", let_in, BEARER)),
    Case("auth.every-request", spoiled(lambda a: naked(a) and a.method == "DELETE", Reply(200), BEARER), "delete"),
    Case("auth.wrong-token", spoiled(junk, let_in, BEARER), "open"),
    Case("auth.wrong-token", spoiled(junk, Reply(403), BEARER), "forbidden"),
    Case("auth.wrong-token-code", spoiled(junk, headers(www_authenticate="Bearer"), BEARER)),
    Case("auth.malformed", spoiled(lambda a: a.authorization.startswith("Basic"), let_in, BEARER), "basic"),
    Case("auth.malformed", spoiled(lambda a: a.authorization == "Bearer", Reply(500), BEARER), "crash"),
    Case(
        "auth.error-body",
        spoiled(junk, lambda at: Reply(401, {"got": at.asked.authorization}, at.good.headers), BEARER),
    ),
    Case("auth.error-body", spoiled(junk, lambda at: Reply(401, TRACE.encode(), at.good.headers), BEARER), "trace"),
    Case("auth.entry", spoiled(lambda a: TOKEN in a.authorization, Reply(401), BEARER)),
    Case("auth.entry", spoiled(lambda a: TOKEN in a.authorization, Reply(421), BEARER), "host"),
    Case("auth.entry", spoiled(endpoint, Reply(401)), "registered-wrongly"),
    Case("auth.query", spoiled(lambda a: "access_token" in a.query, reads_query, BEARER)),
    Case("auth.query", spoiled(lambda a: bool(a.query) and not a.authorization, let_in, BEARER), "any"),
    Case("auth.forged", spoiled(forged, let_in, BEARER)),
    Case("auth.forged", spoiled(forged, let_in, OAUTH2), "oauth"),
    Case(
        "auth.metadata",
        spoiled(lambda a: "protected-resource" in a.path, Reply(body={"resource": f"{ORIGIN}/other"}), BEARER),
    ),
    Case(
        "auth.metadata",
        spoiled(
            lambda a: "protected-resource" in a.path, Reply(body={"resource": URL, "authorization_servers": [ISSUER]})
        ),
        "open",
    ),
    Case("discovery.resource", spoiled(lambda a: "protected-resource" in a.path, Reply(404), OAUTH2)),
    Case(
        "discovery.resource",
        spoiled(
            lambda a: naked(a),
            headers(www_authenticate='Bearer resource_metadata="https://evil.example/m", scope="s"'),
            OAUTH2,
        ),
        "elsewhere",
    ),
    Case("discovery.resource-places", spoiled(naked, headers(www_authenticate='Bearer scope="s"'), OAUTH2)),
    Case("discovery.resource-identity", with_resource(resource=f"{ORIGIN}/other/mcp")),
    Case("discovery.resource-identity", with_resource(resource=ORIGIN), "origin"),
    Case("discovery.authorization-servers", with_resource(authorization_servers=[]), "none"),
    Case("discovery.authorization-servers", with_resource(authorization_servers=["http://mcp.example/auth"]), "http"),
    Case("discovery.bearer-methods", with_resource(bearer_methods_supported=["header", "query"])),
    Case(
        "discovery.challenge-scope",
        spoiled(
            naked,
            headers(
                www_authenticate=f'Bearer resource_metadata="{ORIGIN}/.well-known/oauth-protected-resource/weather/mcp"'
            ),
            OAUTH2,
        ),
    ),
    Case(
        "discovery.issuer",
        spoiled(lambda a: "authorization-server" in a.path or "openid" in a.path, Reply(404), OAUTH2),
    ),
    Case("discovery.issuer-places", spoiled(lambda a: "openid" in a.path, Reply(404), OAUTH2)),
    Case("discovery.issuer-identity", with_issuer(issuer=f"{ISSUER}/")),
    Case("discovery.token-endpoint", with_issuer(token_endpoint="https://evil.example/token"), "elsewhere"),
    Case("discovery.token-endpoint", with_issuer(token_endpoint="http://mcp.example/auth/token"), "http"),
    Case("discovery.token-endpoint", with_issuer(token_endpoint=None), "none"),
    Case("discovery.authorization-endpoint", with_issuer(authorization_endpoint=None)),
    Case("discovery.s256", with_issuer(code_challenge_methods_supported=None)),
    Case("discovery.auth-methods", with_issuer(token_endpoint_auth_methods_supported=["client_secret_post"])),
    Case("discovery.grant", with_issuer(grant_types_supported=["authorization_code"])),
    Case("discovery.grant", with_issuer(grant_types_supported=None), "left-out"),
    Case("token.fetch", spoiled(lambda a: a.path == "/auth/token", Reply(401, {"error": "invalid_client"}), OAUTH2)),
    Case(
        "token.methods",
        spoiled(lambda a: b"client_secret" in a.body, Reply(401, {"error": "invalid_client"}), OAUTH2),
    ),
    Case(
        "token.defaults",
        spoiled(
            lambda a: a.path == "/auth/token" and b"resource" not in a.body,
            Reply(400, {"error": "invalid_target"}),
            OAUTH2,
        ),
    ),
    Case("token.no-store", spoiled(lambda a: a.path == "/auth/token", headers(cache_control="public"), OAUTH2)),
    Case(
        "token.lifetime",
        spoiled(lambda a: a.path == "/auth/token", lambda at: _issue(at.double, at.good, expires_in=None), OAUTH2),
    ),
    Case(
        "token.lifetime",
        spoiled(lambda a: a.path == "/auth/token", lambda at: _issue(at.double, at.good, expires_in=5), OAUTH2),
        "short",
    ),
    Case("token.wrong-secret", spoiled(_wrong_secret, lambda at: at.double.issue(URL), OAUTH2), "any"),
    Case("token.wrong-secret", spoiled(_wrong_secret, Reply(500), OAUTH2), "crash"),
    Case(
        "token.wrong-secret",
        spoiled(_wrong_secret, Reply(400, {"error": "invalid_client"}), OAUTH2),
        "400",
    ),
    Case("token.audience", _any_audience),
    Case(
        "token.audience",
        spoiled(lambda a: b"another-resource" in a.body, lambda at: at.double.issue(URL), OAUTH2),
        "ignored",
    ),
    Case("protocol.handshake", spoiled(method("initialize"), error(-32603))),
    Case("protocol.handshake", spoiled(method("notifications/initialized"), Reply(500)), "initialized"),
    Case("protocol.version", lambda: Double(opening={"protocolVersion": "1999-01-01"})),
    Case("protocol.capability", lambda: Double(opening={"capabilities": {}})),
    Case("protocol.modern", spoiled(lambda a: a.headers.get("mcp-protocol-version") == "2026-07-28", Reply(400))),
    Case("protocol.stateless", sessions(404)),
    Case(
        "protocol.get",
        spoiled(lambda a: endpoint(a) and a.method == "GET", Reply(200, b"<html>", {"content-type": "text/html"})),
    ),
    Case("protocol.again", every_second),
    Case("protocol.client", spoiled(method("tools/list"), changed(ttlMs="soon"))),
    Case("server.info", lambda: Double(opening={"serverInfo": {"name": "weather", "version": ""}})),
    Case("server.instructions", lambda: Double(opening={"instructions": None})),
    Case("tools.list", spoiled(method("tools/list"), error(-32603)), "broken"),
    Case("tools.list", with_tools([]), "empty"),
    Case("tools.pages", spoiled(method("tools/list"), changed(nextCursor="again"))),
    Case("tools.count", with_tools([FORECAST | {"name": f"t{n}"} for n in range(21)])),
    Case(
        "tools.count",
        with_tools([CITIES | {"name": f"t{n}"} for n in range(1001)]),
        "far-too-many",
        options={"thresholds": Thresholds(listing=10**9), "call_safe": False},
    ),
    Case("tools.name", with_tools(tool(name="fore.cast"))),
    Case("tools.name", with_tools(tool(name="x" * 65)), "long"),
    Case("tools.unique", with_tools([FORECAST, CITIES, CITIES])),
    Case("tools.description", with_tools(tool(description=" "))),
    Case("tools.description-length", with_tools(tool(description="words " * 300))),
    Case("tools.hidden-text", with_tools(tool(description="Good.\u202eevil"))),
    Case("tools.parameter-description", with_tools(parameter(type="string", description=""))),
    Case("tools.title", with_tools(tool(title=None))),
    Case("schema.valid", with_tools(schema(properties={"city": {"type": 7, "description": "x"}}))),
    Case("schema.valid", with_tools(tool(inputSchema=None)), "absent"),
    Case("schema.object", with_tools(schema(anyOf=[{"type": "object"}]))),
    Case("schema.references", with_tools(parameter(**{"$ref": "https://evil.example/schema"})), "outside"),
    Case("schema.references", with_tools(parameter(**{"$ref": "#/$defs/Nothing"})), "dangling"),
    Case(
        "schema.recursive",
        with_tools(
            schema(
                properties={"city": {"$ref": "#/$defs/Tree", "description": "A tree"}},
                **{"$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}},
            )
        ),
    ),
    Case("schema.size", with_tools(parameter(type="string", examples=["x" * 9000]))),
    Case("schema.keywords", with_tools(parameter(type="string", **{"not": {"const": ""}}))),
    Case("schema.additional", with_tools(schema(additionalProperties=None))),
    Case("schema.boolean", with_tools(parameter(type="array", items=True))),
    Case("schema.typed", with_tools(parameter())),
    Case("schema.alternatives", with_tools(parameter(anyOf=[{"type": "string"}] * 11)), "union"),
    Case("schema.alternatives", with_tools(parameter(type="string", enum=[f"c{n}" for n in range(251)])), "enum"),
    Case("schema.depth", with_tools(parameter(**deep(9)))),
    Case("schema.formats", with_tools(parameter(type="string", format="json-pointer"))),
    Case("schema.output", with_tools([*tool(outputSchema={"type": "array"})[:1], CITIES])),
    Case("schema.output", with_tools(tool(outputSchema=3)), "odd"),
    Case("schema.output-present", with_tools(tool(outputSchema=None))),
    Case("annotations.present", with_tools(tool(annotations={}))),
    Case("annotations.present", with_tools(tool(annotations={"readOnlyHint": False})), "destructive"),
    Case("annotations.consistent", with_tools(tool(annotations={"readOnlyHint": True, "destructiveHint": True}))),
    Case("order.stable", shuffled),
    Case("order.stable", growing, "growing"),
    Case("call.works", spoiled(calls_cities, error(-32603)), "crash", options={"calls": {"cities": {}}}),
    Case(
        "call.works",
        spoiled(calls_cities, result({"content": "no", "isError": True})),
        "no-mcp",
        options={"calls": {"cities": {}}},
    ),
    Case("discovery.resource-places", elsewhere, "no-path-form"),
    Case("discovery.auth-methods", with_issuer(token_endpoint_auth_methods_supported=["private_key_jwt"]), "neither"),
    Case("auth.echo", spoiled(method("tools/list"), headers(x_seen=TOKEN), BEARER), "header"),
    Case("auth.echo", spoiled(method("initialize"), changed(instructions=TOKEN), BEARER), "body"),
    Case("size.listing", Double, options={"thresholds": Thresholds(listing=10)}),
    Case("latency.connect", Double, options={"thresholds": Thresholds(connect_ms=0)}),
    Case("latency.call", Double, options={"thresholds": Thresholds(call_ms=0)}),
    Case(
        "call.works",
        spoiled(method("tools/call"), _fails),
        options={"calls": {"cities": {}}},
    ),
    Case("call.works", Double, "unknown", options={"calls": {"nothing": {}}}),
    Case("call.structured", spoiled(method("tools/call"), answering(structuredContent={}))),
    Case("call.structured", spoiled(method("tools/call"), answering(structuredContent=None)), "none"),
    Case("call.text", spoiled(method("tools/call"), answering(content=[]))),
    Case("call.size", Double, options={"thresholds": Thresholds(answer=10)}),
    Case("bad.tool", spoiled(lambda a: b"no_such_tool" in a.body, result({"content": []})), "success"),
    Case("bad.tool", spoiled(lambda a: b"no_such_tool" in a.body, Reply(500)), "crash"),
    Case("bad.arguments", spoiled(method("tools/call"), _takes_everything), "runs"),
    Case(
        "bad.arguments",
        spoiled(lambda a: b'"arguments": {}' in a.body and b"forecast" in a.body, error(-32603)),
        "crash",
    ),
    Case("bad.method", spoiled(method("agentkit/no-such-method"), result({}))),
    Case("bad.json", spoiled(lambda a: endpoint(a) and a.method == "POST" and not a.message, Reply(500))),
    Case("bad.repeat", spoiled(method("tools/call"), canary)),
    Case(
        "bad.trace",
        spoiled(
            lambda a: b"no_such_tool" in a.body, result({"isError": True, "content": [{"type": "text", "text": TRACE}]})
        ),
    ),
    Case("bad.alive", dead_after_bad_arguments),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}{'-' if case.name else ''}{case.name}")
async def test_a_defect_is_found_by_its_check_alone(case: Case) -> None:
    double = case.make()
    report = await verify(double, case.url, **case.options)
    found = {finding.check for finding in (*report.errors, *report.warnings)} - {"auth.none"}
    told = [f"{f.verdict} {f.check} {f.subject}: {f.text}" for f in (*report.errors, *report.warnings)]
    assert found == {case.check}, told
    assert all(finding.remedy for finding in report.of(case.check)), told
    for finding in report.of(case.check):
        # The line stands alone, without what would hold if nothing were wrong.
        assert finding.subject or not re.match(r"(it|its|they|neither|there|only|no)\b", finding.text), told


def foreign_tokens_refused() -> Double:
    return Double(OAUTH2, spoil=another_audience)


class Opaque(Double):
    """Takes every token it issued, and says in none of them whom it is for."""

    def lets_in(self, asked: Asked) -> bool:
        return asked.authorization.removeprefix("Bearer ") in self.issued

    def token(self, asked: Asked) -> Reply:
        if asked.path == "/auth/token" and not _wrong_secret(asked):
            self.issued.add(f"opaque-{len(self.issued)}")
            return Reply(
                body={"access_token": f"opaque-{len(self.issued) - 1}", "expires_in": 3600},
                headers={"cache-control": "no-store"},
            )
        return super().token(asked)


@pytest.mark.parametrize(
    ("make", "skipped"),
    [
        (foreign_tokens_refused, set[str]()),
        (lambda: Opaque(OAUTH2), {"token.audience"}),
        (with_resource(scopes_supported=None, bearer_methods_supported=None), {"discovery.challenge-scope"}),
    ],
)
async def test_other_good_ways_are_good_too(make: Callable[[], Double], skipped: set[str]) -> None:
    report = await verify(make())
    assert [f"{f.check}: {f.text}" for f in (*report.errors, *report.warnings)] == []
    found = {finding.check for finding in report.findings if finding.verdict is Verdict.SKIPPED}
    assert found == skipped | {"protocol.lost-session"}


# `dns`, `tls`, `connect` need another transport, `latency.list` and `bad.slow` go together, `lost-session` and
# `content-type` bring others with them: each has a test of its own.
ELSEWHERE = {
    "reach.dns",
    "reach.connect",
    "reach.tls",
    "auth.none",
    "discovery.client",
    "latency.list",
    "bad.slow",
    "protocol.lost-session",
    "protocol.content-type",
}


def test_every_check_has_its_defect() -> None:
    assert {case.check for case in CASES} | ELSEWHERE == {check.id for check in CHECKS}

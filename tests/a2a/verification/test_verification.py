"""`verify_endpoint`: our own server is fit, and each defect is found by its check, with a remedy."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentkit.a2a import BearerAuth, Gate, Security
from agentkit.a2a.verification import CHECKS, EndpointThresholds, verify_endpoint
from agentkit.errors import SpecError
from agentkit.mcp import Verdict, VerificationReport
from tests.a2a.desk import Served, served_desk
from tests.a2a.remote.parts import pool
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

TOKEN = "canary-token-77"
PUBLIC = "https://agents.example.org"


class Rewritten(httpx2.AsyncBaseTransport):
    """Our own server as if it lay at a public address, with answers changed on the way."""

    def __init__(self, served: Served, change: Callable[[httpx2.Request, Any], Any] | None = None) -> None:
        self._inner = pool(served.app)
        self._change = change

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.send(request, stream=True)
        if not response.headers["content-type"].startswith("application"):
            return response
        text = (await response.aread()).decode().replace("http://desk.test", PUBLIC)
        document = json.loads(text)
        if self._change is not None:
            document = self._change(request, document)
        headers = {key: value for key, value in response.headers.items() if key != "content-length"}
        body = httpx2.ByteStream(json.dumps(document).encode())
        return httpx2.Response(response.status_code, headers=headers, stream=body)


async def verified(
    *, guarded: bool = True, change: Callable[[httpx2.Request, Any], Any] | None = None, **options: Any
) -> VerificationReport:
    gate = Gate(Security(BearerAuth({"caller": TOKEN}))) if guarded else None
    async with served_desk(gate=gate) as served:
        connections = httpx2.AsyncClient(transport=Rewritten(served, change))
        if guarded:
            options.setdefault("token", TOKEN)
        with anyio.fail_after(HANG):
            report = await verify_endpoint(options.pop("url", PUBLIC), http=connections, **options)
    if gate is not None:
        await gate.aclose()
    return report


def failed(report: VerificationReport) -> set[str]:
    return {finding.check for finding in report.findings if finding.verdict in {Verdict.ERROR, Verdict.WARNING}}


async def test_our_own_server_is_fit_behind_its_gate_and_answers() -> None:
    report = await verified(ask="hello")
    assert report.strictly_fit, [finding.text for finding in (*report.errors, *report.warnings)]
    assert report.authorization.value == "inherit"
    assert {"card_ms_median", "call_ms_median", "answer_ms_median"} <= report.measurements.keys()


async def test_nothing_is_asked_of_the_agent_unless_allowed() -> None:
    seen: list[bytes] = []

    def note(request: httpx2.Request, document: Any) -> Any:
        seen.append(request.content)
        return document

    report = await verified(change=note)
    assert report.fit
    assert all(finding.verdict is Verdict.SKIPPED for finding in report.findings if finding.group == "answers")
    assert not any(b"ROLE_USER" in body and b"canary" not in body for body in seen)


async def test_an_agent_that_asks_back_is_answered_by_its_task_alone() -> None:
    report = await verified(ask="ask")
    (follow_up,) = report.of("answers.follow-up")
    assert follow_up.verdict is Verdict.PASSED


async def test_an_open_agent_is_fit_with_a_warning() -> None:
    report = await verified(guarded=False)
    assert report.fit
    assert "auth.open" in failed(report)


async def test_a_gate_without_a_token_is_told_how_to_verify() -> None:
    report = await verified(token=None)
    (finding,) = report.of("auth.let-in")
    assert finding.verdict is Verdict.ERROR
    assert "--token" in (finding.remedy or "")


async def test_a_token_of_nobody_is_not_let_in() -> None:
    assert "auth.let-in" in failed(await verified(token="another-token-1"))


def card(**changes: Any) -> Callable[[httpx2.Request, Any], Any]:
    def change(request: httpx2.Request, document: Any) -> Any:
        if not request.url.path.endswith("agent-card.json"):
            return document
        return {key: value for key, value in {**document, **changes}.items() if value is not None}

    return change


def interface(url: str, version: str = "1.0", binding: str = "JSONRPC") -> list[dict[str, str]]:
    return [{"url": url, "protocolBinding": binding, "protocolVersion": version}]


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (card(description=None), "card.fields"),
        (card(skills=[{"id": "s", "name": "", "description": "d", "tags": ["t"]}]), "card.fields"),
        (card(supportedInterfaces=interface("https://10.0.0.3/a2a")), "card.interfaces"),
        (card(supportedInterfaces=interface("https://elsewhere.example.org/a2a")), "card.interfaces"),
        (card(supportedInterfaces=interface(f"{PUBLIC}/a2a", "0.3")), "card.version"),
        (card(supportedInterfaces=interface(f"{PUBLIC}:443", binding="GRPC")), "card.version"),
        (card(capabilities={"extensions": [{"uri": "https://x.test", "required": True}]}), "card.extensions"),
        (card(defaultInputModes=["application/pdf"]), "card.modes"),
        (
            card(
                securitySchemes={"key": {"apiKeySecurityScheme": {"name": "k", "location": "header"}}},
                securityRequirements=[{"schemes": {"key": {"list": []}}}],
            ),
            "auth.declared",
        ),
    ],
)
async def test_each_defect_of_a_card_is_found_by_its_check(
    change: Callable[[httpx2.Request, Any], Any], check: str
) -> None:
    report = await verified(change=change)
    assert check in failed(report)
    assert all(finding.remedy for finding in report.of(check))


@pytest.mark.parametrize(
    "url",
    ["http://agents.example.org", "https://localhost", "https://192.168.1.4", "https://desk.local", "https://desk"],
)
async def test_an_address_that_corti_cannot_reach_is_an_error_and_while_developing_a_warning(url: str) -> None:
    assert "reach.url" in {finding.check for finding in (await verified(url=url)).errors}
    assert "reach.url" in {finding.check for finding in (await verified(url=url, local=True)).warnings}


def errors(**changes: Any) -> Callable[[httpx2.Request, Any], Any]:
    def change(_request: httpx2.Request, document: Any) -> Any:
        if "error" in document:
            document["error"].update(changes)
        return document

    return change


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (errors(code=-32603, data=[]), "errors.task"),
        (errors(data=[]), "errors.task"),
        (errors(code=-32603, data=[]), "errors.cancel"),
        (errors(message="Traceback (most recent call last)"), "errors.quiet"),
        (errors(message=f"you sent {TOKEN}"), "errors.quiet"),
    ],
)
async def test_each_defect_of_the_errors_is_found_by_its_check(
    change: Callable[[httpx2.Request, Any], Any], check: str
) -> None:
    report = await verified(change=change)
    assert check in failed(report)
    assert TOKEN not in json.dumps(report.to_json())


async def test_a_slow_endpoint_is_a_warning() -> None:
    thresholds = EndpointThresholds(card_ms=0.0, call_ms=0.0)
    assert "speed.answers" in failed(await verified(thresholds=thresholds))


async def test_no_agent_at_all_is_one_error_and_the_rest_is_skipped() -> None:
    connections = httpx2.AsyncClient(
        transport=httpx2.MockTransport(lambda _: httpx2.Response(404, stream=httpx2.ByteStream(b"")))
    )
    report = await verify_endpoint(PUBLIC, http=connections)
    assert [finding.check for finding in report.errors] == ["reach.card"]
    assert {finding.verdict for finding in report.findings if finding.group == "errors"} == {Verdict.SKIPPED}


async def hostile(request: Request) -> Response:
    body = await request.body()
    return JSONResponse({"jsonrpc": "2.0", "id": 1, "result": {"task": {"id": "x" * 100_000}}, "said": body.decode()})


@pytest.fixture
async def garbage() -> AsyncIterator[httpx2.AsyncClient]:
    routes = [Route("/{path:path}", hostile, methods=["GET", "POST"])]
    async with pool(Starlette(routes=routes)) as connections:
        yield connections


async def test_garbage_makes_findings_and_no_exception(garbage: httpx2.AsyncClient) -> None:
    report = await verify_endpoint(PUBLIC, http=garbage, ask="hello", token=TOKEN)
    assert not report.fit
    assert TOKEN not in json.dumps(report.to_json())


async def test_a_silent_endpoint_costs_its_time_and_no_more() -> None:
    async def silent(_request: httpx2.Request) -> httpx2.Response:
        await anyio.sleep_forever()
        raise AssertionError

    connections = httpx2.AsyncClient(transport=httpx2.MockTransport(silent))
    with anyio.fail_after(HANG):
        report = await verify_endpoint(PUBLIC, http=connections, request_timeout=0.05, time_limit=1.0)
    assert not report.fit


@pytest.mark.parametrize("options", [{"url": "ftp://x.test"}, {"url": PUBLIC, "token": "two words"}])
async def test_what_cannot_be_verified_is_a_spec_error(options: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        await verify_endpoint(**options)


def test_check_ids_are_unique_and_have_remedies() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    assert all(check.remedy and check.says for check in CHECKS)
    assert {need for check in CHECKS for need in check.needs} <= set(ids)


async def test_an_interface_of_grpc_is_a_host_and_a_port_without_a_scheme() -> None:
    def beside(address: str) -> Callable[[httpx2.Request, Any], Any]:
        def change(request: httpx2.Request, document: Any) -> Any:
            if request.url.path.endswith("agent-card.json"):
                document["supportedInterfaces"] += interface(address, binding="GRPC")
            return document

        return change

    assert "card.interfaces" not in failed(await verified(change=beside("agents.example.org:8703")))
    report = await verified(change=beside("127.0.0.1:8703"))
    assert [finding.text for finding in report.of("card.interfaces")] == [
        "'127.0.0.1:8703' is an address of a private network"
    ]


async def test_an_address_that_several_versions_share_is_told_once() -> None:
    both = [*interface("https://10.0.0.3/a2a"), *interface("https://10.0.0.3/a2a", "0.3")]
    report = await verified(change=card(supportedInterfaces=both))
    assert len(report.of("card.interfaces")) == 1


async def test_where_nothing_answers_the_remedy_is_to_look_at_the_server() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("nobody there")

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    report = await verify_endpoint(PUBLIC, http=http)
    (finding,) = report.of("reach.card")
    assert finding.remedy == "Check that the server runs, and that its address is right."

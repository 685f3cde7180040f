"""Schemathesis against the platform's own documents: no failure, and no answer that is not written down.

The cases come from the documents, with a fixed seed; most of the time an id is put in that leads somewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote

import httpx2
import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from agentkit.platform import PlatformSettings
from agentkit.platform.openapi.documents import v1_document, v2_document, whole_document
from agentkit.platform.settings import DEFAULT_URL
from agentkit.reasoning import Act, Answer, Situation
from agentkit.testing.local_platform import LocalPlatform
from agentkit.web.limits import Limits

# The platform's thread draws from the module's generator while a case is made; Hypothesis takes it for the strategy.
# The tests of the parts cover what runs here; a tracer would double the time.
pytestmark = [pytest.mark.filterwarnings("ignore:Do not use the `random` module"), pytest.mark.no_cover]

EXAMPLES = {GenerationMode.POSITIVE: 6, GenerationMode.NEGATIVE: 4}
"""Cases of each operation, those that fit and those that do not; the whole file takes some fifteen seconds."""

MOSTLY = st.sampled_from([True, True, True, True, False])

_CHECKS = (
    (checks, "not_a_server_error"),
    (openapi_checks, "status_code_conformance"),
    (openapi_checks, "content_type_conformance"),
    (openapi_checks, "response_headers_conformance"),
    (openapi_checks, "response_schema_conformance"),
)
CHECKS: list[Any] = [getattr(module, name) for module, name in _CHECKS]
UNLIMITED = Limits(rate=1e6, burst=10**6, concurrent=1_000, concurrent_per_caller=1_000)


class Prompt:
    """A reasoner that answers at once, with something durable."""

    async def decide(self, situation: Situation) -> Act:
        return Answer("done", ({"found": True},))


class Fixture:
    """A platform in a thread of its own, with something in it."""

    def __init__(self, portal: BlockingPortal, platform: LocalPlatform) -> None:
        self._portal = portal
        self._platform = platform
        self._headers: dict[str, str] = {}
        self.known: dict[str, str] = {}

    async def prepare(self) -> None:
        self._headers = {"authorization": f"Bearer {await self._platform.bearer()}", "tenant-name": "base"}
        await self.renew()

    async def renew(self) -> None:
        """An agent with a task, a connector and a context."""
        body: dict[str, Any] = {"name": "helper", "lifecycle": "persistent", "connectors": []}
        body["connectors"] = [{"type": "mcp", "name": "ehr", "url": "http://127.0.0.1:9/mcp"}]
        agents = await self._sent("GET", "/v2/agentic/agents?pageSize=200")
        for one in agents.json()["agents"]:
            await self._sent("DELETE", f"/v2/agentic/agents/{one['id']}")
        agent = (await self._sent("POST", "/v2/agentic/agents", json=body)).json()
        message = {"role": "ROLE_USER", "messageId": f"m-{agent['id']}", "parts": [{"text": "hello"}]}
        sent = await self._sent("POST", f"/v2/agentic/agents/{agent['id']}/a2a/message:send", json={"message": message})
        task = sent.json()["task"]
        self.known = {
            "agent": agent["id"],
            "connector": agent["connectors"][0]["id"],
            "task": task["id"],
            "context": task["contextId"],
            "artifact": task.get("artifacts", [{}])[0].get("artifactId", "none"),
            "entry": "memory-expert",
            "tenant": "base",
        }

    async def _sent(self, method: str, path: str, **more: Any) -> httpx2.Response:
        url = self._platform.url + path
        return await self._platform.http.request(method, url, headers=self._headers, **more)

    def send(self, case: Any, *, authorized: bool) -> httpx2.Response:
        return self._portal.call(self._send, case, authorized)

    async def _send(self, case: Any, authorized: bool) -> httpx2.Response:
        kwargs = case.as_transport_kwargs(base_url=self._platform.url)
        kwargs.pop("cookies", None)
        headers = {name.lower(): value for name, value in dict(kwargs.pop("headers")).items()}
        headers |= self._headers if authorized else {}
        data: Any = kwargs.pop("data", None)
        request = self._platform.http.build_request(
            kwargs["method"],
            kwargs["url"],
            params=kwargs.get("params") or None,
            json=kwargs.get("json"),
            content=data if isinstance(data, str | bytes) else None,
            data=cast("dict[str, Any]", data) if isinstance(data, dict) else None,
            headers=headers,
        )
        return await self._platform.http.send(request)

    def refresh(self) -> None:
        self._portal.call(self.renew)


@pytest.fixture(scope="module")
def served() -> Iterator[Fixture]:
    given_settings = PlatformSettings(traffic=UNLIMITED, token_lifetime=36_000)
    with start_blocking_portal() as portal:
        platform = LocalPlatform(given_settings, reasoner=Prompt())
        with portal.wrap_async_context_manager(platform):
            fixture = Fixture(portal, platform)
            portal.call(fixture.prepare)
            yield fixture


def operations(document: dict[str, Any], prefix: str = "") -> list[Any]:
    schema: Any = schemathesis.openapi.from_dict(document)
    return [one for one in (result.ok() for result in schema.get_all_operations()) if one.path.startswith(prefix)]


def _named(operation: Any) -> str:
    return f"{operation.method.upper()} {operation.path}"


EVERY = [
    *operations(v1_document(DEFAULT_URL)),
    *operations(v2_document(DEFAULT_URL)),
    *operations(whole_document(DEFAULT_URL), "/realms"),
]


@pytest.mark.parametrize("operation", EVERY, ids=_named)
@pytest.mark.parametrize("mode", [*GenerationMode], ids=lambda mode: str(mode.value))
def test_no_case_fails_and_no_answer_is_undocumented(served: Fixture, operation: Any, mode: GenerationMode) -> None:
    """SDKC-04."""
    served.refresh()
    known = served.known
    bare = {name: value.rpartition(".")[2] for name, value in known.items()}
    ids = known if operation.path.startswith("/v2/agentic") else bare

    @settings(
        max_examples=EXAMPLES[mode],
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(
        case=operation.as_strategy(generation_mode=mode), leads=st.lists(MOSTLY, min_size=4, max_size=4), signed=MOSTLY
    )
    def check(case: Any, leads: list[bool], signed: bool) -> None:
        for name, lead in zip(list(case.path_parameters or {}), leads, strict=False):
            if lead and name in ids:
                case.path_parameters[name] = quote(ids[name], safe="")
        answer = served.send(case, authorized=signed)
        case.validate_response(answer, checks=CHECKS)

    check()

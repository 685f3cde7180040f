"""Whatever a server lists, a verification ends with a report (and no tool is run by accident)."""

from __future__ import annotations

from typing import Any

import anyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.mcp import VerificationReport, verify_server
from agentkit.mcp.verification.shape import first_misfit
from agentkit.mcp.verification.study import study
from agentkit.specs import Authorization
from tests.deadline import HANG
from tests.mcp.verification.double import FORECAST, URL, Double, Reply

KEYWORDS = st.sampled_from(
    [
        "type", "properties", "required", "items", "anyOf", "allOf", "not", "enum", "const", "$ref", "$defs", "$id",
        "$schema", "additionalProperties", "patternProperties", "pattern", "dependencies", "minLength", "if", "format",
        "$dynamicRef", "$anchor", "name", "title", "description", "annotations", "inputSchema", "outputSchema",
    ]
)  # fmt: skip
WORDS = ["object", "string", "array", "#", "#/properties/type", "#/$defs/items", "https://evil.example/s", "(a+)+$"]
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=5), max_leaves=20
)
SCHEMAS = st.dictionaries(KEYWORDS, VALUES, max_size=6)


@given(SCHEMAS, VALUES)
def test_any_schema_is_studied_and_compared_without_a_crash(schema: dict[str, Any], value: Any) -> None:
    (found,) = study([{"name": "x", "inputSchema": schema, "outputSchema": schema}])
    if found.usable:
        misfit = first_misfit(found.schema, value)
        assert misfit is None or misfit.endswith("does not hold")


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(VALUES | SCHEMAS.map(lambda schema: FORECAST | {"inputSchema": schema}), max_size=3))
def test_any_list_of_tools_ends_with_a_report(tools: list[Any]) -> None:
    async def verify() -> VerificationReport:
        double = Double()
        double.tools = tools
        async with double.http() as http:
            with anyio.fail_after(HANG):
                return await verify_server(URL, http=http)

    report = anyio.run(verify)
    assert report.findings
    assert len(report.findings) < 500


HEADER_VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), min_size=1)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "www-authenticate", "mcp-session-id", "location", "cache-control"]),
    HEADER_VALUES
    | st.sampled_from(['Bearer resource_metadata="x"', "text/event-stream", "application/json", "Bearer"]),
)
BODIES = st.binary(max_size=50) | st.dictionaries(
    st.sampled_from(["jsonrpc", "id", "result", "error", "access_token", "expires_in", "issuer", "token_endpoint"]),
    VALUES,
)
REPLIES = st.builds(Reply, st.sampled_from([200, 202, 302, 400, 401, 403, 404, 421, 500]), BODIES, HEADERS)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(Authorization), st.dictionaries(st.integers(0, 60), REPLIES, min_size=1, max_size=8))
def test_any_answers_end_with_a_report(auth: Authorization, replies: dict[int, Reply]) -> None:
    async def verify() -> VerificationReport:
        double = Double(auth, spoil=lambda at: replies.get(len(at.double.asked), at.good))
        async with double.http() as http:
            with anyio.fail_after(HANG):
                return await verify_server(URL, auth=auth, credential=double.credential, http=http)

    assert anyio.run(verify).findings

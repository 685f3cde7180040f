"""Whatever is sent to the double, it answers as one of its surfaces would, and never breaks."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.corti_double import CortiDouble
from tests.contract.serving import calling

WORDS = st.sampled_from(
    [
        "name",
        "description",
        "type",
        "message",
        "parts",
        "kind",
        "text",
        "data",
        "labels",
        "rating",
        "connectors",
        "experts",
        "mcpServers",
        "config",
        "metadata",
        "configuration",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
MERGE = {"content-type": "application/merge-patch+json"}


def wrapped(value: Any) -> list[Any]:
    """The value, and bodies that hold it where a surface would look for it."""
    parts = {"messageId": "m", "parts": value}
    return [
        value,
        {"name": "n", "description": "d", "experts": [value], "mcpServers": [value]},
        {"name": "n", "connectors": [value], "labels": value},
        {"message": {"kind": "message", "role": "user", **parts}},
        {"message": {"role": "ROLE_USER", **parts}},
        {"message": {"role": "ROLE_USER", "messageId": "m", "parts": [{"data": value}]}, "configuration": value},
        {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": value},
        {"jsonrpc": "2.0", "id": value, "method": "message/send", "params": {"message": value}},
        {"rating": {"scale": "binary", "value": 1}, "labels": value, "metadata": value},
    ]


@settings(max_examples=25)
@given(JSON)
def test_no_body_breaks_the_double(value: Any) -> None:
    async def send_everywhere() -> None:
        double = CortiDouble()
        v1, v2 = f"/agents/{double.add_agent()}", f"/v2/agentic/agents/{double.add_v2_agent()}"
        async with calling(double) as client:
            sent = {"message": {"role": "ROLE_USER", "parts": [{"text": "Hi"}]}}
            task = (await client.post(f"{v2}/a2a/message:send", json=sent)).json()["task"]
            feedback = f"/v2/agentic/contexts/{task['contextId']}/tasks/{task['id']}/feedback"
            for body in wrapped(value):
                answers = [
                    await client.post(path, json=body)
                    for path in (
                        "/agents",
                        f"{v1}/v1",
                        f"{v1}/v1/message:send",
                        "/v2/agentic/agents",
                        f"{v2}/connectors",
                        f"{v2}/a2a",
                        f"{v2}/a2a/message:send",
                        f"{v2}/a2a/message:stream",
                        feedback,
                    )
                ]
                answers += [await client.patch(v1, json=body), await client.patch(v2, json=body, headers=MERGE)]
                assert {answer.status_code for answer in answers} <= {200, 201, 400, 401, 404, 409, 422}

    anyio.run(send_everywhere)


@pytest.mark.anyio
@pytest.mark.parametrize("query", ["limit=--5", "limit=²", "offset=9999999999999999999999", "limit="])
async def test_no_query_breaks_the_double(query: str) -> None:
    async with calling(CortiDouble()) as client:
        assert (await client.get(f"/agents?{query}")).status_code in {200, 400}
        paging = query.replace("limit", "pageSize").replace("offset", "pageToken")
        assert (await client.get(f"/v2/agentic/agents?{paging}")).status_code == 400

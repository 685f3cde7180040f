"""What holds for any agent: no view and no way back loses anything (CON-21, V2-OBJ-09, V2-MIG-01)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.errors import WireError
from agentkit.models import Json, JsonObject
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.rows import Row, decode_row, encode_body, write_moment
from agentkit.platform.agents.view_v1 import shown_v1
from agentkit.platform.agents.view_v2 import shown_v2
from agentkit.wire import v1, v2
from tests.platform.agents.desk import HELPER, desk

pytestmark = pytest.mark.anyio

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXT = st.text(max_size=12)
WORDS = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
URLS = st.sampled_from(["https://a.example/mcp", "http://b.internal:8080/x", "https://c.example"])
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)


def some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


TRANSPORTS = [
    *(("streamable_http", word) for word in ("none", "bearer", "inherit", "oauth2.0")),
    *((transport, word) for transport in ("sse", "stdio") for word in ("none", "bearer", "inherit")),
]


def served(fields: dict[str, Any], kinds: tuple[str, str]) -> dict[str, Any]:
    return {**fields, "transportType": kinds[0], "authorizationType": kinds[1]}


SERVERS_V1 = st.builds(
    served,
    some(
        {"name": WORDS, "url": URLS},
        {"description": TEXT, "authorizationScope": TEXT, "redirectUrl": st.none() | URLS, "token": WORDS},
    ),
    st.sampled_from(TRANSPORTS),
)
EXPERTS_V1 = st.one_of(
    some(
        {"type": st.just("new"), "name": WORDS, "description": WORDS},
        {"systemPrompt": TEXT, "mcpServers": st.lists(SERVERS_V1, max_size=2)},
    ),
    some({"type": st.just("reference"), "name": st.just("memory-expert")}, {"systemPrompt": TEXT}),
    some(
        {"type": st.just("reference"), "name": st.just("pubmed-expert")},
        {"config": st.just({"maxResults": 7, "free": [1]}), "systemPrompt": TEXT},
    ),
    some({"type": st.just("reference"), "id": st.just(HELPER)}, {"systemPrompt": TEXT}),
)
AGENTS_V1 = some(
    {"name": WORDS, "description": WORDS},
    {
        "systemPrompt": TEXT,
        "experts": st.lists(EXPERTS_V1, max_size=4),
        "mcpServers": st.lists(SERVERS_V1, max_size=3),
        "agentType": st.sampled_from(["expert", "orchestrator", "interviewing-expert"]),
    },
)
AUTH = some(
    {"type": st.sampled_from(["none", "bearer", "apiKey", "oauth2", "inherit"])},
    {"scope": TEXT, "redirectUrl": TEXT, "ref": WORDS},
)
ENABLED: dict[str, Any] = {"enabled": st.booleans()}
CONNECTORS = st.one_of(
    some({"type": st.just("mcp"), "name": WORDS, "url": URLS}, {"auth": AUTH, **ENABLED}),
    some(
        {"type": st.just("registry"), "name": st.sampled_from(["memory-expert", "pubmed-expert"])},
        {"config": st.dictionaries(TEXT, JSON, max_size=2), **ENABLED},
    ),
    some({"type": st.just("agent"), "agentId": st.just(f"agt.{HELPER}")}, ENABLED),
    some({"type": st.just("a2a"), "url": URLS}, {"name": WORDS, **ENABLED}),
    some(
        {"type": st.just("schema"), "name": WORDS, "schema": st.dictionaries(TEXT, JSON, max_size=2)},
        {"description": TEXT, "transition": st.sampled_from(["complete", "input_required"]), **ENABLED},
    ),
)
LABELS = st.dictionaries(st.text("abc./-_1", min_size=1, max_size=5), TEXT, max_size=3)
AGENTS_V2 = some(
    {"name": WORDS},
    {
        "description": TEXT,
        "systemPrompt": TEXT,
        "model": WORDS,
        "visibility": st.sampled_from(["private", "unlisted", "public"]),
        "lifecycle": st.sampled_from(["ephemeral", "persistent"]),
        "labels": LABELS,
        "connectors": st.lists(CONNECTORS, max_size=5),
    },
)


def as_patch_v2(record: AgentRecord) -> JsonObject:
    """The agent as v2 shows it, as far as a patch may repeat it."""
    shown = v2.encode_agent(shown_v2(record))
    patch = {key: value for key, value in shown.items() if key not in {"id", "createdAt", "updatedAt", "createdBy"}}
    connectors = shown["connectors"]
    assert isinstance(connectors, list)
    patch["connectors"] = [
        {key: value for key, value in connector.items() if key != "id"}
        for connector in connectors
        if isinstance(connector, dict)
    ]
    return patch


ANY_AGENT = st.one_of(st.tuples(AGENTS_V1, st.just("v1")), st.tuples(AGENTS_V2, st.just("v2")))


@QUICK
@given(ANY_AGENT)
async def test_sending_back_what_a_generation_shows_changes_nothing_at_all(made: tuple[dict[str, Any], str]) -> None:
    """CON-21, SDKC-11, V2-EP-04: tokens, hidden fields and the order of the connectors included."""
    async with desk() as at:
        record = await at.make(*made)
        if record is None:
            return
        assert await at.patch_v1(record, v1.encode_agent(shown_v1(record))) == record
        assert await at.v2.change(record, as_patch_v2(record)) == record


@QUICK
@given(ANY_AGENT)
async def test_a_row_gives_back_the_record_it_was_made_of(made: tuple[dict[str, Any], str]) -> None:
    async with desk() as at:
        record = await at.make(*made)
    if record is None:
        return
    own = record.ownership
    row = Row(
        record.id,
        own.tenant,
        own.owner,
        record.visibility.value,
        write_moment(record.expires),
        1,
        encode_body(record),
    )
    assert decode_row(row, record.tokens) == record


@QUICK
@given(AGENTS_V2)
async def test_v2_shows_what_its_author_said(body: dict[str, Any]) -> None:
    """V2-OBJ-03 to V2-OBJ-10, SDKC-03."""
    async with desk() as at:
        record = await at.make(body, "v2")
    if record is None:
        return
    shown = as_patch_v2(record)
    for key in body.keys() - {"connectors", "description", "systemPrompt"}:
        assert shown[key] == body[key]
    for key in ("description", "systemPrompt"):
        assert shown[key] == (body.get(key) or None)
    said: list[dict[str, Any]] = [
        {"enabled": True, **({"transition": "complete"} if one["type"] == "schema" else {}), **one}
        for one in body.get("connectors", [])
    ]
    for one in said:
        one["name"] = one["name"].strip() if one["type"] == "mcp" else one.get("name")
        one["auth"] = None if one.get("auth") == {"type": "none"} else one.get("auth")
    connectors = shown["connectors"]
    assert isinstance(connectors, list)
    assert connectors == [{key: value for key, value in one.items() if value is not None} for one in said]


@QUICK
@given(ANY_AGENT, st.dictionaries(st.sampled_from([*"abc", "name", "labels", "connectors", "model"]), JSON, max_size=3))
async def test_any_patch_is_taken_or_refused_by_name(made: tuple[dict[str, Any], str], patch: dict[str, Any]) -> None:
    """V2-ERR-01, V1-ERR-02: nothing else can come of a body, and what is taken can be shown."""
    async with desk() as at:
        record = await at.make(*made)
        if record is None:
            return
        for change in (at.patch_v1, at.v2.change):
            try:
                changed = await change(record, patch)
            except WireError:
                continue
            v1.decode_agent(v1.encode_agent(shown_v1(changed)))
            v2.decode_agent(v2.encode_agent(shown_v2(changed)))
            assert replace(changed, updated=record.updated).id == record.id

"""Ids, times, filters and feedback that nobody can mean are refused before anything is sent; the error names them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from agentkit.errors import SpecError
from agentkit.models import FeedbackSpec
from agentkit.specs import AgentChanges, AgentSpec, ConnectorChanges, ExpertSpec, Visibility
from tests.client.connecting import Connect
from tests.contract.corti_double import Answer, CortiDouble

pytestmark = pytest.mark.anyio

EARLY = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))


@pytest.mark.parametrize("generation", ["auto", "v1", "v2"])
@pytest.mark.parametrize("wrong", [None, 5, "", ".", "..", pytest.param(object(), id="object")], ids=str)
async def test_what_is_no_id_is_named(connect: Connect, double: CortiDouble, generation: str, wrong: Any) -> None:
    corti = connect(generation=generation)
    for call in (corti.agents.get, corti.agents.delete, corti.agents.card):
        with pytest.raises(SpecError) as refused:
            await call(wrong)
        assert refused.value.field == "agent_id"
    assert double.calls == []


async def test_an_id_cannot_break_out_of_its_place(connect: Connect, double: CortiDouble) -> None:
    double.inject(Answer(204))
    async with connect() as corti:
        await corti.agents.delete("a b?c#d")
    # The double writes paths down decoded; a query would stand there as it was sent, and a fragment not at all.
    assert double.targets == ["DELETE /agents/a b?c#d"]


@pytest.mark.parametrize("generation", ["auto", "v1", "v2"])
async def test_a_spec_of_another_kind_is_refused(connect: Connect, double: CortiDouble, generation: str) -> None:
    """A whole spec taken for changes would clear what it leaves out (V2-EP-04)."""
    corti = connect(generation=generation)
    agent = await corti.agents.create(AgentSpec(name="helper", description="Helps"))
    before = len(double.calls)
    wrong: Any
    for wrong in (AgentSpec(name="helper", description="Helps"), {"name": "helper"}, None):
        with pytest.raises(SpecError, match="must be of the type AgentChanges"):
            await corti.agents.update(agent.id, wrong)
    for wrong in (AgentChanges(name="helper"), {"name": "helper"}, "helper"):
        with pytest.raises(SpecError, match="must be of the type AgentSpec"):
            await corti.agents.create(wrong)
    if agent.generation == "v2":
        for wrong in ("pubmed-expert", ExpertSpec(name="a", description="d"), ConnectorChanges()):
            with pytest.raises(SpecError, match="must be of the type McpServerSpec or"):
                await agent.connectors.create(wrong)
        wrong = {"enabled": False}
        with pytest.raises(SpecError, match="must be of the type ConnectorChanges"):
            await agent.connectors.update("con.x", wrong)
    assert len(double.calls) == before


@pytest.mark.parametrize("wrong", [date(2026, 1, 1), "2026-01-01", 0, EARLY], ids=str)
async def test_what_is_no_time_is_named(connect: Connect, wrong: Any) -> None:
    corti = connect(generation="v2")
    agent = await corti.agents.create(AgentSpec(name="helper"))
    with pytest.raises(SpecError) as refused:
        await agent.usage(since=wrong)
    assert refused.value.field == "since"
    with pytest.raises(SpecError) as refused:
        await corti.contexts.list(until=wrong).all()
    assert refused.value.field == "until"


async def test_a_time_of_any_zone_is_sent_in_utc_and_one_without_zone_is_utc(
    connect: Connect, double: CortiDouble
) -> None:
    """V2-EP-14."""
    agent = await connect(generation="v2").agents.create(AgentSpec(name="helper"))
    noon = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    report = await agent.usage(since=noon, until=datetime(2026, 3, 2), granularity="day")  # noqa: DTZ001
    target = "from=2026-03-01T10%3A00%3A00.000Z&to=2026-03-02T00%3A00%3A00.000Z&granularity=day"
    assert double.calls[-1].target.endswith(f"/usage?{target}")
    assert report.start == noon.astimezone(UTC)


async def test_one_visibility_is_one_filter(connect: Connect, double: CortiDouble) -> None:
    """V2-EP-02."""
    corti = connect()
    for visibility in ("private", Visibility.PRIVATE, ["private"]):
        await corti.agents.list(visibility=visibility).all()
        assert double.calls[-1].target == "/v2/agentic/agents?visibility=private"


@pytest.mark.parametrize("generation", ["auto", "v2"])
async def test_a_limit_below_zero_is_refused_and_zero_asks_nobody(
    connect: Connect, double: CortiDouble, generation: str
) -> None:
    corti = connect(generation=generation)
    for pages in (corti.agents.list, corti.experts.list, corti.contexts.list):
        with pytest.raises(SpecError) as refused:
            pages(limit=-1)
        assert refused.value.field == "limit"
        assert await pages(limit=0).all() == ()
    assert double.calls == []


async def test_no_search_text_is_no_search(connect: Connect, double: CortiDouble) -> None:
    corti = connect()
    await corti.experts.list(text="").all()
    await corti.agents.list(text="").all()
    assert all(call.target.startswith("/agents") for call in double.calls)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("is_positive", {"is_positive": "no"}),
        ("is_positive", {"is_positive": None}),
        ("is_positive", {"is_positive": 1}),
        ("labels", {"labels": None}),
        ("labels", {"labels": 5}),
        ("reason", {"reason": 5}),
        ("message_id", {"message_id": 5}),
        ("collection_method", {"collection_method": 5}),
        ("client_reference", {"client_reference": []}),
        ("actor_id", {"actor_id": b"a"}),
    ],
    ids=str,
)
def test_feedback_of_another_type_is_refused(field: str, wrong: dict[str, Any]) -> None:
    """V2-OBJ-20."""
    arguments: dict[str, Any] = {"is_positive": True, **wrong}
    with pytest.raises(SpecError) as refused:
        FeedbackSpec(**arguments)
    assert refused.value.field == f"FeedbackSpec.{field}"

"""Lists come page by page, to their end and no further (V1-AGENT-07, V2-PAGE-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import InternalServerError, WireError
from tests.client.connecting import connected, served
from tests.contract.corti_double import Answer, CortiDouble

pytestmark = pytest.mark.anyio

V1_AGENTS, V2_AGENTS = "GET /agents", "GET /v2/agentic/agents"


def wire_agent(number: int) -> dict[str, Any]:
    agent_id = f"7f1c8a52-2f4e-4c57-9a55-{number:012d}"
    return {"id": agent_id, "name": f"a-{number}", "description": "d", "systemPrompt": "", "experts": []}


def names(agents: Any) -> list[str]:
    return [agent.name for agent in agents]


def filled(double: CortiDouble, count: int, generation: str) -> list[str]:
    wanted = [f"a-{number}" for number in range(count)]
    for name in wanted:
        double.add_agent(name) if generation == "v1" else double.add_v2_agent(name)
    return wanted


@pytest.mark.parametrize("generation", ["v1", "v2"])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
async def test_a_list_of_any_length_is_read_to_its_end(generation: str, count: int) -> None:
    double = CortiDouble()
    wanted = filled(double, count, generation)
    async with connected(double, generation=generation) as corti:
        listed = corti.agents.list()
        assert sorted(names(await listed.all())) == sorted(wanted)
        asked = len(double.calls)
        assert sorted(names([agent async for agent in listed])) == sorted(wanted)
    assert len(double.calls) == 2 * asked


@pytest.mark.parametrize("generation", ["v1", "v2"])
@pytest.mark.parametrize("limit", [0, 1, 3, 100, 150, 200, 201, 240, 999])
async def test_a_limit_is_kept_and_no_more_is_asked_for(generation: str, limit: int) -> None:
    double = CortiDouble()
    filled(double, 240, generation)
    async with connected(double, generation=generation) as corti:
        everyone = names(await corti.agents.list().all())
        double.calls.clear()
        some = names(await corti.agents.list(limit=limit).all())
    assert some == everyone[:limit]
    sizes = [int((call.query.get("limit") or call.query["pageSize"])[0]) for call in double.calls]
    assert all(1 <= size <= 200 for size in sizes)
    assert len(sizes) == {0: 0, 999: len(sizes)}.get(limit, -(-limit // (100 if generation == "v1" else 200)))


@pytest.mark.parametrize("offset", [0, 1, 100, 249, 250, 999])
async def test_an_offset_leaves_out_the_first_ones(offset: int) -> None:
    double = CortiDouble()
    wanted = filled(double, 250, "v1")
    async with connected(double) as corti:
        assert names(await corti.agents.list(offset=offset).all()) == wanted[offset:]
        assert names(await corti.agents.list(offset=offset, limit=120).all()) == wanted[offset : offset + 120]


async def test_pages_can_be_read_one_by_one() -> None:
    double = CortiDouble()
    filled(double, 150, "v1")
    async with connected(double) as corti:
        pages = [page async for page in corti.agents.list().pages()]
    assert [(len(page.items), page.is_full) for page in pages] == [(100, True), (50, False), (0, False)]
    assert pages[-1].next_token is None


async def test_a_loop_that_is_left_asks_for_nothing_more() -> None:
    double = CortiDouble()
    filled(double, 150, "v1")
    async with connected(double) as corti:
        async for agent in corti.agents.list():
            assert agent.name == "a-0"
            break
    assert len(double.calls) == 1


async def test_a_repeated_page_token_ends_the_list_with_an_error() -> None:
    double = CortiDouble()
    double.inject(Answer(200, {"agents": [], "nextPageToken": "again"}), on=V2_AGENTS, times=None)
    async with connected(double, generation="v2") as corti:
        with pytest.raises(WireError, match="nextPageToken"):
            await corti.agents.list().all()
    assert len(double.calls) == 2


@pytest.mark.parametrize("token", [None, ""])
async def test_no_token_and_an_empty_one_end_the_list(token: str | None) -> None:
    double = CortiDouble()
    double.inject(Answer(200, {"agents": [], "nextPageToken": token}), on=V2_AGENTS, times=None)
    async with connected(double, generation="v2") as corti:
        assert await corti.agents.list().all() == ()
    assert len(double.calls) == 1


async def test_an_empty_page_with_a_token_is_not_the_end() -> None:
    double = CortiDouble()
    double.add_v2_agent("a-0")
    double.inject(Answer(200, {"agents": [], "nextPageToken": "YWZ0ZXI6MA=="}), on=V2_AGENTS)
    async with connected(double, generation="v2") as corti:
        assert names(await corti.agents.list().all()) == ["a-0"]


@pytest.mark.parametrize("count", [1, 99, 101, 250])
async def test_a_server_that_gives_everything_each_time_is_read_once(count: int) -> None:
    double = CortiDouble()
    double.inject(Answer(200, [wire_agent(number) for number in range(count)]), on=V1_AGENTS, times=None)
    async with connected(double) as corti:
        assert len(await corti.agents.list().all()) == count
        assert len(await corti.agents.list(limit=1).all()) == 1


async def test_a_server_that_gives_the_first_page_again_does_not_end_a_list_silently() -> None:
    double = CortiDouble()
    double.inject(Answer(200, [wire_agent(number) for number in range(100)]), on=V1_AGENTS, times=None)
    async with connected(double) as corti:
        with pytest.raises(WireError, match="again"):
            await corti.agents.list().all()
    assert len(double.calls) == 2


@pytest.mark.parametrize("on", [V2_AGENTS, "POST */a2a"])
async def test_a_server_that_gives_the_same_page_under_new_tokens_does_not_end_a_list_silently(on: str) -> None:
    """V2-PAGE-01: a token says that more follows, so a page that comes again hides it."""
    double = CortiDouble()
    agent_id = double.add_v2_agent("a-0")
    task = {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_COMPLETED"}}
    agent = {"id": agent_id, "name": "a-0"}
    async with connected(double, generation="v2", binding="JSONRPC") as corti:
        handle = await corti.agents.get(agent_id)
        for number in range(3):
            page = {"agents": [agent], "tasks": [task], "nextPageToken": f"p-{number}"}
            double.inject(Answer(200, page if on == V2_AGENTS else {"jsonrpc": "2.0", "id": 1, "result": page}), on=on)
        with pytest.raises(WireError, match="again"):
            await (corti.agents.list() if on == V2_AGENTS else handle.tasks()).all()


async def test_an_error_on_a_later_page_is_raised_behind_the_items_before_it() -> None:
    double = CortiDouble()
    filled(double, 150, "v1")
    seen: list[str] = []
    async with connected(double, max_retries=0) as corti:
        listed = aiter(corti.agents.list())
        seen += [(await anext(listed)).name for _ in range(100)]
        double.inject(Answer(500))
        with pytest.raises(InternalServerError):
            await anext(listed)
    assert len(seen) == 100


LISTS: list[tuple[str, Callable[[AsyncCorti, str, str], Any]]] = [
    ("agent.tasks", lambda _corti, _agent, _context: None),
    ("contexts.list", lambda corti, agent, _context: corti.contexts.list(agent=agent)),
    ("contexts.tasks", lambda corti, _agent, context: corti.contexts.tasks(context)),
    ("contexts.traces", lambda corti, _agent, context: corti.contexts.traces(context)),
]


@pytest.mark.parametrize(("name", "ask"), LISTS)
async def test_the_other_lists_of_v2_are_read_to_their_end(
    name: str, ask: Callable[[AsyncCorti, str, str], Any]
) -> None:
    double = CortiDouble()
    async with connected(double, generation="v2") as corti:
        agent = await corti.agents.get(double.add_v2_agent())
        context = (await agent.send("0")).context
        assert context is not None
        for number in range(1, 60):
            await agent.send(str(number), context=None if name == "contexts.list" else context)
        pages = ask(corti, agent.id, context) or agent.tasks(context=context)
        everything = await pages.all()
    assert len(everything) == 60
    assert len({repr(one) for one in everything}) == 60


def test_a_blocking_list_is_an_iterator() -> None:
    double = CortiDouble()
    wanted = filled(double, 120, "v1")
    with served(double) as corti:
        assert names(corti.agents.list()) == wanted
        assert names(corti.agents.list(limit=2).all()) == wanted[:2]

"""Page tokens that no list ever wrote, with a check that fits all the same."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from agentkit.platform.v2.paging import page_token
from tests.platform.contexts.parts import ward

pytestmark = pytest.mark.anyio

NUMBERS = ["x", "-1", "1.5", "9" * 40, "²", " 1", "1\n"]


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_token_that_was_made_up_is_a_400_on_every_list(number: str) -> None:
    """V2-PAGE-01, V2-ERR-01."""
    async with ward() as home:
        agent = await home.agent()
        context = f"/contexts/{(await home.send(agent, 'hello'))['contextId']}"
        lists = {
            "contexts": "/contexts",
            "traces": f"{context}/trace",
            "tasks": f"{context}/tasks",
            "agents": "/agents",
        }
        for listing, path in lists.items():
            token = page_token(listing, number)
            assert await home.status("GET", f"{path}?pageToken={token}") == (400, "INVALID_QUERY"), path


@pytest.mark.parametrize("content", ["x.1", "1.x", "1", "-1.1", "9" * 40 + ".1", "1." + "9" * 40, "².1", "", "1.1.1"])
async def test_a_made_up_token_of_the_tasks_of_an_agent_is_a_400(content: str) -> None:
    """V2-EP-10, V2-ERR-02."""
    async with ward() as home:
        token = urlsafe_b64encode(content.encode()).decode().rstrip("=") or "x"
        tasks = f"/agents/{await home.agent()}/a2a/tasks"
        assert await home.status("GET", f"{tasks}?pageToken={token}") == (400, 400)

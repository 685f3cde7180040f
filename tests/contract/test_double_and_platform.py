"""The same requests to the double and to the platform: their answers differ only where one table says so."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from tests.contract import requests_v1, requests_v2
from tests.contract.corti_double import Gate
from tests.contract.deliberate import ROWS, Row
from tests.contract.exchanges import Asked, differences, exchange, prepared, summary
from tests.contract.on_platform import OnDouble, Server, on_platform
from tests.deadline import HANG

# The tests of the parts cover what runs here; a tracer would double the time.
pytestmark = [pytest.mark.anyio, pytest.mark.no_cover]

REQUESTS: dict[str, Asked] = {
    **requests_v1.MANAGEMENT,
    **requests_v1.MESSAGES,
    **requests_v1.RPC,
    **requests_v2.MANAGEMENT,
    **requests_v2.MESSAGES,
    **requests_v2.RPC,
    **requests_v2.TOKENS,
}


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing a client secret is made to be slow, and every test starts a platform."""
    monkeypatch.setattr("agentkit.oauth.secrets._COST", 2**4)


async def told(server: Server, asked: Asked) -> dict[str, Any]:
    """What a server that was prepared for it answers to a request."""
    gate = Gate() if "{running" in f"{asked.path}{asked.body}" else None
    with anyio.fail_after(HANG):
        async with prepared(server, held=gate) as (client, ids):
            return summary(await exchange(client, asked, ids))


async def unlike(name: str) -> list[tuple[str, object, object]]:
    """Where the answers to a request differ: the place, the double's side, the platform's side."""
    double = OnDouble()
    try:
        of_double = await told(double, REQUESTS[name])
    finally:
        await double.close()
    async with on_platform() as platform:
        of_platform = await told(platform, REQUESTS[name])
    return list(differences(of_double, of_platform))


@pytest.mark.parametrize("name", REQUESTS)
async def test_both_answer_alike_but_for_what_the_table_allows(name: str) -> None:
    found = await unlike(name)
    assert [one for one in found if not any(row.allows(name, one[0]) for row in ROWS)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rules)
async def test_every_row_of_the_table_is_still_needed(row: Row) -> None:
    found = await unlike(row.example)
    assert [place for place, _, _ in found if row.allows(row.example, place)]


def test_there_are_requests_of_every_kind() -> None:
    assert len(REQUESTS) >= 200
    ways = {"v1 send", "v1 rpc stream", "v2 send", "v2 rpc stream", "v2 create", "token of a client"}
    assert ways <= set(REQUESTS)

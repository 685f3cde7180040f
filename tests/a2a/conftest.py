"""A served desk and a client of each binding."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.a2a.desk import Desk, Peer, RestPeer, RpcPeer, Served, http_client, served_desk


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with served_desk() as served:
        yield served


@pytest.fixture
def desk(served: Served) -> Desk:
    return served.agent


@pytest.fixture
async def http(served: Served) -> AsyncIterator[httpx2.AsyncClient]:
    async with http_client(served.app) as client:
        yield client


@pytest.fixture(params=[RpcPeer, RestPeer], ids=["rpc", "rest"])
def peer(request: pytest.FixtureRequest, http: httpx2.AsyncClient) -> Peer:
    return request.param(http)

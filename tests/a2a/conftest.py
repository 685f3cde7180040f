"""A served desk and a client of each binding."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from tests.a2a.desk import Desk, Peer, RestPeer, RpcPeer, Served, http_client, served_desk
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel, held_poller


@pytest.fixture(scope="session", autouse=True)
def grpc_poller() -> Iterator[None]:
    with held_poller():
        yield


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
def http_peer(request: pytest.FixtureRequest, http: httpx2.AsyncClient) -> Peer:
    return request.param(http)


@pytest.fixture(params=["rpc", "rest", "grpc"])
async def peer(request: pytest.FixtureRequest, served: Served, http: httpx2.AsyncClient) -> AsyncIterator[Peer]:
    """A client of each binding at the same desk (A2A-HTTP-09)."""
    if request.param == "grpc":
        async with grpc_channel(served) as channel:
            yield GrpcPeer(channel)
    else:
        yield {"rpc": RpcPeer, "rest": RestPeer}[request.param](http)

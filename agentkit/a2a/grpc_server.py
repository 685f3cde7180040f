"""An agent over gRPC, beside its HTTP addresses or alone (extra `grpc`)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from a2a.types import AgentCard

from agentkit.a2a.card import VERSIONS
from agentkit.a2a.operations import Offers
from agentkit.a2a.security import OPEN, Gate
from agentkit.a2a.server import served_agent
from agentkit.compose import Agent
from agentkit.errors import ConfigurationError, ServeError
from agentkit.tasks import TaskService

GRPC_PORT: Final = 8703
"""Where an agent is reached over gRPC when nobody says otherwise."""

_MOST_CALLS: Final = 1000
_LARGEST_METADATA: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a gRPC server proves itself with.

    Attributes:
        key: The private key, PEM.
        chain: The certificate and those above it, PEM.
    """

    key: bytes
    chain: bytes

    def __repr__(self) -> str:
        """Without the key."""
        return "Certificate()"


@asynccontextmanager
async def a2a_grpc(
    agent: Agent,
    service: TaskService,
    *,
    url: str,
    host: str = "127.0.0.1",
    port: int = GRPC_PORT,
    card: AgentCard | None = None,
    agent_id: str | None = None,
    gate: Gate | None = None,
    offers: Offers | None = None,
    versions: Sequence[str] = VERSIONS,
    certificate: Certificate | None = None,
    grace_seconds: float = 5.0,
) -> AsyncGenerator[int]:
    """Serve one agent over gRPC while the context is open; gives the port.

    The services of A2A have one name each, so a port has one agent. Metadata is what headers are over HTTP:
    `a2a-version`, `a2a-extensions`, `authorization` and what else the schemes of the gate want.

    Args:
        agent: What is served.
        service: Keeps and runs its tasks, the same as over HTTP.
        url: The public HTTP address, for the card that `GetExtendedAgentCard` is measured against.
        host: Where to listen.
        port: Where to listen; 0 for any free one.
        card: Another card than `build_card` makes.
        agent_id: Under which id its tasks are kept; its name by default.
        gate: Names the caller and counts; the same as over HTTP.
        offers: Push notifications, an extended card, and how much one request may bring.
        versions: The versions of A2A that are spoken.
        certificate: For TLS; None for none, on this machine or behind a proxy (A2A-SEC-03).
        grace_seconds: How long calls at work may go on when the context closes.

    Raises:
        ConfigurationError: The extra `grpc` is not installed.
        ServeError: The port cannot be had.
        SpecError: The card or a version does not fit.
    """
    try:
        import grpc  # pyright: ignore[reportMissingTypeStubs]
        import grpc.aio  # pyright: ignore[reportMissingTypeStubs]

        from agentkit.a2a.grpc_calls import handlers
    except ImportError as error:
        remedy = 'Install it: pip install "corti-agentkit[grpc]"'
        raise ConfigurationError("grpc", "is not installed", remedy=remedy) from error
    gate, offers = gate or OPEN, offers or Offers()
    served, _ = served_agent(
        agent, service, url=url, card=card, agent_id=agent_id, gate=gate, offers=offers, versions=versions
    )
    server = grpc.aio.server(
        handlers=handlers(served, gate),
        maximum_concurrent_rpcs=_MOST_CALLS,
        options=(
            ("grpc.max_receive_message_length", offers.bounds.body),
            ("grpc.max_metadata_size", _LARGEST_METADATA),
            ("grpc.absolute_max_metadata_size", 2 * _LARGEST_METADATA),
            ("grpc.so_reuseport", 0),
        ),
    )
    address = f"{host}:{port}"
    try:
        if certificate is None:
            bound = server.add_insecure_port(address)
        else:
            credentials = grpc.ssl_server_credentials([(certificate.key, certificate.chain)])
            bound = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        remedy = "Stop what listens there, or choose another port (0 takes a free one); each agent has one of its own."
        raise ServeError(f"gRPC cannot listen on {address}.", remedy=remedy) from error
    await server.start()
    try:
        yield bound
    finally:
        await server.stop(grace_seconds)

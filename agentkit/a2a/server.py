"""An agent as an A2A server, 1.0 and 0.3 at the same addresses: its card, JSON-RPC and HTTP+JSON."""

from __future__ import annotations

from collections.abc import Sequence

from a2a.types import AgentCard
from a2a.utils.errors import MethodNotFoundError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.card import RPC_PATH, VERSIONS, build_card
from agentkit.a2a.endpoint import Served
from agentkit.a2a.faults import rest_error
from agentkit.a2a.operations import Offers, Operations
from agentkit.a2a.published import card_route
from agentkit.a2a.reception import Extensions
from agentkit.a2a.rest import rest_routes
from agentkit.a2a.rpc import RpcEndpoint
from agentkit.a2a.security import OPEN, Entrance, Gate
from agentkit.a2a.signing import CardSigner
from agentkit.compose import Agent
from agentkit.errors import SpecError
from agentkit.tasks import TaskService


def a2a_routes(
    agent: Agent,
    service: TaskService,
    *,
    url: str,
    card: AgentCard | None = None,
    agent_id: str | None = None,
    gate: Gate | None = None,
    offers: Offers | None = None,
    versions: Sequence[str] = VERSIONS,
    signer: CardSigner | None = None,
) -> Sequence[BaseRoute]:
    """The routes of an agent, relative to its URL; mount them where `url` points to.

    Args:
        agent: What is served.
        service: Keeps and runs its tasks; the caller recovers and closes it.
        url: The public address, for the card.
        card: Another card than `build_card` makes.
        agent_id: Under which id its tasks are kept; its name by default.
        gate: Names the caller and counts; None lets in everybody as one anonymous owner.
        offers: Push notifications, an extended card, and how much one request may bring.
        versions: The versions of A2A that are spoken, `1.0` and `0.3` or one of them (A2A-VER-07).
        signer: Signs the card (A2A-SIG-01); None leaves it unsigned.

    Raises:
        SpecError: There is no such version.
    """
    gate = gate or OPEN
    served, card = served_agent(
        agent, service, url=url, card=card, agent_id=agent_id, gate=gate, offers=offers, versions=versions
    )
    rpc = Entrance(gate, RpcEndpoint(served))
    return [
        Route(RPC_PATH, rpc, methods=["POST"]),
        Route(f"{RPC_PATH}/", rpc, methods=["POST"]),
        card_route(card, signer),
        *rest_routes(served, gate),
    ]


def a2a_app(
    agent: Agent,
    service: TaskService,
    *,
    url: str,
    card: AgentCard | None = None,
    agent_id: str | None = None,
    gate: Gate | None = None,
    offers: Offers | None = None,
    versions: Sequence[str] = VERSIONS,
    signer: CardSigner | None = None,
) -> Starlette:
    """An app that serves one agent and nothing else; see `a2a_routes` for the arguments."""
    routes = a2a_routes(
        agent,
        service,
        url=url,
        card=card,
        agent_id=agent_id,
        gate=gate,
        offers=offers,
        versions=versions,
        signer=signer,
    )
    app = Starlette(routes=list(routes), exception_handlers={HTTPException: _no_such_route})
    app.router.redirect_slashes = False
    return app


class DirectApp(Starlette):
    """A host that finds where JSON-RPC goes by the whole path: `rpc` of its lifespan's state.

    Every other request passes the routers of the host, of its agents and of the one agent, each with its layers, which
    together are a tenth of a short turn.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        rpc: ASGIApp | None = None
        if scope["type"] == "http" and scope["method"] == "POST" and not scope.get("root_path"):
            rpc = scope.get("state", {}).get("rpc", {}).get(scope["path"])
        await (super().__call__ if rpc is None else rpc)(scope, receive, send)


def rpc_endpoints(host: Starlette) -> dict[str, ASGIApp]:
    """Where the agents of a host take JSON-RPC, by path."""
    agents = [mount for mount in host.routes if isinstance(mount, Mount)]
    found = [(mount.path, route) for mount in agents for route in mount.routes if isinstance(route, Route)]
    return {path + route.path: route.app for path, route in found if route.path == RPC_PATH}


def served_agent(
    agent: Agent,
    service: TaskService,
    *,
    url: str,
    card: AgentCard | None,
    agent_id: str | None,
    gate: Gate,
    offers: Offers | None,
    versions: Sequence[str],
) -> tuple[Served, AgentCard]:
    """What the bindings share, and the card; see `a2a_routes` for the arguments.

    Raises:
        SpecError: The card or a version does not fit.
    """
    _check_versions(versions)
    offers = offers or Offers()
    if card is None:
        card = build_card(
            agent,
            url=url,
            security=gate.security,
            versions=versions,
            push=offers.push is not None,
            extended=offers.extended_card is not None,
        )
    operations = Operations(agent, service, card, agent_id=agent_id or agent.name, offers=offers)
    return Served(agent.name, operations, Extensions(card), tuple(versions)), card


def _check_versions(versions: Sequence[str]) -> None:
    unknown = [version for version in versions if version not in VERSIONS]
    if unknown or not versions:
        raise SpecError("versions", "names no version of A2A", remedy=f"Choose from {', '.join(VERSIONS)}.")


async def _no_such_route(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = error.headers if isinstance(error, HTTPException) else None
    body = rest_error(MethodNotFoundError("There is no such operation at this address", {"http_status": status}))
    return JSONResponse(body, status_code=status, headers=headers)

"""An agent as an A2A 1.0 server: its card, JSON-RPC and HTTP+JSON over the task service."""

from __future__ import annotations

from collections.abc import Sequence

from a2a.types import AgentCard
from a2a.utils.errors import MethodNotFoundError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agentkit.a2a.card import BEARER_SCHEME, RPC_PATH, build_card, card_route
from agentkit.a2a.endpoint import Served
from agentkit.a2a.faults import rest_error
from agentkit.a2a.operations import Operations
from agentkit.a2a.reception import MAX_BODY, Extensions
from agentkit.a2a.rest import rest_routes
from agentkit.a2a.rpc import RpcEndpoint
from agentkit.a2a.security import Authenticate
from agentkit.compose import Agent
from agentkit.tasks import TaskService


def a2a_routes(
    agent: Agent,
    service: TaskService,
    *,
    url: str,
    card: AgentCard | None = None,
    agent_id: str | None = None,
    authenticate: Authenticate | None = None,
    max_body: int = MAX_BODY,
) -> Sequence[BaseRoute]:
    """The routes of an agent, relative to its URL; mount them where `url` points to.

    Args:
        agent: What is served.
        service: Keeps and runs its tasks; the caller recovers and closes it.
        url: The public address, for the card.
        card: Another card than `build_card` makes.
        agent_id: Under which id its tasks are kept; its name by default.
        authenticate: Names the caller; None lets everybody in as one anonymous owner.
        max_body: Largest request body in bytes.
    """
    if card is None:
        card = build_card(agent, url=url, security_schemes=None if authenticate is None else BEARER_SCHEME)
    operations = Operations(agent, service, card, agent_id=agent_id or agent.name)
    served = Served(agent.name, operations, Extensions(card), authenticate, max_body)
    rpc = RpcEndpoint(served)
    return [
        Route(RPC_PATH, rpc, methods=["POST"]),
        Route(f"{RPC_PATH}/", rpc, methods=["POST"]),
        card_route(card),
        *rest_routes(served),
    ]


def a2a_app(
    agent: Agent,
    service: TaskService,
    *,
    url: str,
    card: AgentCard | None = None,
    agent_id: str | None = None,
    authenticate: Authenticate | None = None,
    max_body: int = MAX_BODY,
) -> Starlette:
    """An app that serves one agent and nothing else; see `a2a_routes` for the arguments."""
    routes = a2a_routes(
        agent, service, url=url, card=card, agent_id=agent_id, authenticate=authenticate, max_body=max_body
    )
    app = Starlette(routes=list(routes), exception_handlers={HTTPException: _no_such_route})
    app.router.redirect_slashes = False
    return app


async def _no_such_route(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = error.headers if isinstance(error, HTTPException) else None
    body = rest_error(MethodNotFoundError("There is no such operation at this address"))
    return JSONResponse(body, status_code=status, headers=headers)

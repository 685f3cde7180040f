"""The platform as a Starlette application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentkit.platform.problems import Endpoint, answer_error
from agentkit.platform.realm.directory import register_clients
from agentkit.platform.realm.routes import login_routes
from agentkit.platform.services import STATE, Services, open_services, services_of
from agentkit.platform.settings import PlatformSettings
from agentkit.platform.v1 import agents, messages
from agentkit.platform.v1.gate import Route as V1Route
from agentkit.platform.v1.gate import authenticated

_ROOTS: Final = ("/agents", "/v2/agents")
"""Where v1 lies: the SDKs' place and that of the documentation's quick start (LOC-03, CON-01)."""


def create_platform(settings: PlatformSettings | None = None) -> Starlette:
    """A local Corti-compatible platform: token endpoint and the v1 API.

    The database is opened when the application starts and closed when it ends.

    Args:
        settings: None takes the defaults for development.
    """
    settings = settings or PlatformSettings()
    clients = register_clients(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[dict[str, Services], None]:
        async with open_services(settings, clients) as services:
            yield {STATE: services}

    return Starlette(
        routes=[
            Route("/health", _health, methods=["GET"]),
            *(route for root in _ROOTS for route in _v1_routes(root)),
            *login_routes(),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: answer_error},
    )


def _v1_routes(root: str) -> list[Route]:
    table: dict[str, dict[str, V1Route]] = {
        "": {"GET": agents.page, "POST": agents.create},
        "/registry/experts": {"GET": agents.registry},
        "/{agent}": {"GET": agents.get, "PATCH": agents.update, "DELETE": agents.delete},
        "/{agent}/agent-card.json": {"GET": agents.card},
        "/{agent}/v1/message:send": {"POST": messages.send},
        "/{agent}/v1/tasks/{task}": {"GET": messages.task},
        "/{agent}/v1/contexts/{context}": {"GET": messages.context, "DELETE": messages.delete_context},
    }
    return [Route(root + path, _by_method(routes), methods=list(routes)) for path, routes in table.items()]


def _by_method(routes: Mapping[str, V1Route]) -> Endpoint:
    """One endpoint for a path, so that a 405 names all of its methods."""
    endpoints = {method: authenticated(route) for method, route in routes.items()}

    async def endpoint(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return endpoint


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})

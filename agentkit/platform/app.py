"""The platform as a Starlette application."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentkit.platform.faults.injection import FaultInjector
from agentkit.platform.housekeeping import HOUSEKEEPING, Punctual
from agentkit.platform.methods import ByMethod
from agentkit.platform.openapi.documents import openapi_routes
from agentkit.platform.planes import Plane
from agentkit.platform.problems import answer_error
from agentkit.platform.realm.directory import register_clients
from agentkit.platform.realm.routes import login_routes
from agentkit.platform.realm.routes import refused as login_refused
from agentkit.platform.services import STATE, open_services
from agentkit.platform.settings import PlatformSettings
from agentkit.platform.turnstile import Turnstile
from agentkit.platform.v1 import agents, messages, rpc
from agentkit.platform.v1.gate import Route as V1Route
from agentkit.platform.v1.gate import authenticated
from agentkit.platform.v2.entrance import refused
from agentkit.platform.v2.problems import answer_problem
from agentkit.platform.v2.routes import v2_routes

_ALIAS: Final = "/v2/agents"
"""Where v1 lies, too: the documentation's quick start looks for it there (LOC-03, CON-01)."""

_METHODS: Final = ("GET", "POST", "PATCH", "DELETE")
_SHOWN_TO_PAGES: Final = ("Location", "WWW-Authenticate", "Retry-After", "X-RateLimit-Reset", "A2A-Version")
"""Headers of answers that a script may read."""

_ANSWERS: Final = {
    Plane.V1: answer_error,
    Plane.MANAGEMENT: answer_problem,
    Plane.A2A: refused,
    Plane.LOGIN: login_refused,
}
"""How each plane answers an error of the routing."""


def create_platform(settings: PlatformSettings | None = None) -> Starlette:
    """A local Corti-compatible platform: token endpoint, v1 and v2.

    The database is opened when the application starts and closed when it ends.

    Args:
        settings: None takes the defaults for development.
    """
    settings = settings or PlatformSettings()
    clients = register_clients(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[dict[str, object], None]:
        async with open_services(settings, clients) as services:
            yield {STATE: services, HOUSEKEEPING: services.housekeeping}

    app = Starlette(
        routes=[
            Route("/health", _health, methods=["GET"]),
            *_v1_routes("/agents"),
            *v2_routes(),
            *_v1_routes(_ALIAS),
            *openapi_routes(settings.url.rstrip("/")),
            *login_routes(),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: _answer_unrouted},
        middleware=[
            *_for_pages(settings.origins),
            Middleware(Turnstile, limits=settings.traffic),
            *([] if settings.faults is None else [Middleware(FaultInjector, faults=settings.faults)]),
            Middleware(Punctual),
        ],
    )
    # A redirect would have no JSON body (SDKC-05), and lead to whatever the Host of the request says.
    app.router.redirect_slashes = False
    return app


def _for_pages(origins: tuple[str, ...]) -> list[Middleware]:
    """What lets scripts of these web pages call the platform; the outermost layer, so that they hear of a 429, too.

    No cookies: a bearer is what counts, and the sign-in's form is for no script.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=("*",),
            expose_headers=_SHOWN_TO_PAGES,
            allow_private_network=True,
        )
    ]


def _v1_routes(root: str) -> list[Route]:
    """The busiest address first: routes are tried one after the other."""
    table: dict[str, dict[str, V1Route]] = {
        "/{agent}/v1/message:send": {"POST": messages.send},
        "": {"GET": agents.page, "POST": agents.create},
        "/registry/experts": {"GET": agents.registry},
        "/{agent}": {"GET": agents.get, "PATCH": agents.update, "DELETE": agents.delete},
        "/{agent}/agent-card.json": {"GET": agents.card},
        "/{agent}/v1": {"POST": rpc.call_method},
        "/{agent}/v1/tasks/{task}": {"GET": messages.task},
        "/{agent}/v1/contexts/{context}": {"GET": messages.context, "DELETE": messages.delete_context},
    }
    return [
        Route(
            root + path,
            ByMethod({method: authenticated(route) for method, route in methods.items()}),
            methods=list(methods),
        )
        for path, methods in table.items()
    ]


async def _answer_unrouted(request: Request, error: Exception) -> Response:
    """The answer where there is no such address, or not by this method, as the plane in question spells errors."""
    return await _ANSWERS[Plane.of(str(request.scope["path"]))](request, error)


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})

"""`agentkit serve authorization-server`: tokens for MCP servers that run on their own."""

from __future__ import annotations

import shlex
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from agentkit.errors import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from starlette.applications import Starlette

NAME: Final = "authorization-server"
"""What it is called on the command line, and its database in the data folder."""


def issuer_app(url: str, database: str) -> Starlette:
    """An authorization server that keeps clients and keys in a database; `agentkit clients` changes them meanwhile.

    Args:
        url: Its identifier; the routes lie at its path.
        database: Its database.

    Raises:
        ConfigurationError: The address cannot be an issuer, or nobody would send a secret there: it is plain http and
            not on this machine.
        StorageError: The database is none of SQLite.
    """
    from starlette.applications import Starlette  # here, because `--help` needs none of them
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    from agentkit.oauth import IssuerStore, authorization_server
    from agentkit.oauth.exchange import check_secure

    try:
        check_secure(url, "issuer", loopback=True)
    except AuthenticationError:
        remedy = "Give --public-url https://NAME: where clients reach it through what ends TLS."
        raise ConfigurationError("issuer", "is no https address without a user in it", remedy=remedy) from None
    store = IssuerStore(database)

    async def health(request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok"})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        del app
        async with store:
            await store.keys.load()
            yield

    routes = authorization_server(url, store.keys, store.clients, lifetime=store.lifetime, revoked=store.revoked)
    return Starlette(routes=[*routes, Route("/health", health, methods=["GET"])], lifespan=lifespan)


def issuer_lines(url: str, database: str, *, given: bool) -> list[str]:
    """What to tell the person who starts it: where it is, and what comes next.

    Args:
        url: Its identifier.
        database: Its database.
        given: The database is another than commands take by themselves.
    """
    where = f" --database {shlex.quote(database)}" if given else ""
    return [
        f"{'issuer':<16} {url}  clients and keys in {database}",
        f"Register a client:  agentkit clients add ID --scope ehr --resource URL-OF-THE-MCP-SERVER{where}",
        f"Protect a server:   agentkit serve ehr --auth oauth2.0 --issuer {url}",
        f"Checking server:    agentkit clients add ID --serves URL-OF-THE-MCP-SERVER{where}",
        "Revocable tokens:   add --introspection-client @FILE, which holds its ID:SECRET",
    ]

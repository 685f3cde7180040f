"""Are the servers fit to be experts', before the experts go into an agent? `--verify` of `agentkit experts apply`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentkit.cli.connection import read_credentials
from agentkit.cli.text import counted
from agentkit.credentials import ClientCredentials, Credentials, Token
from agentkit.errors import ConfigurationError, SpecError
from agentkit.specs import Authorization, ExpertSpec, McpServerSpec

if TYPE_CHECKING:
    from agentkit.mcp import McpAuth, VerificationReport


def given(tokens: Sequence[str], clients: Sequence[str], *, verify: bool) -> Credentials:
    """The credentials to verify with.

    Raises:
        ConfigurationError: Nothing is verified, so they would not be used: nobody registers a credential.
    """
    if (tokens or clients) and not verify:
        option = "--token" if tokens else "--client"
        remedy = "Give it with the first message of a conversation: agentkit chat AGENT " + option
        raise ConfigurationError(option, "is for --verify; no credential is registered", remedy=remedy)
    return read_credentials(tokens, clients)


def require_fit(specs: Sequence[ExpertSpec], credentials: Credentials) -> list[str]:
    """Check the servers of experts where they are.

    Returns:
        A line for each.

    Raises:
        SpecError: One is not fit; it names what is wrong.
        ConfigurationError: A server wants a credential that was not given.
    """
    servers = [server for spec in specs for server in spec.servers]
    return [_told(server, _report(server, _credential(server, credentials))) for server in servers]


def _report(server: McpServerSpec, credential: McpAuth | None) -> VerificationReport:
    from agentkit.mcp import verify_server

    return asyncio.run(verify_server(server.url, auth=server.authorization, credential=credential))


def _told(server: McpServerSpec, report: VerificationReport) -> str:
    if report.fit:
        warnings = counted(len(report.warnings), "warning")
        return f"verified {server.name}: fit to be an expert's server, {warnings}"
    first, more = report.errors[0], len(report.errors) - 1
    others = f", and {more} more" if more else ""
    raise SpecError(
        server.name,
        f"is not fit to be an expert's server: {first.text.rstrip('.')}{others}",
        remedy=f"See all of it: agentkit experts verify {server.url} --auth {server.authorization.value}",
    )


def _credential(server: McpServerSpec, credentials: Credentials) -> McpAuth | None:
    from agentkit.mcp import ApiKey, BearerToken, OAuthClientCredentials

    name, found = server.name.strip(), credentials.get(server.name)
    match server.authorization:
        case Authorization.NONE:
            return None
        case Authorization.OAUTH2:
            if not isinstance(found, ClientCredentials):
                raise _missing("--client", f"{name}=ID:SECRET", name)
            return OAuthClientCredentials(found.client_id, found.client_secret, server.scope)
        case Authorization.BEARER | Authorization.INHERIT | Authorization.API_KEY:
            if not isinstance(found, Token):
                raise _missing("--token", f"{name}=TOKEN", name)
            return ApiKey(found.token) if server.authorization is Authorization.API_KEY else BearerToken(found.token)


def _missing(option: str, form: str, server: str) -> ConfigurationError:
    remedy = f"Give {option} {form} (also @FILE or env:NAME); it is used to verify and not registered."
    return ConfigurationError(option, f"is missing: --verify needs it for {server}", remedy=remedy)

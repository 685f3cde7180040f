"""`agentkit experts verify`: is a server fit to be an expert's? A report for people, JSON for programs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Annotated, cast

import typer

from agentkit.cli.connection import read_assignment, read_pair, read_secret
from agentkit.cli.report_text import show_report
from agentkit.cli.text import one_line
from agentkit.errors import AgentKitError, ConfigurationError
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from agentkit.mcp import McpAuth, Thresholds
    from agentkit.models import JsonObject


def verify(
    url: Annotated[str, typer.Argument(help="The server's address, exactly as it is to be registered.")],
    auth: Annotated[Authorization, typer.Option(help="As what the server is to be registered.")] = Authorization.BEARER,
    token: Annotated[
        str | None,
        typer.Option(envvar="AGENTKIT_TOKEN", help="Token (bearer, inherit) or key (apiKey); also @FILE or env:NAME."),
    ] = None,
    client: Annotated[
        str | None,
        typer.Option(
            envvar="AGENTKIT_CLIENT", metavar="ID:SECRET", help="Client for oauth2.0; also @FILE or env:NAME."
        ),
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="The only authorization server the secret may go to.")
    ] = None,
    scope: Annotated[str | None, typer.Option(help="Scopes to ask for; default: what the server asks for.")] = None,
    call: Annotated[
        list[str] | None, typer.Option(metavar="TOOL=JSON", help="Call a tool with these arguments; repeatable.")
    ] = None,
    call_safe: Annotated[
        bool, typer.Option("--call-safe", help="Call the tools that say they only read and need no argument.")
    ] = False,
    threshold: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="From where on something is a warning, for example call_ms=3000."),
    ] = None,
    request_timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="What one request may take.")
    ] = 10.0,
    time_limit: Annotated[
        float, typer.Option("--limit", min=1.0, metavar="SECONDS", help="What everything may take.")
    ] = 120.0,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
) -> None:
    """Check that an MCP server is fit to be an expert's: exit 0 fit, 1 not fit, 2 misused.

    No tool is run unless --call or --call-safe says so.
    """
    from agentkit.mcp import verify_server  # here, because `--help` needs no MCP

    try:
        report = asyncio.run(
            verify_server(
                url,
                auth=auth,
                credential=_credential(auth, token, client, issuer, scope),
                calls=dict(_call(wanted) for wanted in call or ()),
                call_safe=call_safe,
                thresholds=_thresholds(threshold or ()),
                request_timeout=request_timeout,
                time_limit=time_limit,
            )
        )
    except AgentKitError as error:  # what a server does is a finding, so this was said by whoever typed it
        raise typer.BadParameter(one_line(str(error))) from None
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        show_report(report, "an expert's server")
    if not (report.strictly_fit if strict else report.fit):
        raise typer.Exit(1)


def _credential(
    auth: Authorization, token: str | None, client: str | None, issuer: str | None, scope: str | None
) -> McpAuth | None:
    from agentkit.mcp import ApiKey, BearerToken, OAuthClientCredentials

    if auth is Authorization.NONE:
        return None
    if auth is Authorization.OAUTH2:
        if client is None:
            raise ConfigurationError(
                "--client", f"is missing: {auth.value} needs it", remedy="Give --client ID:SECRET."
            )
        client_id, secret = read_pair("--client", client)
        return OAuthClientCredentials(client_id, secret, scope, issuer)
    if token is None:
        remedy = "Give --token, or say --auth none for a server that lets everybody in."
        raise ConfigurationError("--token", f"is missing: {auth.value} needs it", remedy=remedy)
    secret = read_secret("--token", token)
    return ApiKey(secret) if auth is Authorization.API_KEY else BearerToken(secret)


def _call(wanted: str) -> tuple[str, JsonObject]:
    tool, text = read_assignment("--call", wanted)
    try:
        arguments: object = json.loads(text)
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise ConfigurationError("--call", "is not of the form TOOL=JSON", remedy="Write arguments as a JSON object.")
    return tool, cast("JsonObject", arguments)


def _thresholds(wanted: list[str] | tuple[str, ...]) -> Thresholds:
    from agentkit.mcp import Thresholds

    known = [field.name for field in fields(Thresholds)]
    changes: dict[str, int] = {}
    for text in wanted:
        name, number = read_assignment("--threshold", text)
        if name not in known or not number.isdecimal():
            remedy = f"Give a whole number for one of {', '.join(known)}."
            raise ConfigurationError("--threshold", "is not of the form NAME=NUMBER", remedy=remedy)
        changes[name] = int(number)
    return replace(Thresholds(), **changes)

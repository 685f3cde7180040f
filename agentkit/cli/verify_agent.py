"""`agentkit agents verify`: is an A2A endpoint fit to be attached to a Corti agent?"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from agentkit.cli.connection import read_secret
from agentkit.cli.report_text import show_report
from agentkit.cli.text import one_line
from agentkit.errors import AgentKitError


def verify_agent(
    url: Annotated[str, typer.Argument(help="The agent's address or that of its card, as it is to be attached.")],
    token: Annotated[
        str | None,
        typer.Option(
            envvar="AGENTKIT_TOKEN",
            help="A bearer token of a caller, which Corti passes on; also @FILE or env:NAME.",
        ),
    ] = None,
    ask: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A harmless text that may be sent to the agent.")
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="Only warn of addresses that Corti cannot reach, while you develop.")
    ] = False,
    request_timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="What one request may take.")
    ] = 30.0,
    time_limit: Annotated[
        float, typer.Option("--limit", min=1.0, metavar="SECONDS", help="What everything may take.")
    ] = 180.0,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
) -> None:
    """Check that an A2A endpoint is fit to be a connector of a Corti agent: exit 0 fit, 1 not fit, 2 misused.

    Nothing is asked of the agent unless --ask says what: all other requests are wrong on purpose.
    """
    from agentkit.a2a.verification import verify_endpoint  # here, because `--help` needs no A2A

    secret = None if token is None else read_secret("--token", token)
    try:
        report = asyncio.run(
            verify_endpoint(
                url, token=secret, ask=ask, local=local, request_timeout=request_timeout, time_limit=time_limit
            )
        )
    except AgentKitError as error:  # what an endpoint does is a finding, so this was said by whoever typed it
        raise typer.BadParameter(one_line(str(error))) from None
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        show_report(report, "a connector of a Corti agent")
    if not (report.strictly_fit if strict else report.fit):
        raise typer.Exit(1)

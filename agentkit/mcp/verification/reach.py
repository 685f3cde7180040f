"""Is there an MCP server at exactly this address? Asked without a credential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from agentkit.mcp.verification.checks import Group, Problem
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.site import Site
from agentkit.mcp.verification.wire import Failure
from agentkit.oauth.exchange import stays_local
from agentkit.specs import Authorization

REACH: Final = Group("reachability")

HOST_REMEDY: Final = (
    "The server does not know the name it is called by, as behind a proxy or tunnel: tell it its public address "
    "(agentkit: --public-url; mcp: allowed_hosts in TransportSecuritySettings)."
)
_ABSENT: Final = frozenset({404, 405, 410})
_NOT_OURS_TO_JUDGE_HERE: Final = frozenset({500, 501})


@REACH.check(
    "reach.url",
    "The address is one that credentials may be sent to",
    "Serve https, and keep everything secret out of the address.",
    "V2-AUTH-01",
)
async def url(site: Site) -> Sequence[Problem]:
    """Https, and no query that could hold a secret."""
    parts = urlsplit(site.url)
    problems: list[Problem] = []
    if parts.scheme != "https" and not stays_local(site.url):
        severity = Verdict.WARNING if site.authorization is Authorization.NONE else Verdict.ERROR
        problems.append(Problem("plain http: everybody on the way reads what is sent", severity=severity))
    if parts.query or parts.fragment:
        text = "the address has a query or a fragment; addresses are logged everywhere"
        problems.append(Problem(text, severity=Verdict.WARNING))
    return problems


@REACH.check("reach.dns", "The name is known", "Check the name, and the DNS of this network.")
async def dns(site: Site) -> Sequence[Problem]:
    """Knock for the first time."""
    site.seen.naked = await site.knock()
    if site.seen.naked.failure is Failure.DNS:
        return [Problem(f"the name {site.quoted(urlsplit(site.url).hostname)} has no address")]
    return []


@REACH.check(
    "reach.connect",
    "The server takes connections",
    "Check that the server runs, its port, and firewalls between.",
    needs=("reach.dns",),
)
async def connect(site: Site) -> Sequence[Problem]:
    """A connection was made."""
    return [Problem("no connection could be made")] if site.seen.naked.failure is Failure.CONNECT else []


@REACH.check(
    "reach.tls",
    "TLS and certificate are good",
    "Serve a certificate that public clients trust, with its intermediates, for exactly this name.",
    needs=("reach.connect",),
)
async def tls(site: Site) -> Sequence[Problem]:
    """TLS came about."""
    match site.seen.naked.failure:
        case Failure.CERTIFICATE:
            return [Problem("the certificate of the server is not trusted")]
        case Failure.TLS:
            return [Problem("TLS failed", remedy="Check that the port speaks https; plain http needs http:// here.")]
        case _:
            return []


@REACH.check(
    "reach.answer",
    "The server answers",
    "Check path and port: this must be the address of the MCP endpoint itself.",
    "MCP-LIM-03",
    needs=("reach.tls",),
)
async def answer(site: Site) -> Sequence[Problem]:
    """Something answered that may be an MCP server."""
    naked = site.seen.naked
    if naked.failure is not None:
        return [Problem(f"the answer to a handshake was {naked.says}")]
    status = naked.status or 0
    if status in _ABSENT:
        return [Problem(f"HTTP {status}: there is no MCP server at this path")]
    open_to_all = site.authorization is Authorization.NONE
    if status >= 500 and (open_to_all or status not in _NOT_OURS_TO_JUDGE_HERE):
        return [Problem(f"HTTP {status}: the server, or a proxy before it, is broken")]
    return []


@REACH.check(
    "reach.redirect",
    "The address leads there without redirect",
    "Register the address that the server itself answers at; clients take no credential along.",
    "MCP-HOST-03",
    "MCP-LIM-09",
    needs=("reach.answer",),
)
async def redirect(site: Site) -> Sequence[Problem]:
    """No redirect, not even to a slash."""
    naked = site.seen.naked
    if naked.status is None or not 300 <= naked.status < 400:
        return []
    target = naked.headers.get("location", "")
    return [Problem(f"HTTP {naked.status} redirects to {site.quoted(target, 120)}")]


@REACH.check(
    "reach.host", "The server knows its public name", HOST_REMEDY, "MCP-HOST-05", "MCP-COR-06", needs=("reach.answer",)
)
async def host(site: Site) -> Sequence[Problem]:
    """No 421 for the name in the address."""
    if site.seen.naked.status != 421:
        return []
    return [Problem(f"HTTP 421: the server does not answer to the name {site.quoted(urlsplit(site.url).netloc)}")]


@REACH.check(
    "reach.rebinding",
    "Names of others are refused",
    "Let the server check Host and Origin: a web page can otherwise use it through its reader's browser.",
    "MCP-AUTH-01",
    "MCP-LIM-01",
    warning=True,
    needs=("reach.host", "reach.redirect"),
    only=frozenset({Authorization.NONE}),
)
async def rebinding(site: Site) -> Sequence[Problem]:
    """A foreign Host and a foreign Origin are refused where no credential protects."""
    problems: list[Problem] = []
    for header, value in (("host", "rebinding.invalid"), ("origin", "https://rebinding.invalid")):
        if (await site.knock({header: value})).result is not None:
            problems.append(Problem(f"a foreign {header.title()} is let in"))
    return problems

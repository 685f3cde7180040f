"""Who is let in, and what the others are told. The right credential is only sent the way a client sends it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import Final

from agentkit.mcp.verification.checks import Group, Problem, Skip
from agentkit.mcp.verification.reach import HOST_REMEDY
from agentkit.mcp.verification.rpc import ask_modern, post, request
from agentkit.mcp.verification.site import JUNK_TOKEN, Site
from agentkit.mcp.verification.wire import Answer
from agentkit.models import JsonObject
from agentkit.oauth.discovery import Challenge, resource_metadata_addresses
from agentkit.specs import Authorization

PROTECTED: Final = frozenset(Authorization) - {Authorization.NONE}
BEARERS: Final = PROTECTED - {Authorization.API_KEY}
_REMEDY_401: Final = "Answer 401 with WWW-Authenticate: Bearer; Corti turns that into the state auth-required."

REFUSALS: Final = Group("authorization", needs=("auth.no-credential",), only=PROTECTED)
ENTRY: Final = Group("authorization", needs=("auth.entry",))

_TRACE: Final = re.compile(
    r"Traceback \(most recent call last\)|File \"[^\"]{1,300}\", line \d|\.py:\d+\)?"
    r"|\bat [\w.$<> ]{1,100} \([^)\s]{0,200}:\d{1,6}:\d{1,6}\)"
    r"|(?:java|kotlin)\.\w{1,100}\.\w{0,100}(?:Exception|Error)|goroutine \d+ \["
)
"""What stack traces look like in Python, JavaScript, Java and Go."""

_LOOKED_AT: Final = 20_000
"""Characters of an answer in which one is looked for: a hostile server sends millions that nearly look like one."""


@REFUSALS.check(
    "auth.no-credential",
    "Without a credential the answer is 401",
    _REMEDY_401,
    "MCP-COR-02",
    "MCPAUTH-06",
    needs=("reach.redirect", "reach.host"),
)
async def no_credential(site: Site) -> Sequence[Problem]:
    """Neither let in nor anything else than 401."""
    naked = site.seen.naked
    if naked.status == 401:
        return []
    if naked.result is not None:
        return [Problem("everybody is let in: a handshake without credential succeeded")]
    return [Problem(f"a handshake without credential was answered with {naked.says}")]


@REFUSALS.check(
    "auth.challenge",
    "The 401 asks for a bearer token",
    _REMEDY_401,
    "MCP-COR-02",
    only=BEARERS,
)
async def challenge(site: Site) -> Sequence[Problem]:
    """`WWW-Authenticate: Bearer`."""
    header = site.seen.naked.headers.get("www-authenticate", "")
    if not re.search(r"(?:^|,)\s*bearer\b", header, re.IGNORECASE):
        return [Problem("the 401 has no WWW-Authenticate: Bearer")]
    site.seen.challenge = Challenge.parse(header)
    return []


@REFUSALS.check(
    "auth.every-request",
    "Every kind of request is asked for a credential",
    "Let the check stand before the whole endpoint: every method, both protocol eras.",
    "MCP-COR-02",
    "MCP-ERA-01",
)
async def every_request(site: Site) -> Sequence[Problem]:
    """Not only the handshake."""
    listing = request("tools/list")
    version = {"mcp-protocol-version": "2025-11-25"}
    posts = {
        "tools/list": await post(site.wire, site.url, listing, version),
        "tools/list of the newer era": await ask_modern(site.wire, site.url, "tools/list", None, {}),
    }
    others = {
        "GET": await site.wire.send("GET", site.url, {"accept": "text/event-stream"}, whole=False),
        "DELETE": await site.wire.send("DELETE", site.url),
    }
    problems = [Problem(f"{what} was answered with {got.says}") for what, got in posts.items() if got.status != 401]
    problems += [
        Problem(f"{what} was answered with {got.says}")
        for what, got in others.items()
        if got.status is None or not 400 <= got.status < 500
    ]
    return problems


@REFUSALS.check("auth.wrong-token", "A wrong credential is answered with 401", _REMEDY_401, "MCP-COR-02", "MCPAUTH-06")
async def wrong_token(site: Site) -> Sequence[Problem]:
    """A token that nobody issued."""
    return _not_refused("a credential that does not exist", await _refusal(site, "wrong", site.headers_for(JUNK_TOKEN)))


@REFUSALS.check(
    "auth.wrong-token-code",
    "A wrong token is told from a missing one",
    'Say error="invalid_token" in the challenge (RFC 6750), so that clients fetch a new token.',
    "MCP-AUTH-03",
    warning=True,
    needs=("auth.wrong-token", "auth.challenge"),
    only=BEARERS,
)
async def wrong_token_code(site: Site) -> Sequence[Problem]:
    """`error="invalid_token"`."""
    found = Challenge.parse(site.seen.refusals["wrong"].headers.get("www-authenticate")).error
    return [] if found == "invalid_token" else [Problem("the challenge does not say invalid_token")]


@REFUSALS.check(
    "auth.malformed",
    "A malformed Authorization is refused",
    "Take `Authorization: Bearer <token>` only; answer all else with 401 (400 where it cannot be read).",
    "MCP-AUTH-10",
    only=BEARERS,
)
async def malformed(site: Site) -> Sequence[Problem]:
    """Other schemes, no token, two tokens."""
    basic = base64.b64encode(f"user:{JUNK_TOKEN}".encode()).decode()
    forms = {
        "a scheme without token": "Bearer",
        "the scheme Basic": f"Basic {basic}",
        "a token without scheme": JUNK_TOKEN,
        "two tokens": f"Bearer {JUNK_TOKEN} {JUNK_TOKEN}",
    }
    problems: list[Problem] = []
    for what, value in forms.items():
        answer = await _refusal(site, what, {"authorization": value})
        problems += [] if answer.status == 400 else _not_refused(what, answer)
    return problems


@REFUSALS.check(
    "auth.error-body",
    "Refusals tell nothing",
    "Answer a refusal with a fixed text: no token that was sent, no stack trace.",
    "MCP-AUTH-10",
)
async def error_body(site: Site) -> Sequence[Problem]:
    """Neither what was sent nor how the server is made."""
    problems: list[Problem] = []
    for what, answer in {"no credential": site.seen.naked, **site.seen.refusals}.items():
        text = answer.body.decode("utf-8", "replace")
        if JUNK_TOKEN in text or any(JUNK_TOKEN in value for value in answer.headers.values()):
            problems.append(Problem(f"the answer to {_told(what)} repeats the token"))
        if holds_trace(text):
            problems.append(Problem(f"the answer to {_told(what)} holds a stack trace"))
    return problems


@ENTRY.check(
    "auth.entry",
    "Who is meant to come in is let in",
    "Check that the credential is the server's, and that its clock and its keys are right.",
    "MCP-COR-01",
    "MCP-COR-02",
    "MCP-COR-04",
    needs=("reach.redirect", "reach.host"),
)
async def entry(site: Site) -> Sequence[Problem]:
    """The right credential, or none where none is wanted, opens the server."""
    if site.authorization is Authorization.NONE:
        answer, who = site.seen.naked, "a handshake without credential"
    else:
        if site.token is None:
            raise Skip("there is no token to try: see the token endpoint")
        answer, who = await site.knock(site.credentials), "a handshake with the credential"
    if answer.status == 421:
        return [Problem(f"{who} was answered with {answer.says}", remedy=HOST_REMEDY)]
    if answer.status in {401, 403} and site.authorization is Authorization.NONE:
        remedy = "Register it as what it is: --auth bearer, inherit, apiKey or oauth2.0."
        return [Problem(f"the server asks for a credential (HTTP {answer.status})", remedy=remedy)]
    return [Problem(f"{who} was answered with {answer.says}")] if answer.status in {401, 403} else []


@ENTRY.check(
    "auth.none",
    "Callers are known",
    "Serve patient data with bearer, inherit or oauth2.0 only.",
    "MCP-AUTH-01",
    warning=True,
    only=frozenset({Authorization.NONE}),
)
async def open_to_all(site: Site) -> Sequence[Problem]:
    """A reminder."""
    del site
    return [Problem("everybody who reaches the server may call its tools")]


@ENTRY.check(
    "auth.query",
    "A token in the address is not looked at",
    "Take tokens from the header only: addresses are logged everywhere.",
    "V2-AUTH-01",
    "MCP-LOG-05",
    only=BEARERS,
)
async def query(site: Site) -> Sequence[Problem]:
    """A wrong token in the query changes nothing; the right one is never put there."""
    address = f"{site.url}{'&' if '?' in site.url else '?'}access_token={JUNK_TOKEN}"
    alone = await site.knock(url=address)
    if alone.status not in {400, 401}:
        return [Problem(f"a token in the address only was answered with {alone.says}")]
    beside = await site.knock(site.credentials, url=address)
    if beside.status in {400, 401, 403}:
        return [Problem("a wrong token in the address spoils the right one in the header: it is read")]
    return []


@ENTRY.check(
    "auth.forged",
    "Forged tokens are refused",
    "Check the signature with the issuer's keys and a fixed list of algorithms.",
    "MCP-AUTH-03",
    "MCP-AUTH-10",
    only=BEARERS,
)
async def forged(site: Site) -> Sequence[Problem]:
    """A JWT without signature, and one signed with a key of ours."""
    issuer = site.seen.issuer.issuer if site.seen.issuer else "https://issuer.invalid"
    problems: list[Problem] = []
    for algorithm in ("none", "HS256"):
        token = _forge(algorithm, issuer, site)
        answer = await site.knock(site.headers_for(token))
        problems += _not_refused(f"a forged token (alg {algorithm})", answer)
    return problems


@ENTRY.check(
    "auth.metadata",
    "No metadata leads clients astray",
    "Serve protected-resource metadata for a server with OAuth only, about this very address.",
    "MCP-AUTH-02",
    only=frozenset(Authorization) - {Authorization.OAUTH2},
)
async def metadata(site: Site) -> Sequence[Problem]:
    """A server without OAuth need not say how to get a token; what it says must be true."""
    named = site.seen.challenge.resource_metadata
    address = resource_metadata_addresses(site.url)[0]
    document = (await site.wire.send("GET", address, {"accept": "application/json"})).message
    if document is None or "resource" not in document:
        return [Problem("the challenge names metadata, and there are none")] if named else []
    if site.authorization is Authorization.NONE:
        return [Problem("the server publishes OAuth metadata, although everybody is let in")]
    if document.get("resource") != site.url:
        return [Problem("the metadata of the server are about another resource")]
    servers = document.get("authorization_servers")
    return [] if servers else [Problem("the metadata of the server name no authorization server")]


def holds_trace(text: str) -> bool:
    """Whether an answer shows how the server is made."""
    return _TRACE.search(text[:_LOOKED_AT]) is not None


async def _refusal(site: Site, what: str, headers: dict[str, str]) -> Answer:
    answer = site.seen.refusals[what] = await site.knock(headers)
    return answer


def _not_refused(what: str, answer: Answer) -> list[Problem]:
    if answer.status == 401:
        return []
    if answer.result is not None:
        return [Problem(f"{what} is let in")]
    return [Problem(f"{what} was answered with {answer.says}")]


def _told(what: str) -> str:
    return "a wrong token" if what == "wrong" else what


def _forge(algorithm: str, issuer: str, site: Site) -> str:
    scopes = " ".join(site.seen.resource.scopes_supported) if site.seen.resource else ""
    year_2100 = 4_102_444_800
    claims: JsonObject = {"iss": issuer, "aud": site.url, "sub": "verify", "exp": year_2100, "iat": 1, "scope": scopes}
    signed = ".".join(_segment(part) for part in ({"alg": algorithm, "typ": "JWT"}, claims))
    if algorithm == "none":
        return f"{signed}."
    mac = hmac.new(JUNK_TOKEN.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _segment(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

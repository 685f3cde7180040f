"""Who is let in? Corti passes the caller's own bearer token on, and can send nothing else (V2-OBJ-07)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from agentkit.a2a.verification.endpoint import JUNK_TOKEN, Endpoint, EndpointGroup, bearer
from agentkit.mcp.verification.checking import Problem
from agentkit.mcp.verification.wire import Answer
from agentkit.models import Json, JsonObject
from agentkit.specs import Authorization

GATE: Final = EndpointGroup("authorization", needs=("card.version",))

_GUARDED: Final = frozenset({Authorization.INHERIT})
_OPEN: Final = frozenset({Authorization.NONE})
_BEARER_SCHEMES: Final = ("oauth2SecurityScheme", "openIdConnectSecurityScheme")


@GATE.check(
    "auth.declared",
    "The card asks for nothing but what a forwarded bearer token satisfies",
    "Declare http bearer, OAuth2 or OpenID Connect as one of the alternatives in securityRequirements.",
    "A2A-SEC-01",
    "V2-OBJ-07",
)
async def declared(endpoint: Endpoint) -> Sequence[Problem]:
    """One alternative of the requirements can be met by a bearer token alone."""
    document = endpoint.card.document
    alternatives = list(_alternatives(document))
    if not alternatives:
        return []
    schemes = _object(document.get("securitySchemes"))
    if any(all(_takes_bearer(_object(schemes.get(name))) for name in names) for names in alternatives):
        return []
    return [Problem("every alternative needs something that Corti cannot send")]


@GATE.check(
    "auth.required",
    "Nobody is let in without a credential, and a challenge says what is wanted",
    "Answer 401 with WWW-Authenticate before the request is looked at.",
    "A2A-SEC-01",
    only=_GUARDED,
)
async def required(endpoint: Endpoint) -> Sequence[Problem]:
    """401 with a challenge."""
    naked = endpoint.seen.naked = await _knock(endpoint, {})
    if naked.status not in {401, 403}:
        return [Problem(f"without credential the answer is {naked.says}")]
    if naked.status == 403:
        return [Problem("without credential the answer is HTTP 403; 401 says that a credential helps")]
    return [] if naked.headers.get("www-authenticate") else [Problem("the 401 has no WWW-Authenticate")]


@GATE.check(
    "auth.wrong",
    "A token of nobody is refused",
    "Check signature, issuer, audience and expiry of every token.",
    "A2A-SEC-01",
    only=_GUARDED,
)
async def wrong(endpoint: Endpoint) -> Sequence[Problem]:
    """401 for junk."""
    answer = await _knock(endpoint, bearer(JUNK_TOKEN))
    return [] if answer.status == 401 else [Problem(f"a made-up token leads to {answer.says}")]


@GATE.check(
    "auth.let-in",
    "A caller whom Corti sends is let in",
    "Check that the agent trusts the issuer of the caller's token, and its audience.",
    "V2-OBJ-07",
)
async def let_in(endpoint: Endpoint) -> Sequence[Problem]:
    """Neither 401 nor 403 with what Corti would send."""
    answer = await _knock(endpoint, endpoint.credentials)
    if answer.failure is not None:
        return [Problem(f"the answer was {answer.says}")]
    if answer.status not in {401, 403}:
        return []
    if endpoint.token is None:
        remedy = "Verify with --token: Corti passes on the token of whoever asks its agent."
        return [Problem(f"it wants a credential (HTTP {answer.status})", remedy=remedy)]
    return [Problem(f"the token is refused (HTTP {answer.status})")]


@GATE.check(
    "auth.open",
    "The agent is meant for everybody",
    "Require a bearer token, where not everybody may ask and see tasks.",
    "A2A-SEC-02",
    warning=True,
    needs=("auth.let-in",),
    only=_OPEN,
)
async def is_open(endpoint: Endpoint) -> Sequence[Problem]:
    """An open agent cannot tell its callers apart."""
    del endpoint
    return [Problem("everybody is let in, and all callers share their tasks")]


async def _knock(endpoint: Endpoint, headers: dict[str, str]) -> Answer:
    answer = await endpoint.call("GetTask", {"id": "agentkit-verify-no-such-task"}, headers=headers)
    endpoint.took("call", answer.seconds)
    return answer


def _alternatives(document: JsonObject) -> Iterator[list[str]]:
    requirements = document.get("securityRequirements")
    for entry in requirements if isinstance(requirements, list) else []:
        yield list(_object(_object(entry).get("schemes")))


def _takes_bearer(scheme: JsonObject) -> bool:
    http = _object(scheme.get("httpAuthSecurityScheme")).get("scheme")
    return (isinstance(http, str) and http.lower() == "bearer") or any(name in scheme for name in _BEARER_SCHEMES)


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}

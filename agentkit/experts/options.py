"""How an expert is asked directly: what can be chosen, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypedDict, cast

from agentkit.credentials import ClientCredentials, Credential, Token
from agentkit.errors import SpecError
from agentkit.reasoning import Observation, Reasoner, Utterance

if TYPE_CHECKING:
    from agentkit.mcp import McpAuth
    from agentkit.mcp.client.pool import HttpPool

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds a call to a server at an address may take."""


class SessionOptions(TypedDict, total=False):
    """How an expert is asked.

    Attributes:
        reasoner: Decides; the rules, which need no model, where none is given.
        url: The address of its MCP server; left out, the expert's own server is called in this process.
        auth: What authorizes the calls to that address; a `Token` or `ClientCredentials` must name its server.
        http: The connection pool for it, which stays the caller's; left out, the session makes one and closes it.
        timeout: Seconds a call to that address may take; `DEFAULT_TIMEOUT` where nothing is said. In this process the
            limits of the tools are enough.
        max_steps: The most tool calls for one message.
        history: Earlier turns of the conversation, oldest first.
        observations: What tools said in them, oldest first.
    """

    reasoner: Reasoner | None
    url: str | None
    auth: McpAuth | Credential | None
    http: HttpPool | None
    timeout: float
    max_steps: int
    history: Sequence[Utterance]
    observations: Sequence[Observation]


def check_options(options: Mapping[str, object]) -> None:
    """Refuse what could only fail later.

    Raises:
        TypeError: There is no such option.
        SpecError: An option does not fit, or one for an address stands without it.
    """
    for name, value in options.items():
        if name not in SessionOptions.__annotations__:
            raise TypeError(f"an expert is asked without an option {name!r}; known: {', '.join(_KNOWN)}")
        problem = _CHECKS[name](value) if name in _CHECKS else None
        if problem:
            raise SpecError(name, problem)
    if options.get("url") is None:
        for name in ("auth", "http", "timeout"):
            if options.get(name) is not None:
                raise SpecError(name, "is for a server at an address", remedy="Give url=, or leave it out.")


def read_auth(server: str, given: McpAuth | Credential | None) -> McpAuth | None:
    """A credential as clients take it.

    Args:
        server: The name of the server it must be for.
        given: The credential.

    Raises:
        SpecError: It is for another server, or something else.
    """
    from agentkit.mcp import ApiKey, BearerToken, OAuthClientCredentials  # here, because it costs the MCP SDK

    if isinstance(given, Token | ClientCredentials) and given.mcp_name.strip() != server:
        named = given.mcp_name.strip()
        raise SpecError("auth", f"names the MCP server {named!r}; this one is called {server!r}")
    match given:
        case Token(token=token):
            return BearerToken(token)
        case ClientCredentials(client_id=client_id, client_secret=secret):
            return OAuthClientCredentials(client_id, secret)
        case BearerToken() | ApiKey() | OAuthClientCredentials() | None:
            return given
        case _:
            remedy = "Give a Token, ClientCredentials, BearerToken, ApiKey or OAuthClientCredentials."
            raise SpecError("auth", f"is a {type(given).__name__}", remedy=remedy)


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, str) else f"is a {type(value).__name__}; it must be a text"


def _count(value: object) -> str | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return None if fits else "must be a whole number of at least 1"


def _seconds(value: object) -> str | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and value > 0 and math.isfinite(value)
    return None if fits else "must be a number of seconds above 0"


def _reasoner(value: object) -> str | None:
    if isinstance(value, type):
        return f"is the class {value.__name__}; it must be an object of it"
    fits = value is None or callable(getattr(value, "decide", None))
    return None if fits else f"is a {type(value).__name__}; it must be a Reasoner"


def _all(kind: type[object]) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        fits = isinstance(value, Sequence) and all(isinstance(one, kind) for one in cast("Sequence[object]", value))
        return None if fits else f"must be a list of {kind.__name__}"

    return check


_KNOWN: Final = tuple(SessionOptions.__annotations__)
_CHECKS: Final[Mapping[str, Callable[[object], str | None]]] = {
    "reasoner": _reasoner,
    "url": _text,
    "timeout": _seconds,
    "max_steps": _count,
    "history": _all(Utterance),
    "observations": _all(Observation),
}

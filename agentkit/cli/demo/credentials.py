"""Where the credentials of the demonstration were seen, and whether they may be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.cli.demo.stage import ISSUER, PLATFORM, SECRET, SERVERS, TOKEN
from agentkit.errors import AgentKitError
from agentkit.testing.leaks import LeakWatch

SEARCHED: Final = "logs, spans, databases, answers, events, and every other request and response of the servers"
"""What was looked into all the time, beside the places where the credentials belong."""


DATA_PART: Final = "to the platform: DataPart in the first message of a context"
HEADER: Final = "to the MCP server ehr: Authorization header"
EXCHANGE: Final = "to the authorization server: token request"


class Leaked(AgentKitError):
    """A credential was seen where it must not be, or not where it must be."""


@dataclass(frozen=True, slots=True)
class Way:
    """A place where a credential belongs.

    Attributes:
        credential: Its label.
        place: In words.
        times: How often it was seen there.
    """

    credential: str
    place: str
    times: int


def ways(watch: LeakWatch, contexts: int) -> Sequence[Way]:
    """Where the credentials went.

    Args:
        watch: Has seen everything.
        contexts: How many contexts were opened: each must have brought the credentials once.

    Raises:
        Leaked: A credential was seen elsewhere, or not in each of its places.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for (label, place), times in watch.sightings.items():
        kind = _kind(label, place)
        if kind is None:
            raise Leaked(
                f"The {label} was seen where it must not be: {place}.",
                remedy="Please report this; it is a defect of agentkit.",
            )
        seen[label, kind] += times
    expected = [(TOKEN, DATA_PART), (TOKEN, HEADER), (SECRET, DATA_PART), (SECRET, EXCHANGE)]
    blind = next((way for way in expected if not seen[way]), None)
    if blind or any(seen[label, DATA_PART] != contexts for label in (TOKEN, SECRET)):
        raise Leaked("The credentials were not seen where they belong.", remedy="Run agentkit doctor.")
    return [Way(label, kind, seen[label, kind]) for label, kind in expected]


def _kind(label: str, place: str) -> str | None:
    """The place in words, if the credential belongs there."""
    if place.startswith(f"{PLATFORM}: request /agents/") and place.endswith("message:send body"):
        return DATA_PART
    if label == TOKEN and place == f"{SERVERS}: request /ehr/mcp header authorization":
        return HEADER
    at_issuer = place.startswith(f"{ISSUER}: request ")
    in_token_request = place.endswith(("/token header authorization", "/token body"))
    return EXCHANGE if label == SECRET and at_issuer and in_token_request else None

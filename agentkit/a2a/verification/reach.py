"""Is there an agent that Corti can reach, and is its card complete and true?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from agentkit.a2a.remote.card import read_card
from agentkit.a2a.remote.card_source import card_places
from agentkit.a2a.verification.endpoint import SPOKEN_BY_CORTI, Endpoint, EndpointGroup, bearer, why_unreachable
from agentkit.mcp.verification.checking import Problem
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.wire import Answer
from agentkit.models import Json, JsonObject

REACH: Final = EndpointGroup("reachability")
CARD: Final = EndpointGroup("agent card", needs=("reach.card",))

_REQUIRED: Final = (
    "name",
    "description",
    "version",
    "supportedInterfaces",
    "capabilities",
    "defaultInputModes",
    "defaultOutputModes",
    "skills",
)
_SKILL: Final = ("id", "name", "description", "tags")


@REACH.check(
    "reach.url",
    "The address is public and encrypted",
    "Serve https at a public name; Corti's servers ask, not this machine.",
    "V2-OBJ-07",
    "A2A-SEC-03",
)
async def url(endpoint: Endpoint) -> Sequence[Problem]:
    """Https, a public host, no query that could hold a secret."""
    problems: list[Problem] = []
    if (why := why_unreachable(endpoint.url)) is not None:
        problems.append(Problem(f"the address {why}", severity=Verdict.WARNING if endpoint.local else None))
    if urlsplit(endpoint.url).query:
        problems.append(Problem("the address has a query; addresses are logged everywhere", severity=Verdict.WARNING))
    return problems


@REACH.check(
    "reach.card",
    "An agent card is served",
    "Serve the card at /.well-known/agent-card.json below the agent's address.",
    "A2A-CARD-01",
)
async def card(endpoint: Endpoint) -> Sequence[Problem]:
    """A card at the address, below it, or below its host."""
    answer = Answer()
    for place in card_places(endpoint.url):
        answer = await _card_at(endpoint, place)
        endpoint.seen.card_answer, endpoint.seen.card_url = answer, place
        if answer.failure is not None or (answer.status == 200 and answer.message is not None):
            break
    if answer.failure is not None:
        remedy = "Check that the server runs, and that its address is right."
        return [Problem(f"the answer was {answer.says}", remedy=remedy)]
    if answer.status != 200 or answer.message is None:
        return [Problem(f"the answer was {answer.says}, and no card")]
    endpoint.took("card", answer.seconds)
    endpoint.seen.card = read_card("endpoint", answer.message, endpoint.seen.card_url)
    return []


@CARD.check(
    "card.open",
    "The card can be read without credential",
    "Let everybody read the card; what is secret belongs into the extended card.",
    "A2A-CARD-01",
    warning=True,
)
async def is_open(endpoint: Endpoint) -> Sequence[Problem]:
    """Corti reads the card when the connector is made, before there is a caller."""
    naked = await endpoint.wire.send("GET", endpoint.seen.card_url, {"accept": "application/json"})
    return [] if naked.status == 200 else [Problem(f"without credential the answer is {naked.says}")]


@CARD.check("card.fields", "The card has all required fields", "Fill them in.", "A2A-CARD-02")
async def fields(endpoint: Endpoint) -> Sequence[Problem]:
    """Of the card and of its skills."""
    document = endpoint.card.document
    problems = [Problem(f"{name} is missing or empty") for name in _REQUIRED if _is_missing(document, name)]
    skills = document.get("skills")
    for index, skill in enumerate(skills if isinstance(skills, list) else []):
        missing = [name for name in _SKILL if not isinstance(skill, dict) or not skill.get(name)]
        if missing:
            problems.append(Problem(f"skills[{index}] lacks {', '.join(missing)}"))
    return problems


@CARD.check(
    "card.interfaces",
    "All interfaces lie at public, encrypted addresses of the agent's own host",
    "Tell the server its public address (agentkit: --public-url), so that its card names it.",
    "A2A-CARD-03",
)
async def interfaces(endpoint: Endpoint) -> Sequence[Problem]:
    """Behind a proxy, cards often name where the server listens instead of where it is reached."""
    problems: list[Problem] = []
    host = urlsplit(endpoint.seen.card_url).hostname
    for interface in {one.url: one for one in endpoint.card.interfaces}.values():  # versions share addresses
        # The address of gRPC is a host and a port; whether it is encrypted cannot be seen in it.
        address = interface.url if "://" in interface.url else f"https://{interface.url}"
        if (why := why_unreachable(address)) is not None:
            severity = Verdict.WARNING if endpoint.local else None
            problems.append(Problem(f"{endpoint.quoted(interface.url)} {why}", severity=severity))
        elif urlsplit(address).hostname != host:
            text = f"{endpoint.quoted(interface.url)} is on another host than the card"
            problems.append(Problem(text, severity=Verdict.WARNING))
    return problems


@CARD.check(
    "card.version",
    "A2A 1.0 is offered over JSONRPC or HTTP+JSON",
    "Serve A2A 1.0 over JSONRPC; Corti's second generation speaks nothing older.",
    "V2-OBJ-07",
    "A2A-CLI-01",
)
async def version(endpoint: Endpoint) -> Sequence[Problem]:
    """The first interface that Corti speaks is used by all later checks."""
    for interface in endpoint.card.interfaces:
        if interface.dialect in SPOKEN_BY_CORTI:
            endpoint.seen.interface = interface
            return []
    offered = ", ".join(sorted({f"{one.binding} {one.version}" for one in endpoint.card.interfaces}))
    return [Problem(f"offered is only {endpoint.quoted(offered, 200)}")]


@CARD.check(
    "card.extensions",
    "No extension is required",
    "Make it optional: Corti names no extension when it asks.",
    "A2A-EXT-01",
)
async def extensions(endpoint: Endpoint) -> Sequence[Problem]:
    """A required extension keeps everybody out who does not name it."""
    return [Problem(f"{endpoint.quoted(uri, 200)} is required") for uri in sorted(endpoint.card.required_extensions)]


@CARD.check(
    "card.modes",
    "Plain text is taken and given",
    "Add text/plain to the default modes: text is what Corti's orchestrator sends and reads.",
    "A2A-SEND-06",
)
async def modes(endpoint: Endpoint) -> Sequence[Problem]:
    """Both default modes name text."""
    document = endpoint.card.document
    return [
        Problem(f"{name} lacks text/plain")
        for name in ("defaultInputModes", "defaultOutputModes")
        if not any(mode in {"text/plain", "text", "*/*", "text/*"} for mode in _words(document.get(name)))
    ]


@CARD.check(
    "card.caching",
    "The card says how long it may be kept",
    "Send Cache-Control with max-age, and an ETag.",
    "A2A-CARD-04",
    "A2A-CARD-05",
    warning=True,
)
async def caching(endpoint: Endpoint) -> Sequence[Problem]:
    """Both headers."""
    headers = endpoint.seen.card_answer.headers
    missing = [name for name in ("cache-control", "etag") if name not in headers]
    return [Problem(f"the answer has no {' and no '.join(missing)}")] if missing else []


async def _card_at(endpoint: Endpoint, place: str) -> Answer:
    headers = {"accept": "application/json", "a2a-version": "1.0"}
    answer = await endpoint.wire.send("GET", place, headers)
    if answer.status in {401, 403} and endpoint.token is not None:
        return await endpoint.wire.send("GET", place, {**headers, **bearer(endpoint.token)})
    return answer


def _is_missing(document: JsonObject, name: str) -> bool:
    value = document.get(name)
    return value is None or (value in ("", []) and name != "capabilities")


def _words(value: Json) -> Iterator[str]:
    for word in value if isinstance(value, list) else []:
        if isinstance(word, str):
            yield word.partition(";")[0].strip().lower()

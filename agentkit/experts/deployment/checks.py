"""What is refused before anybody is asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from agentkit.errors import SpecError
from agentkit.oauth.loopback import is_loopback
from agentkit.specs import AgentChanges, ExpertSpec, McpServerSpec
from agentkit.wire.generations import require_generation

if TYPE_CHECKING:
    from agentkit.wire.generations import GenerationName

_SEPARATORS: Final = ("\n", "\r", ",")


def checked_specs(specs: Sequence[object], *, allow_http: bool) -> tuple[ExpertSpec, ...]:
    """The experts to deploy.

    Raises:
        SpecError: There is none, one is no `ExpertSpec`, two share a name or the name of a server, an address would
            send credentials unencrypted, or a static token is given.
    """
    if not specs:
        raise SpecError("experts", "are missing", remedy="Give at least one ExpertSpec: expert.spec(url).")
    found: list[ExpertSpec] = []
    for index, spec in enumerate(specs):
        if not isinstance(spec, ExpertSpec):
            kind = type(spec).__name__
            raise SpecError(f"experts[{index}]", f"is a {kind}; it must be an ExpertSpec", remedy="expert.spec(url)")
        _check_name(f"experts[{index}].name", spec.name, _SEPARATORS[:2])
        for place, server in _servers(index, spec):
            _check_server(place, server, allow_http=allow_http)
        found.append(spec)
    AgentChanges(experts=found)  # names are unique over the whole agent
    return tuple(found)


def check_generation(specs: Sequence[ExpertSpec], generation: GenerationName) -> None:
    """Refuse what a generation cannot express.

    Raises:
        UnsupportedByGeneration: It cannot; the error names the first field at fault.
    """
    require_generation(AgentChanges(prompt="", experts=specs, servers=()), generation)


def unreachable(specs: Sequence[ExpertSpec], platform: str) -> Iterator[str]:
    """Warnings about addresses that a platform elsewhere cannot reach.

    Args:
        specs: The experts.
        platform: The address of the platform.
    """
    if is_loopback(urlsplit(platform).hostname or ""):
        return
    for spec in specs:
        for server in spec.servers:
            host = urlsplit(server.url).hostname or ""
            if is_loopback(host) or _is_private(host):
                yield (
                    f"The MCP server {server.name!r} of the expert {spec.name!r} is at {host}, which "
                    f"{urlsplit(platform).hostname} cannot reach. Serve it at a public https address, for example "
                    "through a tunnel, and give that as URL."
                )


def _servers(index: int, spec: ExpertSpec) -> Iterator[tuple[str, McpServerSpec]]:
    for number, server in enumerate(spec.servers):
        yield f"experts[{index}].servers[{number}]", server


def _check_server(place: str, server: McpServerSpec, *, allow_http: bool) -> None:
    _check_name(f"{place}.name", server.name.strip(), _SEPARATORS)
    if server.token is not None:
        raise SpecError(
            f"{place}.token",
            "is a static token, which nobody can read back and compare",
            remedy="Give a Token with the first message of each conversation.",
        )
    parts = urlsplit(server.url)
    if parts.scheme != "https" and not allow_http and not is_loopback(parts.hostname or ""):
        raise SpecError(
            f"{place}.url",
            f"would send credentials and patient data unencrypted to {parts.hostname}",
            remedy="Use https, or allow_http=True (--allow-http) for a network you trust.",
        )


def _check_name(place: str, name: str, separators: Sequence[str]) -> None:
    if any(sign in name for sign in separators) or not name.isprintable():
        remedy = "Servers and experts are told from each other by their names, also in v2's prompt."
        raise SpecError(place, "must be one line of printable signs, a server's without comma", remedy=remedy)


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host.endswith((".local", ".internal"))

"""How agents are served: what only they have, as the command line or a program was told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from agentkit.a2a import Limits, Security

_NO_LIMITS: Final = "none"

_option = partial(typer.Option, rich_help_panel="Agents")

Grpc = Annotated[
    int | None,
    _option(metavar="PORT", min=0, max=65535, help="Serve agents over gRPC too, usually at 8703; 0: a free port."),
]
Sign = Annotated[
    Path | None,
    _option(metavar="FILE", help="Sign agent cards with the keys of this file, which is made when missing."),
]
Card = Annotated[
    Path | None, _option(metavar="FILE", help="Take the words of an agent's card from here, for example edited.")
]
Limit = Annotated[
    list[str] | None,
    _option(
        metavar="NAME=NUMBER",
        help="How often and for how much at once a caller may ask agents: rate, burst, concurrent, "
        "concurrent-per-caller, header-bytes; or none.",
    ),
]
TrustedProxy = Annotated[
    list[str] | None,
    _option(metavar="NETWORK", help="A proxy that is believed when it says where a request to an agent is from."),
]
PushHost = Annotated[
    list[str] | None,
    _option(metavar="HOST", help="A host that agents may send notifications to although it is not public."),
]
TenantClaim = Annotated[
    str | None, _option(metavar="CLAIM", help="What in an issuer's tokens names the tenant of an agent's caller.")
]


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What only agents have.

    Attributes:
        grpc: Port of the gRPC binding; None for none, 0 for a free one.
        sign: File with the keys that cards are signed with.
        card: File with the words of a card.
        limit: `NAME=NUMBER`, or `none`.
        trusted_proxy: Networks.
        push_host: Hosts that are not public.
        tenant_claim: The claim that names a tenant.
        security: Schemes in place of what `auth` says.
    """

    grpc: int | None = None
    sign: Path | None = None
    card: Path | None = None
    limit: Sequence[str] = ()
    trusted_proxy: Sequence[str] = ()
    push_host: Sequence[str] = ()
    tenant_claim: str | None = None
    security: Security | None = None

    def refuse_unused(self) -> None:
        """Refuse them all, for what is served is no agent.

        Raises:
            ConfigurationError: One of them was given.
        """
        for field in fields(self):
            if getattr(self, field.name) not in (None, ()):
                raise ConfigurationError(f"--{field.name.replace('_', '-')}", "is for agents")

    def limits(self) -> Limits | None:
        """The limits that were asked for, the others as they are by default; None for no limits.

        Raises:
            ConfigurationError: There is no limit of that name, or it is no number.
        """
        from agentkit.a2a import Limits  # here, because `--help` needs none of it

        words = [part.strip() for each in self.limit for part in each.split(",")]
        if words == [_NO_LIMITS]:
            return None
        names = {name.replace("_", "-"): name for name in Limits.__slots__}
        given: dict[str, float] = {}
        for word in words:
            name, _, number = word.partition("=")
            if name not in names:
                known = ", ".join(names)
                raise ConfigurationError(
                    "--limit", f"{name!r} is none", remedy=f"Known: {known}; or none for no limit."
                )
            given[names[name]] = _number(name, number)
        whole = {name: number if name == "rate" else int(number) for name, number in given.items()}
        return Limits(**whole)  # pyright: ignore[reportArgumentType] - whole numbers but for the rate


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9 or (name != "rate" and number != int(number)):
        raise ConfigurationError("--limit", f"{name} must be a positive number", remedy="Give --limit rate=20.")
    return number


def words(given: Iterable[str] | None) -> tuple[str, ...]:
    """An option that may be given several times."""
    return tuple(given or ())

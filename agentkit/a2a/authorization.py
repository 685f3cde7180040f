"""Which schemes let a caller in, alone or together; the card says the same (A2A-SEC-01, A2A-XC-02)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import get_args

from agentkit.a2a.schemes import MutualTlsAuth, OneAuth, demand, scopes_of
from agentkit.errors import SpecError
from agentkit.models import Json, JsonObject


class AllOf:
    """Schemes that are all needed; the first one that is written says who calls."""

    __slots__ = ("members",)

    def __init__(self, *members: OneAuth) -> None:
        """Combine schemes, for example `AllOf(OAuthAuth(issuer), MutualTlsAuth())`.

        Raises:
            SpecError: There is none.
        """
        demand(bool(members), "AllOf", "needs at least one scheme")
        self.members = members

    def __repr__(self) -> str:
        """The schemes, without their secrets."""
        return f"AllOf({', '.join(map(repr, self.members))})"


class Security:
    """Who may call: schemes, each alone (or `AllOf` some) enough to be let in.

    The card's `securitySchemes` and `securityRequirements` are made of this, so they cannot say anything else.
    """

    def __init__(
        self, *alternatives: OneAuth | AllOf, optional: bool = False, trusted_proxies: Sequence[str] = ()
    ) -> None:
        """Choose schemes, for example `Security(OAuthAuth(issuer), BearerAuth({"ops": token}))`.

        Args:
            alternatives: Any one of them lets a caller in; none at all lets in everybody as one anonymous caller.
            optional: Let in who presents nothing, too, as the anonymous caller.
            trusted_proxies: Networks (`10.0.0.0/8`, `192.0.2.7`) whose word on certificates (`MutualTlsAuth`) and on
                where a request comes from (`X-Forwarded-For`) is believed.

        Raises:
            SpecError: One of them is no scheme, or a proxy is needed and none is trusted.
        """
        ways = [way.members if isinstance(way, AllOf) else (way,) for way in alternatives]
        for auth in (auth for way in ways for auth in way):
            demand(isinstance(auth, get_args(OneAuth)), "security", f"{type(auth).__name__} is no scheme")
            proxied = not isinstance(auth, MutualTlsAuth) or bool(trusted_proxies)
            demand(proxied, "security.trusted_proxies", "must name the proxy whose word on certificates is believed")
        self.alternatives: tuple[tuple[OneAuth, ...], ...] = tuple(ways)
        self.optional = optional
        self._proxies = tuple(map(_network, trusted_proxies))
        self._named: list[tuple[str, OneAuth]] = []
        for auth in (auth for way in ways for auth in way):
            if not any(auth == known for _, known in self._named):
                self._named.append((self._free(auth.scheme()[0]), auth))

    def __repr__(self) -> str:
        """The schemes, without their secrets."""
        return f"Security({', '.join(repr(AllOf(*way)) for way in self.alternatives)})"

    @property
    def is_open(self) -> bool:
        """Whether somebody who presents nothing is let in."""
        return self.optional or not self.alternatives

    @property
    def schemes(self) -> JsonObject:
        """`securitySchemes` of the card."""
        return {name: auth.scheme()[1] for name, auth in self._named}

    @property
    def requirements(self) -> list[Json]:
        """`securityRequirements` of the card: alternatives, each with all the schemes it needs."""
        found: list[Json] = []
        for way in self.alternatives:
            needed: JsonObject = {self._name(auth): {"list": list(scopes_of(auth))} for auth in way}
            found.append({"schemes": needed})
        return [*found, {"schemes": {}}] if found and self.optional else found

    def trusts(self, address: str | None) -> bool:
        """Whether an address is that of a trusted proxy."""
        if address is None or not self._proxies:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(parsed in network for network in self._proxies)

    def _name(self, auth: OneAuth) -> str:
        return next(name for name, known in self._named if known == auth)

    def _free(self, name: str) -> str:
        taken = {known for known, _ in self._named}
        numbers = (f"{name}{number}" for number in range(2, len(taken) + 3))
        return name if name not in taken else next(other for other in numbers if other not in taken)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise SpecError("security.trusted_proxies", "must be addresses or networks such as 10.0.0.0/8") from None

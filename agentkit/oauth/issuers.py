"""Verifiers that ask issuers over the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx2

from agentkit.errors import AuthenticationError, ConfigurationError, SpecError
from agentkit.models import Json
from agentkit.oauth.introspection import IntrospectionVerifier
from agentkit.oauth.jwks import KeySource, ReachableKeys, RemoteKeys, StaticKeys
from agentkit.oauth.verify import JwtVerifier


class Issuers:
    """Makes verifiers that share one connection pool."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        """Ask through `http`, which stays the caller's to close."""
        self._http = http

    def by_keys(
        self,
        issuer: str,
        audience: Sequence[str],
        jwks: Mapping[str, Json] | str | KeySource | None,
        *,
        accept_azp: bool = False,
    ) -> JwtVerifier:
        """Checks JWTs by their signature; one that is missing because the key set cannot be had is a `TransportError`.

        Args:
            issuer: Compared byte by byte.
            audience: One of these must be in `aud`.
            jwks: The issuer's key set, the https address of it, or a source of keys; None for what its metadata names.
            accept_azp: Take `azp` for an audience too.

        Raises:
            SpecError: The issuer or the address of its keys is neither https nor on this machine.
        """
        try:
            if jwks is None:
                keys: KeySource = ReachableKeys(RemoteKeys.of_issuer(issuer, self._http))
            elif isinstance(jwks, str):
                keys = ReachableKeys(RemoteKeys(jwks, self._http))
            else:
                keys = StaticKeys(jwks) if isinstance(jwks, Mapping) else jwks
        except AuthenticationError as error:
            raise SpecError("jwks", error.message, remedy=error.remedy) from None
        return JwtVerifier(issuer, audience, keys, accept_azp=accept_azp)

    def by_introspection(
        self, issuer: str, audience: Sequence[str], client: tuple[str, str], *, endpoint: str | None = None
    ) -> IntrospectionVerifier:
        """Asks the issuer about each token (RFC 7662).

        Args:
            issuer: Compared byte by byte.
            audience: One of these must be in `aud`.
            client: Id and secret of this server at the issuer.
            endpoint: The introspection endpoint; None for what the issuer's metadata names.

        Raises:
            SpecError: The issuer cannot be asked safely.
        """
        try:
            return IntrospectionVerifier(issuer, audience, *client, self._http, endpoint=endpoint)
        except (AuthenticationError, ConfigurationError) as error:
            raise SpecError("introspection", error.message, remedy=error.remedy) from None

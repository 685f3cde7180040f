"""Signed cards on the side of the server: signatures added, public keys published (A2A-SIG-01)."""

from __future__ import annotations

from typing import Final

from starlette.routing import Route

from agentkit.a2a.canonical import canonical, card_forms
from agentkit.a2a.card_keys import CardKeys
from agentkit.a2a.published import document_route
from agentkit.models import JsonObject

JWKS_PATH: Final = "/.well-known/a2a-card-keys.json"
"""Where the public keys of cards lie on a host; signatures name it as `jku`."""

_REMEMBERED: Final = 256


class CardSigner:
    """Signs the cards of a host and publishes its keys; a rotation is seen at the next request."""

    def __init__(self, keys: CardKeys, origin: str) -> None:
        """Sign with `keys` for cards that are served at `origin`."""
        self._keys = keys
        self._jku = origin.rstrip("/") + JWKS_PATH
        self._signed: dict[int, tuple[str, JsonObject, JsonObject]] = {}
        self._jwks: tuple[str, JsonObject] | None = None

    @property
    def keys(self) -> CardKeys:
        """The ring in use."""
        return self._keys

    def rotate(self) -> CardKeys:
        """Sign with a new key from now on; returns the ring, to be saved by whoever keeps it."""
        self._keys = self._keys.rotate()
        return self._keys

    def sign(self, document: JsonObject) -> JsonObject:
        """The card with a signature over each form that peers check; the same object for the same card and key.

        Raises:
            CardUntrusted: The card cannot be signed, because it is none or a number in it is too large.
        """
        key_id, source, signed = self._signed.get(id(document), ("", None, document))
        if source is document and key_id == self._keys.key_id:
            return signed
        signatures = [self._keys.sign(canonical(form), jku=self._jku) for form in card_forms(document)]
        made: JsonObject = {**document, "signatures": [*signatures]}
        if len(self._signed) >= _REMEMBERED:
            self._signed.clear()
        self._signed[id(document)] = (self._keys.key_id, document, made)
        return made

    def route(self) -> Route:
        """Serves the public keys."""
        return document_route(JWKS_PATH, self._published, media_type="application/jwk-set+json")

    def _published(self) -> JsonObject:
        current = self._keys.jwks()
        if self._jwks is None or self._jwks[1] != current:
            self._jwks = (self._keys.key_id, current)
        return self._jwks[1]

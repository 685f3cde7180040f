"""Signed cards on the side of the server: signatures added, public keys published (A2A-SIG-01)."""

from __future__ import annotations

from typing import Final

from a2a.types import AgentCard
from google.protobuf.json_format import ParseDict

from agentkit.a2a.canonical import canonical, card_forms
from agentkit.a2a.card import card_document
from agentkit.a2a.card_keys import CardKeys
from agentkit.models import Json, JsonObject

JWKS_PATH: Final = "/.well-known/jwks.json"
"""Where the public keys of a host lie; signatures of cards name it as `jku`."""


class CardSigner:
    """Signs the cards of a host."""

    def __init__(self, keys: CardKeys, origin: str) -> None:
        """Sign with `keys`, which are published at `origin`."""
        self.keys = keys
        self._jku = origin.rstrip("/") + JWKS_PATH

    def sign(self, card: AgentCard) -> AgentCard:
        """A copy of the card with a signature over each form that peers check.

        Raises:
            CardUntrusted: It cannot be signed, because a number in it is too large or the nesting too deep.
        """
        signed = AgentCard()
        signed.CopyFrom(card)
        del signed.signatures[:]
        forms = card_forms(card_document(signed))
        signatures: list[Json] = [self.keys.sign_card(canonical(form), jku=self._jku) for form in forms]
        document: JsonObject = {"signatures": signatures}
        return ParseDict(document, signed)


class SignedCard:
    """The document of a card, signed anew when the keys were rotated."""

    def __init__(self, card: AgentCard, signer: CardSigner | None) -> None:
        """Show `card`, with signatures where there is a signer."""
        self._card = card
        self._signer = signer
        self._shown = self._document()

    async def current(self) -> JsonObject:
        """The document as it is now; the same object where nothing has changed."""
        if self._signer is not None:
            await self._signer.keys.refresh()
            if self._signer.keys.key_id != self._shown[0]:
                self._shown = self._document()
        return self._shown[1]

    def _document(self) -> tuple[str, JsonObject]:
        if self._signer is None:
            return "", card_document(self._card)
        return self._signer.keys.key_id, card_document(self._signer.sign(self._card))


class KeySet:
    """The public keys of a host."""

    def __init__(self, keys: CardKeys) -> None:
        """Show `keys`."""
        self._keys = keys
        self._shown = keys.jwks()

    async def current(self) -> JsonObject:
        """The key set as it is now; the same object where nothing has changed."""
        await self._keys.refresh()
        found = self._keys.jwks()
        if found != self._shown:
            self._shown = found
        return self._shown

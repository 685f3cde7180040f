"""What a client takes of the fields of a card that are odd."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.a2a.remote.card import read_card
from agentkit.errors import RemoteProtocolError
from tests.a2a.remote.parts import URL, made_card

pytestmark = pytest.mark.anyio

TOKENS = "https://login.test/token"
SCHEMES: Any = {"oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": TOKENS, "scopes": {}}}}}


def test_a_skill_that_does_not_fit_is_left_out_and_the_others_stay() -> None:
    good = {"id": "s", "name": "S", "description": "Does S", "tags": ["s"]}
    card = read_card("peer", made_card(skills=[{"id": 3}, good, "Jane"]), URL)
    assert [skill.id for skill in card.skills] == ["s"]


SECURITY: list[tuple[list[Any], str | None]] = [
    ([{"key": []}, {"oauth": ["read", 3, "write"]}], "read write"),
    ([{"oauth": []}], None),
    ([{"key": ["read"]}], None),
    ([], None),
]


@pytest.mark.parametrize(("security", "scope"), SECURITY)
def test_the_scopes_of_a_card_of_0_3_are_those_its_scheme_requires(security: list[Any], scope: str | None) -> None:
    card = read_card("peer", made_card(securitySchemes=SCHEMES, security=security), URL)
    assert (card.token_url, card.scope) == (TOKENS, scope)


@pytest.mark.parametrize("url", ["https://a.test:port/a2a", "https://a.test:99999/a2a", "https://[a.test/a2a"])
def test_an_interface_whose_address_cannot_be_read_is_a_typed_error(url: str) -> None:
    one = {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    with pytest.raises(RemoteProtocolError, match="names an address that is none"):
        read_card("peer", made_card(supportedInterfaces=[one]), URL)

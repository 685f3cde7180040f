"""What the tests of signing in share: a client of the stateful double that has no credentials yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentkit.client import AsyncCorti
from agentkit.client.grants import Grant
from agentkit.testing.asgi import ASGITransport
from tests.client.conftest import URL, Clock
from tests.contract.corti_double import CortiDouble

Connect = Callable[..., AsyncCorti]
TOKEN = "POST */token"


def entering(double: CortiDouble, clock: Clock) -> Connect:
    """Make clients of a double."""

    def make(auth: Grant | None = None, **settings: Any) -> AsyncCorti:
        given: dict[str, Any] = {
            "base_url": URL,
            "transport": ASGITransport(double.app),
            "sleep": clock.sleep,
            "clock": clock,
        }
        return AsyncCorti(auth=auth, **given | settings)

    return make


async def use(corti: AsyncCorti, double: CortiDouble) -> None:
    """Any call of the API that needs a token."""
    await corti.agents.get(double.add_agent())


def grants(double: CortiDouble) -> list[str]:
    """The grant types of the token requests, in their order."""
    return [call.form["grant_type"][0] for call in double.token_calls if call.method == "POST"]

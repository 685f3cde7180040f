"""`corti.languages`: the languages Corti understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.rest import languages

if TYPE_CHECKING:
    from agentkit.client.session import AsyncSession
    from agentkit.models.language import Language, SpeechEndpoint


class Languages:
    """The languages Corti understands: `corti.languages` (REST-13).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: AsyncSession) -> None:
        """Made by `AsyncCorti`."""
        self._session = session

    async def list(self, endpoint: SpeechEndpoint | str | None = None) -> tuple[Language, ...]:
        """The languages of one endpoint; of all where none is given.

        Swiss German is `gsw-CH` as spoken language and `de-CH` as language of facts.

        Raises:
            SpecError: There is no such endpoint; nothing was sent.
        """
        return await self._session.call(languages.list_languages(endpoint))

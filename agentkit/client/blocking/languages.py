# Made from resources/languages.py: change that file, then run `make twins`.
"""`corti.languages`: the languages Corti understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.rest import languages

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.models.language import Language, SpeechEndpoint


class BlockingLanguages:
    """The languages Corti understands: `corti.languages` (REST-13).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def list(self, endpoint: SpeechEndpoint | str | None = None) -> tuple[Language, ...]:
        """The languages of one endpoint; of all where none is given.

        Swiss German is `gsw-CH` as spoken language and `de-CH` as language of facts.

        Raises:
            SpecError: There is no such endpoint; nothing was sent.
        """
        return self._session.call(languages.list_languages(endpoint))

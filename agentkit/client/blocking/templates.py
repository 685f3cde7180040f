# Made from resources/templates.py: change that file, then run `make twins`.
"""`corti.templates`: templates of classic documents, and the sections they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentkit.client.rest import templates

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.models.template import Template, TemplateSection


class BlockingTemplates:
    """Templates of classic documents: `corti.templates` (REST-11).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def list(
        self,
        *,
        organizations: Sequence[str] = (),
        languages: Sequence[str] = (),
        statuses: Sequence[str] = (),
    ) -> tuple[Template, ...]:
        """The templates of these organizations, languages and states; all where none is given."""
        return self._session.call(
            templates.list_templates(organizations=organizations, languages=languages, statuses=statuses)
        )

    def get(self, key: str) -> Template:
        """A template by its key."""
        return self._session.call(templates.get_template(key))

    def sections(
        self, *, organizations: Sequence[str] = (), languages: Sequence[str] = ()
    ) -> tuple[TemplateSection, ...]:
        """The sections of these organizations and languages; all where none is given."""
        return self._session.call(templates.list_template_sections(organizations=organizations, languages=languages))

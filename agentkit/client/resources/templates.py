"""`corti.templates`: templates of classic documents, and the sections they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentkit.client.rest import templates

if TYPE_CHECKING:
    from agentkit.client.session import AsyncSession
    from agentkit.models.template import Template, TemplateSection


class Templates:
    """Templates of classic documents: `corti.templates` (REST-11).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: AsyncSession) -> None:
        """Made by `AsyncCorti`."""
        self._session = session

    async def list(
        self,
        *,
        organizations: Sequence[str] = (),
        languages: Sequence[str] = (),
        statuses: Sequence[str] = (),
    ) -> tuple[Template, ...]:
        """The templates of these organizations, languages and states; all where none is given."""
        return await self._session.call(
            templates.list_templates(organizations=organizations, languages=languages, statuses=statuses)
        )

    async def get(self, key: str) -> Template:
        """A template by its key."""
        return await self._session.call(templates.get_template(key))

    async def sections(
        self, *, organizations: Sequence[str] = (), languages: Sequence[str] = ()
    ) -> tuple[TemplateSection, ...]:
        """The sections of these organizations and languages; all where none is given."""
        return await self._session.call(
            templates.list_template_sections(organizations=organizations, languages=languages)
        )

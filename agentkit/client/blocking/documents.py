# Made from resources/documents.py: change that file, then run `make twins`.
"""`corti.documents`: classic documents of an interaction. Guided documents (REST-10) are not part of this client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentkit.client.rest import documents

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.client.rest.contexts import DocumentContext
    from agentkit.models.document import (
        Document,
        DocumentationMode,
        SectionChanges,
        TemplateWithSectionKeys,
        TemplateWithSections,
    )


class BlockingDocuments:
    """Classic documents of an interaction: `corti.documents` (REST-09).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def create(
        self,
        interaction_id: str,
        context: DocumentContext,
        *,
        template: str | TemplateWithSectionKeys | TemplateWithSections,
        language: str = "en",
        name: str | None = None,
        disable_guardrails: bool | None = None,
        mode: DocumentationMode | str | None = None,
    ) -> Document:
        """Make a document.

        Args:
            interaction_id: The interaction it belongs to.
            context: What it is made of: one text, a transcript or some of its utterances, or facts. Facts that are
                discarded are left out (REST-07).
            template: The key of a template, or one put together of sections.
            language: The language it is written in.
            name: Its name.
            disable_guardrails: Leave out Corti's checks of what is written.
            mode: How its sections are written.

        Raises:
            SpecError: There is nothing to make it of, or the mode is none of those known; nothing was sent.
        """
        return self._session.call(
            documents.create_document(
                interaction_id,
                context,
                template,
                language,
                name=name,
                disable_guardrails=disable_guardrails,
                mode=mode,
            )
        )

    def list(self, interaction_id: str) -> tuple[Document, ...]:
        """All documents of an interaction."""
        return self._session.call(documents.list_documents(interaction_id))

    def get(self, interaction_id: str, document_id: str) -> Document:
        """A document by its id."""
        return self._session.call(documents.get_document(interaction_id, document_id))

    def update(
        self,
        interaction_id: str,
        document_id: str,
        *,
        name: str | None = None,
        sections: Sequence[SectionChanges] | None = None,
    ) -> Document:
        """Change what is given; the rest stays."""
        return self._session.call(documents.update_document(interaction_id, document_id, name=name, sections=sections))

    def delete(self, interaction_id: str, document_id: str) -> None:
        """Delete a document."""
        self._session.call(documents.delete_document(interaction_id, document_id))

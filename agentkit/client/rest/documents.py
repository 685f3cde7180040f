"""Documents, classic (REST-09); guided documents (REST-10) are not part of this client."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.client.answers import read_json, read_nothing
from agentkit.client.operation import Operation, path
from agentkit.client.rest.contexts import DocumentContext, document_contexts
from agentkit.models import Json
from agentkit.models.document import (
    Document,
    DocumentationMode,
    SectionChanges,
    TemplateWithSectionKeys,
    TemplateWithSections,
)
from agentkit.models.rest import word
from agentkit.wire.reader import put
from agentkit.wire.rest import decode, decode_all, encode


def create_document(
    interaction_id: str,
    context: DocumentContext,
    template: str | TemplateWithSectionKeys | TemplateWithSections,
    language: str,
    *,
    name: str | None = None,
    disable_guardrails: bool | None = None,
    mode: DocumentationMode | str | None = None,
) -> Operation[Document]:
    """Make a document.

    Args:
        interaction_id: The interaction it belongs to.
        context: What it is made of.
        template: The key of a template, or one put together of sections.
        language: The language it is written in.
        name: Its name.
        disable_guardrails: Leave out Corti's checks.
        mode: How its sections are written.

    Raises:
        SpecError: There is nothing to make it of, or the mode is none of those known.
    """
    body = put(
        {"context": document_contexts(context), "outputLanguage": language},
        {
            "templateKey": template if isinstance(template, str) else None,
            "template": None if isinstance(template, str) else encode(template, "template"),
            "name": name,
            "disableGuardrails": disable_guardrails,
            "documentationMode": word(DocumentationMode, mode, "mode") if mode is not None else None,
        },
    )
    return Operation(
        name="client.documents.create",
        method="POST",
        root="base",
        path=path("/interactions/{interaction_id}/documents/", interaction_id=interaction_id),
        body=body,
        parse=read_json(lambda value: decode(Document, value)),
    )


def list_documents(interaction_id: str) -> Operation[tuple[Document, ...]]:
    """All documents."""
    return Operation(
        name="client.documents.list",
        method="GET",
        root="base",
        path=path("/interactions/{interaction_id}/documents/", interaction_id=interaction_id),
        parse=read_json(lambda value: decode_all(Document, value, "data")),
    )


def get_document(interaction_id: str, document_id: str) -> Operation[Document]:
    """A document."""
    return Operation(
        name="client.documents.get",
        method="GET",
        root="base",
        path=_path(interaction_id, document_id),
        parse=read_json(lambda value: decode(Document, value)),
    )


def update_document(
    interaction_id: str, document_id: str, *, name: str | None = None, sections: Sequence[SectionChanges] | None = None
) -> Operation[Document]:
    """Change what is given of a document."""
    changed: list[Json] | None = None
    if sections is not None:
        changed = [encode(section, f"sections[{index}]") for index, section in enumerate(sections)]
    return Operation(
        name="client.documents.update",
        method="PATCH",
        root="base",
        path=_path(interaction_id, document_id),
        body=put({}, {"name": name, "sections": changed}),
        parse=read_json(lambda value: decode(Document, value)),
    )


def delete_document(interaction_id: str, document_id: str) -> Operation[None]:
    """Delete a document."""
    return Operation(
        name="client.documents.delete",
        method="DELETE",
        root="base",
        path=_path(interaction_id, document_id),
        parse=read_nothing,
    )


def _path(interaction_id: str, document_id: str) -> str:
    template = "/interactions/{interaction_id}/documents/{document_id}"
    return path(template, interaction_id=interaction_id, document_id=document_id)

"""Documents, classic: text made of facts, a transcript or words by a template (REST-09).

Guided documents (REST-10) are another system, and not part of this client.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from agentkit.models.rest import RestModel, Time, UsageInfo


class DocumentationMode(StrEnum):
    """How the sections of a document are written: one behind the other, or each from its share of the input."""

    GLOBAL_SEQUENTIAL = "global_sequential"
    ROUTED_PARALLEL = "routed_parallel"


class TemplateWithSectionKeys(RestModel):
    """A template made of sections as they are.

    Attributes:
        section_keys: The keys of the sections, in their order; `corti.templates.sections()` lists them.
        document_name: The name of the document.
        additional_instructions: What else to consider.
    """

    section_keys: tuple[str, ...] = Field(min_length=1)
    document_name: str | None = None
    additional_instructions: str | None = None


class SectionOverride(RestModel):
    """A section of a template, changed for one document.

    Attributes:
        key: The section.
        name_override: Its name.
        writing_style_override: How it is written.
        format_rule_override: How it is laid out.
        additional_instructions_override: What else to consider.
        content_override: What belongs into it.
    """

    key: str
    name_override: str | None = None
    writing_style_override: str | None = None
    format_rule_override: str | None = None
    additional_instructions_override: str | None = None
    content_override: str | None = None


class TemplateWithSections(RestModel):
    """A template made of changed sections.

    Attributes:
        sections: The sections, in their order.
        description: What the document is.
        additional_instructions_override: What else to consider.
    """

    sections: tuple[SectionOverride, ...] = Field(min_length=1)
    description: str | None = None
    additional_instructions_override: str | None = None


class SectionChanges(RestModel):
    """Changes of a section of a document; what is not given stays.

    Attributes:
        key: The section.
        name: Its heading.
        text: Its text.
        sort: Its place, counted from 0.
    """

    key: str
    name: str | None = None
    text: str | None = None
    sort: int | None = None


class DocumentSection(RestModel):
    """A section of a document.

    Attributes:
        key: The section of the template.
        name: Its heading.
        text: Its text.
        sort: Its place.
        created_at: When it was made.
        updated_at: When it was changed last.
    """

    key: str | None = None
    name: str | None = None
    text: str = ""
    sort: int | None = None
    created_at: Time = None
    updated_at: Time = None


class Document(RestModel):
    """A document of an interaction.

    Attributes:
        id: Its id.
        name: Its name.
        template_ref: The template it was made by.
        is_stream: Whether it was made while audio was streamed.
        sections: Its text.
        created_at: When it was made.
        updated_at: When it was changed last.
        output_language: The language it is written in.
        usage_info: What it cost.
    """

    id: str
    name: str | None = None
    template_ref: str | None = None
    is_stream: bool | None = None
    sections: tuple[DocumentSection, ...] = ()
    created_at: Time = None
    updated_at: Time = None
    output_language: str | None = None
    usage_info: UsageInfo | None = None

"""Templates of classic documents, and their sections (REST-11)."""

from __future__ import annotations

from agentkit.models.rest import RestModel, Time


class TemplateTranslation(RestModel):
    """A template or section in one language.

    Attributes:
        language_id: The language.
        name: Its name there.
        description: Its description there.
    """

    language_id: str | None = None
    name: str | None = None
    description: str | None = None


class WritingStyle(RestModel):
    """How a section is written.

    Attributes:
        name: The style.
    """

    name: str | None = None


class FormatRule(RestModel):
    """How a section is laid out.

    Attributes:
        name: The rule.
    """

    name: str | None = None


class TemplateSection(RestModel):
    """A section that templates are made of.

    Attributes:
        key: What names it.
        name: Its heading.
        alternate_name: Another name for people.
        description: What it is for.
        type: Its kind.
        default_writing_style: How it is written.
        default_format_rule: How it is laid out.
        additional_instructions: What else is considered.
        content: What belongs into it.
        documentation_mode: How documents of it are written.
        translations: Its names.
        updated_at: When it was changed last.
    """

    key: str
    name: str | None = None
    alternate_name: str | None = None
    description: str | None = None
    type: str | None = None
    default_writing_style: WritingStyle | None = None
    default_format_rule: FormatRule | None = None
    additional_instructions: str | None = None
    content: str | None = None
    documentation_mode: str | None = None
    translations: tuple[TemplateTranslation, ...] = ()
    updated_at: Time = None


class PlacedSection(RestModel):
    """A section in a template.

    Attributes:
        sort: Its place.
        section: The section.
    """

    sort: int | None = None
    section: TemplateSection


class Template(RestModel):
    """A template.

    Attributes:
        key: What names it when a document is made.
        name: Its name.
        description: What it is for.
        status: Whether it may be used.
        additional_instructions: What else is considered.
        documentation_mode: How documents of it are written.
        template_sections: Its sections with their places.
        translations: Its names.
        updated_at: When it was changed last.
    """

    key: str
    name: str | None = None
    description: str | None = None
    status: str | None = None
    additional_instructions: str | None = None
    documentation_mode: str | None = None
    template_sections: tuple[PlacedSection, ...] = ()
    translations: tuple[TemplateTranslation, ...] = ()
    updated_at: Time = None

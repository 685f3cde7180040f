"""Templates of classic documents (REST-11)."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.client.answers import read_json
from agentkit.client.operation import Operation, path, query
from agentkit.models.template import Template, TemplateSection
from agentkit.wire.rest import decode, decode_all


def list_templates(
    *, organizations: Sequence[str] = (), languages: Sequence[str] = (), statuses: Sequence[str] = ()
) -> Operation[tuple[Template, ...]]:
    """All templates of these organizations, languages and states; all where none is given."""
    return Operation(
        name="client.templates.list",
        method="GET",
        root="base",
        path="/templates/",
        query=query(org=organizations or None, lang=languages or None, status=statuses or None),
        parse=read_json(lambda value: decode_all(Template, value, "data")),
    )


def get_template(key: str) -> Operation[Template]:
    """A template."""
    return Operation(
        name="client.templates.get",
        method="GET",
        root="base",
        path=path("/templates/{key}", key=key),
        parse=read_json(lambda value: decode(Template, value)),
    )


def list_template_sections(
    *, organizations: Sequence[str] = (), languages: Sequence[str] = ()
) -> Operation[tuple[TemplateSection, ...]]:
    """All sections of these organizations and languages; all where none is given."""
    return Operation(
        name="client.templates.sections",
        method="GET",
        root="base",
        path="/templateSections/",
        query=query(org=organizations or None, lang=languages or None),
        parse=read_json(lambda value: decode_all(TemplateSection, value, "data")),
    )

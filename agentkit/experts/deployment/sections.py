"""What v2 keeps of inline experts: sections of the agent's system prompt, found again (V2-MIG-01).

`agentkit.wire.v2` writes a section; a person may write before it, behind it and between two of them. So a section
begins at its heading, and ends with the line that names its tools, else at the next heading of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agentkit.errors import SpecError
from agentkit.experts.deployment.diff import same_text
from agentkit.specs import ExpertSpec
from agentkit.wire.v2 import expert_section

_GAP: Final = r"(?:\r?\n){2}"  # an empty line, as we and as other editors write it
_HEADING: Final = re.compile(rf"(?P<gap>\A|{_GAP})## (Expert|Agent|Tools of) ([^\r\n]*\S)[ \t]*(?={_GAP}|[\r\n]*\Z)")
_TOOLS: Final = re.compile(rf"{_GAP}Tools: ([^\r\n]+)\.[ \t]*(?=\r?\n|\Z)")
_OURS: Final = re.compile(rf"(?:\A|{_GAP})(?:## (?:Expert|Agent|Tools of) |Tools: [^\r\n]+\.[ \t]*(?=\r?\n|\Z))")
_LOOSE: Final = re.compile(r"^[ \t]*##[ \t]+Expert[ \t]+([^\r\n]*\S)", re.MULTILINE)
_BETWEEN: Final = "\n\n"


@dataclass(frozen=True, slots=True)
class Section:
    """What a prompt says of an expert.

    Attributes:
        name: The expert's name.
        start: Where it begins.
        end: Where it ends.
        tools: The names of its MCP servers.
    """

    name: str
    start: int
    end: int
    tools: tuple[str, ...]


def find_sections(prompt: str) -> tuple[Section, ...]:
    """The sections of experts in a prompt, in their order."""
    return tuple(_sections(prompt))


def section_of(prompt: str, name: str) -> Section | None:
    """The section of an expert; None where it has none.

    Raises:
        SpecError: There are several, or there is only a heading that somebody has taken the empty lines from.
    """
    found = [section for section in find_sections(prompt) if section.name == name]
    if len(found) > 1:
        problem = f"has {len(found)} sections of this name in the agent's system prompt"
        raise SpecError(name, problem, remedy="Leave one of them in the prompt.")
    if not found and any(loose[1] == name for loose in _LOOSE.finditer(prompt)):
        heading = f"## Expert {name}"
        problem = f"has a line {heading!r} in the agent's system prompt that does not stand alone"
        raise SpecError(name, problem, remedy="Put an empty line before and behind it, or take the section out.")
    return found[0] if found else None


def check_texts(spec: ExpertSpec) -> None:
    """Refuse texts that would be taken for the beginning or the end of a section.

    Raises:
        SpecError: There is such a text.
    """
    for field, text in (("description", spec.description), ("prompt", spec.prompt or "")):
        found = _OURS.search(text.strip())
        if found:
            raise SpecError(
                f"{spec.name}.{field}",
                f"has a paragraph {found[0].strip()[:40]!r}, which marks the sections of experts in v2's system prompt",
                remedy="Word it differently, for example with a heading of another level.",
            )


def with_section(prompt: str, spec: ExpertSpec) -> str:
    """The prompt with the section of an expert, in the place of the one it has or at the end."""
    section, text = section_of(prompt, spec.name), expert_section(spec)
    if section is not None:
        if same_text(prompt[section.start : section.end], text):
            return prompt
        return prompt[: section.start] + text + prompt[section.end :]
    return f"{prompt}{_BETWEEN}{text}" if prompt else text


def without_section(prompt: str, section: Section) -> str:
    """The prompt without a section; everything around it stays as it is."""
    before, behind = prompt[: section.start], prompt[section.end :]
    if before:
        return re.sub(rf"{_GAP}\Z", "", before) + behind
    return re.sub(rf"\A{_GAP}", "", behind)


def _sections(prompt: str) -> Iterator[Section]:
    headings = list(_HEADING.finditer(prompt))
    for number, heading in enumerate(headings):
        if heading[2] != "Expert":
            continue
        following = headings[number + 1].start() if number + 1 < len(headings) else len(prompt)
        tools = _TOOLS.search(prompt, heading.end(), following)
        names = tuple(name.strip() for name in tools[1].split(", ")) if tools else ()
        yield Section(heading[3], heading.end("gap"), tools.end() if tools else following, names)

"""What people read in a card, from a file where its author wrote it there (design D9)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentkit.errors import SpecError, WireError
from agentkit.models import AgentSkill, Json
from agentkit.wire.jsontext import parse_json
from agentkit.wire.reader import Reader

_MODES: Final = ("text/plain", "application/json")
_SIZE_LIMIT: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class CardTexts:
    """The words of a card; what is None or empty comes from the agent.

    Attributes:
        name: What people call the agent; its tasks are kept under the name it has in code.
        description: What it is for.
        version: The agent's own version.
        provider: Organization and its address.
        documentation_url: Where a human reads on.
        icon_url: A picture.
        input_modes: Media types of parts the agent takes (A2A-SEND-06).
        output_modes: Media types it answers with.
        skills: What it can do.
    """

    name: str | None = None
    description: str | None = None
    version: str = "0.1.0"
    provider: tuple[str, str] | None = None
    documentation_url: str | None = None
    icon_url: str | None = None
    input_modes: Sequence[str] = _MODES
    output_modes: Sequence[str] = _MODES
    skills: Sequence[AgentSkill] = ()


def read_card_texts(path: Path) -> CardTexts:
    """The words of a card file, for example one that `agentkit card write` wrote and somebody improved.

    Addresses, capabilities and security in it play no part: those follow from how the agent is served.

    Raises:
        SpecError: The file cannot be read, or is no card.
    """
    place = str(path)
    try:
        with path.open("rb") as file:
            body = file.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise SpecError(place, f"cannot be read: {error.strerror or type(error).__name__}") from None
    if len(body) > _SIZE_LIMIT:
        raise SpecError(place, "is larger than a card can be")
    try:
        return _texts(Reader(parse_json(body), ""))
    except WireError as error:
        raise SpecError(place, f"is no agent card: {error.path or 'the document'} {error.detail}") from None


def pretty(document: Json) -> str:
    """A document as it is committed: indented, keys sorted, with a line break at the end."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _texts(card: Reader) -> CardTexts:
    plain = CardTexts()
    return CardTexts(
        name=card.optional_text("name"),
        description=card.optional_text("description"),
        version=card.optional_text("version") or plain.version,
        provider=card.nested("provider", _provider),
        documentation_url=card.optional_text("documentationUrl"),
        icon_url=card.optional_text("iconUrl"),
        input_modes=card.texts("defaultInputModes") or _MODES,
        output_modes=card.texts("defaultOutputModes") or _MODES,
        skills=card.items("skills", _skill),
    )


def _provider(value: object, path: str) -> tuple[str, str]:
    provider = Reader(value, path)
    return provider.words("organization"), provider.words("url")


def _skill(value: object, path: str) -> AgentSkill:
    skill = Reader(value, path)
    return AgentSkill(
        id=skill.words("id"),
        name=skill.words("name"),
        description=skill.words("description"),
        tags=skill.texts("tags"),
        examples=skill.texts("examples"),
        input_modes=skill.texts("inputModes"),
        output_modes=skill.texts("outputModes"),
        security=skill.raw("securityRequirements"),
    )

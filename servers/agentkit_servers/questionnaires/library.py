"""The bundled instruments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from agentkit.interviewing import Questionnaire, Scoring, load


class Instrument(BaseModel):
    """A questionnaire that may be bundled: with its license, its source, its notice and its scoring."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    license: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    notice: Annotated[str, Field(min_length=1)]
    questionnaire: Questionnaire
    scoring: Scoring

    @property
    def id(self) -> str:
        """The questionnaire's id."""
        return self.questionnaire.questionnaire_id

    @property
    def version(self) -> str:
        """The questionnaire's version as text."""
        return str(self.questionnaire.version)

    @property
    def title(self) -> str:
        """What the questionnaire is called."""
        return self.questionnaire.title or self.id


def _load() -> Iterator[Instrument]:
    folder = resources.files("agentkit_servers.questionnaires") / "data"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".json"):
            content = json.loads(file.read_bytes())
            load(content["questionnaire"])
            yield Instrument.model_validate(content)


BUNDLED: Final[Mapping[str, Instrument]] = {instrument.id: instrument for instrument in _load()}
"""Every bundled instrument by its id. Loaded on import: a file that is not sound, or lacks its license, source or
notice, never gets as far as a person."""


def find(name: str) -> Instrument | None:
    """The instrument a person means by its id or title; case, spaces and hyphens do not matter."""
    wanted = _plain(name)
    for instrument in BUNDLED.values():
        if wanted in {_plain(instrument.id), _plain(instrument.title)}:
            return instrument
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())

"""The bundled instruments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Final

from agentkit_servers.questionnaires.models import Instrument


def _load() -> Iterator[Instrument]:
    folder = resources.files("agentkit_servers.questionnaires") / "data"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".json"):
            yield Instrument.model_validate_json(file.read_bytes())


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

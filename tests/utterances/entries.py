"""The entries of the suite, as the two files hold them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentkit.models import JsonObject

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """An utterance and what is right for it.

    Attributes:
        id: Its name.
        said: The message.
        earlier: What the same person said before in the conversation.
        expert: Who makes the decisive call; None where there is no right call.
        tool: Which tool is called.
        arguments: With exactly this.
        may: What may be there beside, with its value or `*`.
        never: Tools that must not be called with success.
    """

    id: str
    said: str
    earlier: tuple[str, ...]
    expert: str | None
    tool: str | None
    arguments: JsonObject
    may: JsonObject
    never: tuple[str, ...]


def entries(name: str) -> list[Entry]:
    """The entries of `tuned` or `held_out`."""
    with (FOLDER / f"{name}.toml").open("rb") as file:
        listed = tomllib.load(file)["utterance"]
    return [
        Entry(
            id=one["id"],
            said=one["said"],
            earlier=tuple(one.get("earlier", ())),
            expert=None if one.get("unanswerable") else one["expert"],
            tool=None if one.get("unanswerable") else one["tool"],
            arguments=one.get("arguments", {}),
            may=one.get("may", {}),
            never=tuple(one.get("never", ())),
        )
        for one in listed
    ]

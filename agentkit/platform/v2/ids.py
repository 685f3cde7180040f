"""Ids as v2 spells them: a prefix in front of the bare UUID that is kept (V2-ID-01, V2-ID-02, V2-MIG-02)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from agentkit.models.ids import BARE_ID

_BARE_LENGTH: Final = 36


class Kind(StrEnum):
    """What an id is of; the value is its prefix.

    Here ids are written and read by the thousand, and whatever comes in is answered in the words of its plane; users'
    code has the types of `agentkit.models.ids`.
    """

    AGENT = "agt"
    CONNECTOR = "con"
    CONTEXT = "ctx"
    TASK = "task"
    MESSAGE = "msg"
    ARTIFACT = "art"
    FEEDBACK = "fb"
    USER = "usr"
    SPAN = "span"


_SHOWN: Final = {kind: f"{kind.value}." for kind in Kind}


def shown_id(kind: Kind, bare: str) -> str:
    """The id as an answer spells it, for example `agt.0192f4c8-...`."""
    return _SHOWN[kind] + bare


def shown_if_ours(kind: Kind, text: str) -> str:
    """The same for an id that may have been chosen elsewhere: what is no bare UUID is left as it is (V2-ID-02)."""
    return _SHOWN[kind] + text if len(text) == _BARE_LENGTH and BARE_ID.fullmatch(text) else text


def bare_id(kind: Kind, text: str) -> str | None:
    """The bare UUID of an id that came in, with the prefix of its kind or without; None for anything else."""
    bare = text.removeprefix(_SHOWN[kind])
    return bare if len(bare) == _BARE_LENGTH and BARE_ID.fullmatch(bare) else None

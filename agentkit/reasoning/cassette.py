"""Decisions kept in a file, each under the fingerprint of the situation it was made in.

A cassette holds the decisions, with the texts and arguments in them, and of the situations hashes only. Situations hold
no credential, so neither do cassettes; but they hold what was decided about people, so record with made-up ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from agentkit.errors import CassetteError, EngineError
from agentkit.models import Json, JsonObject
from agentkit.reasoning.acts import dump_act, load_act
from agentkit.reasoning.protocol import Act, Situation

MAX_DECISIONS: Final = 10_000
"""Decisions a cassette may hold."""

MAX_BYTES: Final = 32 * 1024 * 1024
"""The largest file that is read as a cassette."""

_FORMAT: Final = 1
_FIELDS: Final = tuple(field.name for field in fields(Situation))
_PRIVATE: Final = 0o600
_EXACT: Final = frozenset({"text", "data", "instructions"})
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
"""A tool's answer often says when it was given, and that is another time in each run."""

Fingerprint = Mapping[str, str]
"""A hash for each field of a situation."""


@dataclass(frozen=True, slots=True, repr=False)
class Decision:
    """An act and the situation it was decided in."""

    fingerprint: Fingerprint
    act: Act


def fingerprint(situation: Situation) -> Fingerprint:
    """The same for equal situations, in every process and at any time.

    Moments in what was found, said or done before count as equal; those in the message itself do not.
    """
    return {name: _digest(value, exact=name in _EXACT) for name, value in asdict(situation).items()}


class Cassette:
    """Decisions in the order in which they were made."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        """Begin with the given decisions."""
        self._decisions = list(decisions)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All of them."""
        return tuple(self._decisions)

    def add(self, situation: Situation, act: Act) -> None:
        """Keep a decision.

        Raises:
            CassetteError: It is full.
        """
        if len(self._decisions) >= MAX_DECISIONS:
            raise CassetteError(f"The cassette holds {MAX_DECISIONS} decisions already.", remedy="Begin another one.")
        self._decisions.append(Decision(fingerprint(situation), act))

    def write(self, path: Path) -> None:
        """Write the whole cassette, readable by its owner only; a file that is there already is replaced at once."""
        content: JsonObject = {
            "format": _FORMAT,
            "decisions": [
                {"situation": dict(one.fingerprint), "decision": dump_act(one.act)} for one in self._decisions
            ],
        }
        beside = path.with_name(f"{path.name}.part")
        with open(beside, "w", encoding="utf-8", opener=_private) as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
        beside.replace(path)

    @classmethod
    def read(cls, path: Path) -> Cassette:
        """Read what `write` wrote.

        Raises:
            CassetteError: The file is missing, too large or no cassette.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                raise CassetteError(f"The cassette is larger than {MAX_BYTES} bytes.")
            content: Json = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise CassetteError(f"The cassette cannot be read: {type(error).__name__}.") from None
        except (ValueError, RecursionError):
            raise CassetteError("The cassette is no JSON.") from None
        written = content.get("format") if isinstance(content, dict) else None
        if written != _FORMAT:
            raise CassetteError(f"The file is no cassette of format {_FORMAT}.", remedy="Record it again.")
        listed = content.get("decisions") if isinstance(content, dict) else None
        if not isinstance(listed, list) or len(listed) > MAX_DECISIONS:
            raise CassetteError(f"The cassette holds no list of at most {MAX_DECISIONS} decisions.")
        return cls(_decision(one, number) for number, one in enumerate(listed, start=1))


def _digest(value: object, *, exact: bool) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = text if exact else _MOMENT.sub("moment", text)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _PRIVATE)


def _decision(entry: Json, number: int) -> Decision:
    """One entry of a file, which anybody may have edited."""
    told = entry.get("situation") if isinstance(entry, dict) else None
    if isinstance(entry, dict) and isinstance(told, dict) and all(isinstance(told.get(name), str) for name in _FIELDS):
        try:
            return Decision({name: str(told[name]) for name in _FIELDS}, load_act(entry.get("decision")))
        except EngineError:
            pass
    raise CassetteError(f"Decision {number} of the cassette cannot be read.", remedy="Record it again.")

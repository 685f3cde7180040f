"""Results in words: a tool's own text where it is readable, else its data in short lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from agentkit.models import Json
from agentkit.reasoning.protocol import Observation
from agentkit.reasoning.rules.facts import flatten
from agentkit.reasoning.rules.words import name_stems, stem

NOTHING_FOUND: Final = "Nothing was found."
"""What to say of a result without content."""

_MISSING: Final = stem("missing")
_MAX_LINES: Final = 60
_MAX_LINE: Final = 300
_MAX_DEPTH: Final = 4
_ERROR_KEYS: Final = ("message", "text", "detail", "description", "title", "reason")
_HINT_KEYS: Final = ("hint", "remedy", "how_to_fix")


def readable(observation: Observation) -> str:
    """The text of a result for a person."""
    text = observation.text.strip()
    if text and parsed(text) is None:
        return text
    data = observation.data if observation.data is not None else parsed(text)
    lines = in_lines(data)
    shown = lines[:_MAX_LINES]
    if len(lines) > len(shown):
        shown.append(f"... and {len(lines) - len(shown)} more lines")
    return "\n".join(line for line in shown if line.strip()) or NOTHING_FOUND


def failure(observation: Observation) -> str:
    """What a failed tool said, for a person: its message and its hint."""
    data = observation.data if isinstance(observation.data, dict) else parsed(observation.text)
    if not isinstance(data, dict):
        return observation.text.strip() or "no reason was given"
    inner = data.get("error")
    body = inner if isinstance(inner, dict) else data
    said = [body[key] for key in (*_ERROR_KEYS, *_HINT_KEYS) if isinstance(body.get(key), str) and body[key]]
    if isinstance(inner, str) and inner:
        said.insert(0, inner)
    return " ".join(str(part) for part in dict.fromkeys(str(part) for part in said)) or "no reason was given"


def lacks(observation: Observation) -> tuple[str, ...]:
    """What a result says is missing before there can be a real one."""
    data = observation.data if isinstance(observation.data, dict) else {}
    listed = next((value for key, value in data.items() if _MISSING in name_stems(key) and value), None)
    return tuple(item for item in listed if isinstance(item, str)) if isinstance(listed, list) else ()


def parsed(text: str) -> Json:
    """The JSON object or list a text holds, else None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def in_lines(value: Json, depth: int = 0) -> list[str]:
    """Data in short lines: one for each item of a list, one for each plain field."""
    if isinstance(value, list):
        return [_item(item) for item in value if item not in (None, "", {}, [])]
    if not isinstance(value, dict):
        return [] if value is None or value == "" else [_plain(value)]
    lines: list[str] = []
    for key, inner in value.items():
        name = " ".join(key.replace("_", " ").split())
        if isinstance(inner, dict | list) and inner and depth < _MAX_DEPTH:
            lines += [f"{name}:", *(f"  {line}" for line in in_lines(inner, depth + 1))]
        elif inner not in (None, "", [], {}):
            lines.append(f"{name}: {_plain(inner)}"[:_MAX_LINE])
    return lines


def joined(texts: Sequence[str]) -> str:
    """Several answers in one, each once."""
    return "\n\n".join(dict.fromkeys(text for text in texts if text.strip()))


def listed(words: Sequence[str], last: str = "or") -> str:
    """`a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _item(item: Json) -> str:
    if isinstance(item, dict):
        facts = flatten(item)
        return ("- " + ", ".join(f"{key} {_plain(value)}" for key, value in facts.items()))[:_MAX_LINE]
    return f"- {_plain(item)}"[:_MAX_LINE]


def _plain(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

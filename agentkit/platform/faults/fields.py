"""Faults as header and file write them: names and values of `Fault`, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from agentkit.errors import ConfigurationError
from agentkit.platform.faults.rules import Fault
from agentkit.platform.realm.records import WrongToken


def make_fault(values: Mapping[str, object]) -> Fault:
    """A fault of plain values by the names of its fields.

    Raises:
        ConfigurationError: A name is unknown or a value does not fit; the error names it, not its value.
    """
    checked: dict[str, object] = {}
    for name, value in values.items():
        if name not in _FIELDS:
            shown = name if name.isidentifier() else "fault"
            raise ConfigurationError(shown, "is none of a fault", remedy=f"Known are {', '.join(sorted(_FIELDS))}.")
        checked[name] = _FIELDS[name](name, value)
    return Fault(**checked)  # pyright: ignore[reportArgumentType]


def whole(name: str, value: object) -> int:
    """A whole number.

    Raises:
        ConfigurationError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigurationError(name, "must be a whole number")
    return value


def number(name: str, value: object) -> float:
    """A number.

    Raises:
        ConfigurationError: It is none.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ConfigurationError(name, "must be a number")
    try:
        return float(value)
    except OverflowError:
        raise ConfigurationError(name, "is too large") from None


def flag(name: str, value: object) -> bool:
    """Yes or no.

    Raises:
        ConfigurationError: It is neither.
    """
    if not isinstance(value, bool):
        raise ConfigurationError(name, "must be true or false")
    return value


def text(name: str, value: object) -> str:
    """Text.

    Raises:
        ConfigurationError: It is none.
    """
    if not isinstance(value, str):
        raise ConfigurationError(name, "must be text")
    return value


def _seconds_or_date(name: str, value: object) -> str:
    return text(name, str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def _when(name: str, value: object) -> str:
    if value not in ("before", "after"):
        raise ConfigurationError(name, "must be before or after")
    return str(value)


def _token(name: str, value: object) -> WrongToken:
    if value not in [*WrongToken]:
        raise ConfigurationError(name, f"must be one of {', '.join(WrongToken)}")
    return WrongToken(str(value))


_FIELDS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "status": whole,
    "retry_after": _seconds_or_date,
    "rate_limit_reset": whole,
    "when": _when,
    "latency": number,
    "garbage": flag,
    "drop": flag,
    "cut_events": whole,
    "cut_bytes": whole,
    "token": _token,
    "slow_experts": number,
}

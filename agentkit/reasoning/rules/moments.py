"""Dates and times of day from a message in the parameters that want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.parameters import Parameter, Role
from agentkit.reasoning.rules.placing import Filling, put
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.values import DateSpan


def place_dates(takes: Sequence[Parameter], reading: Reading, filling: Filling, tool: Tool) -> None:
    """Put each date into the one parameter its words point at."""
    free = [span for span in reading.dates if filling.is_free(span)]
    by_role: dict[Role, list[DateSpan]] = {}
    for span in free:
        by_role.setdefault(span.role, []).append(span)
    for parameter in takes:
        if parameter.name in filling.arguments:
            continue
        lone = len(takes) == 1 and parameter.role is Role.PLAIN and len(free) == 1 and free[0].role is not Role.BIRTH
        for span in free if lone else _candidates(parameter.role, by_role):
            if any(put(parameter, [value], filling, tool, span) for value in _spellings(parameter.role, span)):
                break


def _candidates(role: Role, by_role: Mapping[Role, list[DateSpan]]) -> list[DateSpan]:
    exact = by_role.get(role, []) if role is not Role.PLAIN else []
    plain = by_role.get(Role.PLAIN, [])
    if exact:
        return exact[:1] if len(exact) == 1 else []
    if role in {Role.FROM, Role.UNTIL}:
        return plain if len(plain) == 1 and (plain[0].within or len(plain[0].value) == 10) else []
    if role is Role.BIRTH:
        return plain if len(plain) == 1 and not plain[0].within and len(plain[0].value) == 10 else []
    return plain if len(plain) == 1 else []


def _spellings(role: Role, span: DateSpan) -> tuple[str, ...]:
    full = span.last if role is Role.UNTIL else span.first
    if role is Role.FROM or role is Role.UNTIL:
        return (span.value, full, f"{full}T00:00:00Z")
    return (span.value,)


def place_time(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    """Give the one time of day to a parameter."""
    free = [span for span in reading.times if filling.is_free(span)]
    if len({span.value for span in free}) == 1:
        spellings = (free[0].value, f"{free[0].value}:00")
        next((True for value in spellings if put(parameter, [value], filling, tool, *free)), None)

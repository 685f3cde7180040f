"""Dates of a pregnancy."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from agentkit_servers.calculator.core import Calculator, Citation, Day, Integer, NotApplicable, Values, Working

_TERM: Final = timedelta(days=280)
_TO_CONCEPTION: Final = timedelta(days=14)
_USUAL_CYCLE: Final = 28
_LONGEST: Final = 44 * 7

_LAST_PERIOD: Final = Day(
    name="last_menstrual_period",
    title="First day of the last menstrual period",
    synonyms=("lmp", "last_period"),
    assumable=False,
)
_ACOG: Final = Citation(
    "American College of Obstetricians and Gynecologists. Committee opinion 700: methods for estimating the due date."
    " Obstet Gynecol 2017;129:e150-4",
    "10.1097/AOG.0000000000002046",
)


def _moved(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        raise NotApplicable("the date lies beyond the calendar") from None


def _due(values: Values, working: Working) -> date:
    start, cycle = values.day(_LAST_PERIOD.name), int(values.number("cycle_length"))
    result = _moved(start, _TERM + timedelta(days=cycle - _USUAL_CYCLE))
    working.step(f"{start} + 280 d + ({cycle} - 28) d = {result}")
    return result


def _conception(values: Values, working: Working) -> date:
    start = values.day(_LAST_PERIOD.name)
    result = _moved(start, _TO_CONCEPTION)
    working.step(f"{start} + 14 d = {result}")
    return result


def _gestation(values: Values, working: Working) -> float:
    start, on = values.day(_LAST_PERIOD.name), values.day("on")
    days = (on - start).days
    if days < 0:
        raise NotApplicable("the date lies before the last menstrual period")
    weeks, rest = divmod(days, 7)
    working.step(f"{start} to {on}: {days} d = {weeks} weeks {rest} days")
    working.also("Weeks and days", f"{weeks} weeks {rest} days", "")
    if days > _LONGEST:
        working.outside("More than 44 weeks: the date of the last menstrual period may be wrong.")
    return float(days)


CALCULATORS: Final = (
    Calculator(
        id="due-date@2017",
        title="Due date of a pregnancy",
        category="pregnancy and newborn",
        summary="Estimated date of delivery from the last menstrual period and the length of the cycle.",
        synonyms=("estimated due date", "edd", "naegele", "delivery date"),
        inputs=(
            _LAST_PERIOD,
            Integer(
                name="cycle_length",
                title="Length of the cycle in days",
                low=20,
                high=45,
                synonyms=("cycle",),
                assumable=False,
            ),
        ),
        compute=_due,
        formula="last menstrual period + 280 days + (cycle length - 28) days",
        unit="date",
        decimals=0,
        citations=(_ACOG,),
        validity="Regular cycles and a certain last period; ultrasound may correct the date.",
    ),
    Calculator(
        id="conception-date@2017",
        title="Date of conception",
        category="pregnancy and newborn",
        summary="Estimated date of conception from the last menstrual period.",
        synonyms=("conception",),
        inputs=(_LAST_PERIOD,),
        compute=_conception,
        formula="last menstrual period + 14 days",
        unit="date",
        decimals=0,
        citations=(_ACOG,),
        validity="Cycles of about 28 days.",
    ),
    Calculator(
        id="gestational-age@2017",
        title="Gestational age",
        category="pregnancy and newborn",
        summary="How long a pregnancy has lasted, in weeks and days.",
        synonyms=("weeks of pregnancy", "pregnancy weeks"),
        inputs=(
            _LAST_PERIOD,
            Day(name="on", title="Date for which it is wanted", synonyms=("date", "current_date"), assumable=False),
        ),
        compute=_gestation,
        formula="days from the last menstrual period, as completed weeks and days",
        unit="d",
        decimals=0,
        citations=(_ACOG,),
        validity="A certain last menstrual period.",
    ),
)

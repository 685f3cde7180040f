"""Dates and times of day in their usual forms; what can be read in two ways is none."""

from __future__ import annotations

import pytest

from agentkit.reasoning.rules.quantities import Quantity, measured, quantities
from agentkit.reasoning.rules.times import times
from agentkit.reasoning.rules.values import dates


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04",
        "4 March 2026",
        "4th of March, 2026",
        "March 4th, 2026",
        "Mar 4 2026",
        "04-Mar-2026",
        "4Mar2026",
        "04.03.2026",
        "4. 3. 2026",
        "2026/03/04",
        "Wednesday, 4 March 2026",
    ],
)
def test_a_day_is_read_in_every_usual_form(text: str) -> None:
    assert [span.value for span in dates(f"on {text} please")] == ["2026-03-04"]


@pytest.mark.parametrize(
    ("text", "day"), [("24/12/2026", "2026-12-24"), ("12/24/2026", "2026-12-24"), ("5/5/2026", "2026-05-05")]
)
def test_of_day_and_month_with_slashes_only_what_is_clear_is_read(text: str, day: str) -> None:
    assert [span.value for span in dates(text)] == [day]


@pytest.mark.parametrize("text", ["3/4/2026", "31/04/2026", "32.01.2026", "4 March", "13/13/2026"])
def test_what_is_unclear_or_no_day_is_none(text: str) -> None:
    assert [span.value for span in dates(text) if len(span.value) == 10] == []


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("14:30", "14:30"),
        ("at 9:05 h", "09:05"),
        ("2:30 pm", "14:30"),
        ("2.30 p.m.", "14:30"),
        ("9am", "09:00"),
        ("12 am", "00:00"),
        ("12:15 PM", "12:15"),
        ("1430h", "14:30"),
        ("0700 hrs", "07:00"),
        ("14h30", "14:30"),
        ("at noon", "12:00"),
        ("7 o'clock", "07:00"),
    ],
)
def test_a_time_of_day_is_read_on_the_24_hour_clock(text: str, time: str) -> None:
    assert [span.value for span in times(text, ())] == [time]


@pytest.mark.parametrize("text", ["at 9", "25:00", "10:75", "13 pm", "1.63 m", "0 am", "12:30:45", "ratio 1:2"])
def test_what_is_no_time_of_day_is_none(text: str) -> None:
    assert times(text, ()) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("97 umol/L", [("97", "umol/L")]),
        ("54,5 kg and 163cm", [("54.5", "kg"), ("163", "cm")]),
        ("a 67-year-old", [("67", "-year-old")]),
        ("118/76 mmHg", [("118", "mmHg"), ("76", "mmHg")]),
        ("150 10^9/L", [("150", "10^9/L")]),
        ("HR 88/min", [("88", "/min")]),
        ("72 M", [("72", "")]),
        ("ABC-12 and v2.1.3", []),
    ],
)
def test_a_number_keeps_its_unit(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.value, one.unit) for one in quantities(text, ())] == found


def test_what_is_said_in_parts_is_one() -> None:
    (found,) = quantities("5 ft 9 in", ())
    assert found == Quantity("5", 0, 9, "ft", parts="5 ft 9 in")


@pytest.mark.parametrize(
    ("one", "other"),
    [("cm", "feet"), ("kg", "lbs"), ("mg/dL", "g/L"), ("yo", "years"), ("bpm", "/min"), ("mL", "litres")],
)
def test_units_of_the_same_are_told_from_others(one: str, other: str) -> None:
    assert measured(one) == measured(other)
    assert measured(one) != measured("mmHg")

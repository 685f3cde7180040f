"""What several scores share: items with one threshold, and measures that only scores use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agentkit_servers.calculator.core import Integer, Item, Quantity, Valid, Values, Working, quantity, rule
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.measures import Measure, spoken
from agentkit_servers.calculator.core.numbers import Condition, exact, probes, shown

ADULTS: Final = Valid("age", ">= 18", "The score was derived in adults.")

TROPONIN_RATIO: Final = Measure(
    name="troponin_ratio",
    sample="0.6",
    title="Troponin, times the upper limit of normal",
    unit="1",
    plausible=(0, 1_000_000),
)
CALF_DIFFERENCE: Final = Measure(
    name="calf_difference",
    sample="2 cm",
    title="Calf circumference above that of the other leg",
    unit="cm",
    us="cm",
    si="cm",
    plausible=(-30, 30),
)
DURATION: Final = Measure(
    name="duration",
    sample="30 min",
    title="Duration of symptoms",
    unit="min",
    us="min",
    si="min",
    plausible=(0, 100_000),
)
IMMATURE_NEUTROPHILS: Final = Measure(
    name="bands",
    sample="5 %",
    title="Immature neutrophils (bands)",
    unit="%",
    us="%",
    si="%",
    plausible=(0, 100),
    unit_always=True,
)
PF_RATIO: Final = Measure(
    name="pao2_fio2_ratio", sample="320 mmHg", title="PaO2/FiO2", unit="mmHg", us="mmHg", si="kPa", plausible=(10, 3400)
)
AA_GRADIENT: Final = Measure(
    name="aa_gradient",
    sample="150 mmHg",
    title="Alveolar-arterial oxygen gradient",
    unit="mmHg",
    us="mmHg",
    si="kPa",
    plausible=(-50, 700),
)
DRINKS: Final = Measure(
    name="drinks_per_week",
    sample="3",
    title="Alcoholic drinks per week",
    unit="1",
    plausible=(0, 300),
    synonyms=("alcohol",),
)
GCS: Final = Integer(
    name="gcs",
    title="Glasgow Coma Scale",
    description="Sum of eye, verbal and motor response; unknown where a component is not testable.",
    synonyms=("glasgow_coma_scale", "gcs_total"),
    low=3,
    high=15,
)


def excluded(measure: Measure, condition: str) -> Quantity:
    """A quantity of which several comparisons are made: no says that none holds; read it with `holds`."""
    return _worded(measure, f"A number, or no where it is not {condition}", {False: False})


def _compared(measure: Measure, condition: str) -> Quantity:
    return _worded(measure, f"A number, or yes or no to: {condition}", {True: True, False: False})


def _worded(measure: Measure, described: str, words: Mapping[bool, bool]) -> Quantity:
    return replace(quantity(measure, description=f"{described} {spoken(measure.unit)}".rstrip() + "."), words=words)


def holds(values: Values, name: str, condition: str) -> bool:
    """Whether a quantity fulfils a condition; ages count in completed years (CALC-U1)."""
    said = values.known[name]
    if isinstance(said, bool):
        return said
    number = values.years(name) if name == "age" else values.number(name)
    return Condition.of(condition).holds(number)


def met(measure: Measure, condition: str, points: float, title: str) -> Item:
    """A quantity that gives points on one side of one threshold; yes or no will do."""
    return either(measure.name, title, points, (measure, condition))


def either(name: str, title: str, points: float, *tests: tuple[Measure, str]) -> Item:
    """Points once where one comparison or more holds.

    A measure with one comparison takes yes or no as well, one with several takes no: none holds.
    """
    by_measure: dict[str, tuple[Measure, list[str]]] = {}
    for measure, condition in tests:
        by_measure.setdefault(measure.name, (measure, []))[1].append(condition)
    return rule(
        name,
        title,
        [
            _compared(measure, conditions[0]) if len(conditions) == 1 else excluded(measure, " or ".join(conditions))
            for measure, conditions in by_measure.values()
        ],
        lambda values: points if any(holds(values, measure.name, condition) for measure, condition in tests) else 0,
        " or ".join(f"{measure.name} {condition}" for measure, condition in tests) + f" {points:g}",
        normal=0 if all(measure.assumable for measure, _ in tests) else None,
        probes={
            one: tuple(probes([(condition, points) for condition in conditions]))
            for one, (_, conditions) in by_measure.items()
        },
    )


def derived(working: Working, text: str) -> None:
    """Show a value that was worked out from others, before the items that use it."""
    working.steps.insert(0, text)


def ratio(numerator: float, denominator: float) -> float:
    """A quotient of two numbers as they were written, so that 84 / 0.21 is 400 and not less."""
    return float(exact(numerator) / exact(denominator))


MEAN_PRESSURE: Final = Quantity(
    name=m.MAP.name,
    title=m.MAP.title,
    description="Where it is not given it is worked out from sbp and dbp.",
    synonyms=m.MAP.synonyms,
    required=False,
    measure=m.MAP,
)
"""Goes with `quantity(m.SBP)` and `quantity(m.DBP)` in one item; see `mean_pressure`."""


def mean_pressure(values: Values) -> float:
    """The mean arterial pressure in mmHg: as given, else (systolic + 2 diastolic) / 3."""
    given = values.optional(m.MAP.name)
    return given if given is not None else ratio(values.number("sbp") + 2 * values.number("dbp"), 3)


def show_mean_pressure(values: Values, working: Working) -> None:
    """Show how the mean arterial pressure was worked out, where it was."""
    if not values.has(m.MAP.name) and values.has("sbp") and values.has("dbp"):
        derived(working, f"mean arterial pressure = (sbp + 2 x dbp) / 3 = {shown(mean_pressure(values))} mmHg")

"""The words of units: atoms, prefixes, and how people spell them (clinical reference 3.2)."""

from __future__ import annotations

from typing import Final

BASES: Final = ("g", "m", "s", "mol", "K", "U", "eq", "osm", "mmHg", "[bsa]", "[ddu]", "[ifcc]")
"""Base units. Activity, equivalents, osmoles, pressure, body surface, D-dimer units and IFCC units of HbA1c stand for
themselves, so that only what really is the same quantity converts by scaling."""

ATOMS: Final[dict[str, tuple[str, dict[str, int]]]] = {
    "g": ("1", {"g": 1}),
    "lb": ("453.59237", {"g": 1}),
    "oz": ("28.349523125", {"g": 1}),
    "m": ("1", {"m": 1}),
    "in": ("0.0254", {"m": 1}),
    "ft": ("0.3048", {"m": 1}),
    "L": ("0.001", {"m": 3}),
    "s": ("1", {"s": 1}),
    "min": ("60", {"s": 1}),
    "h": ("3600", {"s": 1}),
    "d": ("86400", {"s": 1}),
    "wk": ("604800", {"s": 1}),
    "mo": ("2629800", {"s": 1}),
    "a": ("31557600", {"s": 1}),
    "mol": ("1", {"mol": 1}),
    "U": ("1", {"U": 1}),
    "Eq": ("1", {"eq": 1}),
    "Osm": ("1", {"osm": 1}),
    "mmHg": ("1", {"mmHg": 1}),
    "mm[Hg]": ("1", {"mmHg": 1}),
    "Pa": ("0.00750062", {"mmHg": 1}),
    "atm": ("760", {"mmHg": 1}),
    "%": ("1/100", {}),
    "[bsa]": ("1", {"[bsa]": 1}),
    "[ddu]": ("1", {"[ddu]": 1}),
    "[ifcc]": ("1", {"[ifcc]": 1}),
}
"""Each in base units. A year has 365.25 days and a month is its twelfth, as in UCUM; 1 kPa is 7.50062 mmHg (3.2)."""

PREFIXABLE: Final = frozenset({"g", "m", "L", "s", "mol", "U", "Eq", "Osm", "Pa"})
PREFIXES: Final = {
    "k": "1000",
    "h": "100",
    "d": "1/10",
    "c": "1/100",
    "m": "1/1000",
    "u": "1/1000000",
    "n": "1/1000000000",
    "p": "1/1000000000000",
    "f": "1/1000000000000000",
}

TEMPERATURES: Final = {"K": ("1", "0"), "Cel": ("1", "273.15"), "[degF]": ("5/9", "45967/180")}
"""Factor to and zero in kelvin; they never stand in a compound unit."""

EXACT_TERMS: Final = {"M": "mol/L", "mM": "mmol/L", "uM": "umol/L", "nM": "nmol/L", "pM": "pmol/L"}
"""Concentrations, where capital letters do decide."""

_CELSIUS: Final = (
    "cel", "c", "deg c", "degc", "celsius", "celsisus", "degree celsius", "degrees celsius", "degrees celsisus",
    "deg celsius", "centigrade", "degrees centigrade", "degrees c", "degree c",
)  # fmt: skip
_FAHRENHEIT: Final = (
    "[degf]", "f", "deg f", "degf", "fahrenheit", "fahreinheit", "degree fahrenheit", "degrees fahrenheit",
    "degrees fahreinheit", "deg fahrenheit", "degrees f", "degree f",
)  # fmt: skip
_PER_MINUTE: Final = (
    "bpm", "beats per minute", "beat per minute", "breaths per minute", "beats/min", "breaths/min", "beats / min",
    "breaths / min", "per minute", "per min", "rpm", "br/min", "beats/minute", "breaths/minute",
)  # fmt: skip

WHOLE: Final = {
    **dict.fromkeys(_CELSIUS, "Cel"),
    **dict.fromkeys(_FAHRENHEIT, "[degF]"),
    **dict.fromkeys(_PER_MINUTE, "/min"),
    **dict.fromkeys(("k", "kelvin"), "K"),
    **dict.fromkeys(("y.o.", "y/o", "yo", "-year-old", "year-old"), "a"),
    **dict.fromkeys(("percent", "per cent", "pct", "% o2", "vol%"), "%"),
    **dict.fromkeys(("fraction", "ratio", "unitless", "dimensionless", "none", "ph", "(no units)", "no unit"), "1"),
    **dict.fromkeys(("per day", "daily", "times daily", "times per day", "times a day", "x/day", "doses/day"), "/d"),
    "mmol/mol": "[ifcc]",
    **dict.fromkeys(("x10^9 cells/l", "giga/l", "gpt/l", "g pt/l"), "10*9/L"),
}
"""Spellings of a whole unit."""

TERMS: Final = {
    **dict.fromkeys(("mcg", "ug", "microgram", "micrograms", "gamma"), "ug"),
    **dict.fromkeys(("lbs", "pound", "pounds", "[lb_av]"), "lb"),
    **dict.fromkeys(("ounce", "ounces", "[oz_av]"), "oz"),
    **dict.fromkeys(("gm", "gms", "gram", "grams"), "g"),
    **dict.fromkeys(("kgs", "kilogram", "kilograms", "kilo", "kilos"), "kg"),
    **dict.fromkeys(("milligram", "milligrams", "mgs"), "mg"),
    **dict.fromkeys(("meter", "meters", "metre", "metres"), "m"),
    **dict.fromkeys(("centimeter", "centimeters", "centimetre", "centimetres", "cms"), "cm"),
    **dict.fromkeys(("inch", "inches", "[in_i]", '"'), "in"),
    **dict.fromkeys(("foot", "feet", "[ft_i]"), "ft"),
    **dict.fromkeys(("liter", "liters", "litre", "litres", "lt"), "L"),
    **dict.fromkeys(("milliliter", "milliliters", "millilitre", "millilitres", "cc"), "mL"),
    **dict.fromkeys(("microliter", "microliters", "microlitre", "mcl"), "uL"),
    **dict.fromkeys(("deciliter", "decilitre"), "dL"),
    **dict.fromkeys(("second", "seconds", "sec", "secs"), "s"),
    **dict.fromkeys(("millisecond", "milliseconds", "msec", "msecs"), "ms"),
    **dict.fromkeys(("minute", "minutes", "mins"), "min"),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("week", "weeks", "wks"), "wk"),
    **dict.fromkeys(("month", "months", "mos"), "mo"),
    **dict.fromkeys(("year", "years", "yr", "yrs", "y", "yo", "years old", "year old", "yrs old", "yr old"), "a"),
    **dict.fromkeys(("iu", "[iu]", "unit", "units", "international units"), "U"),
    **dict.fromkeys(("uiu", "mcu", "mciu", "u[iu]"), "uU"),
    **dict.fromkeys(("miu", "m[iu]"), "mU"),
    **dict.fromkeys(("meq", "milliequivalents"), "mEq"),
    **dict.fromkeys(("mole", "moles"), "mol"),
    **dict.fromkeys(("mm hg", "mmhg", "mm[hg]", "torr", "millimeters of mercury"), "mmHg"),
    **dict.fromkeys(("cu mm", "cumm", "cubic mm", "cubic millimeter", "mcl"), "mm3"),
    **dict.fromkeys(("cubic meter", "cubic m"), "m3"),
    **dict.fromkeys(("sqm", "sq m", "m^2"), "m2"),
    **dict.fromkeys(("cell", "cells", "platelets", "count", "wbc", "beats", "breaths", "feu"), "1"),
    "ddu": "[ddu]",
    **dict.fromkeys(("k", "thou", "thousand"), "1000"),
    **dict.fromkeys(("million", "mio", "mil"), "1000000"),
}
"""Spellings of one factor of a unit, in lower case."""

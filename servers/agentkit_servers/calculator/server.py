"""The medical calculator server: search, describe and calculate; it keeps nothing and knows no patient."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, cast

from pydantic import BeforeValidator, Field
from pydantic.config import JsonDict

from agentkit.mcp import ToolError, ToolServer
from agentkit_servers.calculator import registry
from agentkit_servers.calculator.core import Calculator
from agentkit_servers.calculator.core.answer import Calculation
from agentkit_servers.calculator.core.engine import run
from agentkit_servers.calculator.core.plain import BadInput
from agentkit_servers.calculator.pages import CalculatorDocument, CalculatorList, described, listed
from agentkit_servers.release import VERSION
from agentkit_servers.schemas import optional

INSTRUCTIONS: Final = (
    "Computes clinical formulas and scores. Search for a calculator, look up what it asks for, and give every value"
    " with its unit. What is missing is asked for and never assumed. Report the result with its working, formula and"
    " version. A result is no advice on treatment and not for autonomous use."
)

_MOST_LISTED: Final = 25
_SHORT: Final = ("ckd-epi", "cockcroft-gault", "mme")
"""Short names in everyday use, listed beside the slugs; every synonym that fits one calculator alone is taken."""
_LONGEST: Final = 4000


def _with_names(schema: JsonDict) -> None:
    schema["enum"] = [*registry.BY_SLUG, *_SHORT]
    schema["examples"] = ["ckd-epi-creatinine", "bmi"]


def _json_object(value: object) -> object:
    """Models write an object as a text at times."""
    if isinstance(value, str) and len(value) <= _LONGEST and value.lstrip().startswith("{"):
        try:
            return cast("object", json.loads(value))
        except ValueError:
            return value
    return value


Query = Annotated[
    str,
    Field(
        title="Search query",
        description="Words of the name, topic or purpose of a calculator; empty for all.",
        max_length=200,
        examples=["kidney function", "stroke risk"],
    ),
]
CalculatorName = Annotated[
    str,
    Field(
        title="Calculator",
        description="Which calculator, with or without version, such as ckd-epi-creatinine@2021.",
        min_length=1,
        max_length=80,
        json_schema_extra=_with_names,
    ),
]
Inputs = Annotated[
    dict[str, object],
    Field(
        title="Set of inputs",
        description=(
            "The inputs by name. A quantity has value and unit, yes or no is yes, no or unknown, a date is YYYY-MM-DD."
            " Leave out what is not known."
        ),
        max_length=80,
        examples=[{"age": {"value": 61, "unit": "a"}, "sex": "female", "creatinine": {"value": 97, "unit": "umol/L"}}],
    ),
    BeforeValidator(_json_object),
]
Units = Annotated[
    Literal["us", "si"] | None,
    Field(
        title="Units",
        description="What numbers without a unit mean: us (conventional) or si; without it they are refused.",
        json_schema_extra=optional,
    ),
]
Options = Annotated[
    dict[str, object] | None,
    Field(
        title="Options",
        description=(
            "Settings: assume_missing (absent or normal) scores what is missing, allow_implausible (true) computes with"
            " values out of range; others belong to the calculator."
        ),
        examples=[{"assume_missing": None}],
        max_length=10,
        json_schema_extra=optional,
    ),
    BeforeValidator(_json_object),
]


def build_server(database: str | None = None, *, clock: Callable[[], datetime] | None = None) -> ToolServer:
    """Build the medical calculator server.

    Args:
        database: Not used: the server keeps nothing. Every bundled server is built with the same arguments.
        clock: Tells today's date, for the age of dated inputs; None is the time of the machine.
    """
    del database
    server = ToolServer("calculator", title="Medical calculator", instructions=INSTRUCTIONS, version=VERSION)
    _register(server, clock or _now)
    return server


def _register(server: ToolServer, clock: Callable[[], datetime]) -> None:
    @server.tool(title="Search calculators")
    async def search_calculators(query: Query = "") -> CalculatorList:
        """Search or list the medical calculators (formulas, scores, risk models) on offer by topic or name."""
        found = [one for one, _ in registry.ranked(query)]
        return CalculatorList(items=[listed(one) for one in found[:_MOST_LISTED]], total=len(found))

    @server.tool(title="Describe a calculator")
    async def describe_calculator(name: CalculatorName) -> CalculatorDocument:
        """Describe or explain one calculator: inputs with units and ranges, formula, version, citation and validity."""
        return described(_found(name))

    @server.tool(title="Calculate")
    async def calculate(
        name: CalculatorName, inputs: Inputs, units: Units = None, options: Options = None
    ) -> Calculation:
        """Calculate or compute one formula or score, with units converted and the working shown.

        Returns the result, or what is missing, implausible, in a wrong unit or not applicable; then there is no result.
        """
        calculator = _found(name)
        try:
            return run(calculator, inputs, units=units, options=options, today=clock().date())
        except BadInput as fault:
            raise ToolError(str(fault), code="invalid-input", hint=f"For example: {fault.example}") from None


def _found(name: str) -> Calculator:
    found = registry.find(name)
    if found is None:
        candidates = registry.similar(name)
        offered = f"Did you mean {', '.join(candidates)}?" if candidates else "Search for it by topic first."
        raise ToolError(
            "name: there is no such calculator, or several have that name.",
            code="not-found",
            hint=f"{offered} For example name='ckd-epi-creatinine'.",
        )
    return found


def _now() -> datetime:
    return datetime.now(UTC)

"""The types of tool parameters: what they look like, and what they are called in every schema.

A patient reference has one title and one pattern wherever it appears, going in or coming out, so that a client can link
the two by schema. Optional parameters are published as plain types that may be left out, not as unions with null.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from agentkit_servers.ehr.dates import PARTIAL_DATE, span_of
from agentkit_servers.schemas import optional

PATIENT_TITLE: Final = "Patient reference"
PATIENT_PATTERN: Final = r"^Patient/[A-Za-z0-9.-]{1,64}$"
IDENTIFIER_PATTERN: Final = r"^[A-Za-z]{2,8}-[0-9]{3,12}$"

DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 200
MAX_CHARS: Final = 32_768


def _full_reference(value: object) -> object:
    return f"Patient/{value}" if isinstance(value, str) and value and "/" not in value else value


def _real_date(value: str) -> str:
    if span_of(value) is None:
        raise PydanticCustomError("calendar_date", "is not a date of the calendar")
    return value


PatientReference = Annotated[
    str,
    Field(
        title=PATIENT_TITLE,
        description="Which patient: the reference of one patient, as a search for patients returns it.",
        pattern=PATIENT_PATTERN,
        examples=["Patient/p101"],
    ),
    BeforeValidator(_full_reference),
]

PartialDate = Annotated[str, Field(pattern=PARTIAL_DATE), AfterValidator(_real_date)]

Limit = Annotated[
    int, Field(title="Limit", description="How many records to return at most.", ge=1, le=MAX_LIMIT, examples=[25])
]
Cursor = Annotated[
    str | None,
    Field(
        title="Cursor",
        description="Where to go on: the cursor of an earlier, truncated answer to the same question.",
        max_length=1024,
        json_schema_extra=optional,
    ),
]
Detail = Annotated[
    Literal["brief", "full"],
    Field(title="Detail", description="One line per record (brief), or its elements as well (full)."),
]
MaxChars = Annotated[
    int,
    Field(
        title="Largest answer",
        description="How many characters the whole answer may take.",
        ge=1_000,
        le=MAX_CHARS,
        examples=[32_768],
    ),
]
DateFrom = Annotated[
    PartialDate | None,
    Field(
        title="Earliest date",
        description="Only what is dated on or after this date: YYYY-MM-DD, YYYY-MM or YYYY.",
        examples=["2026-01-01", "2026"],
        json_schema_extra=optional,
    ),
]
DateTo = Annotated[
    PartialDate | None,
    Field(
        title="Latest date",
        description="Only what is dated on or before this date: YYYY-MM-DD, YYYY-MM or YYYY.",
        examples=["2026-12-31", "2026"],
        json_schema_extra=optional,
    ),
]
Codes = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=256)]] | None,
    Field(
        title="Codes",
        description="Only these codes, each as `system|code` or as the plain code.",
        examples=[["http://loinc.org|4548-4"]],
        max_length=50,
        json_schema_extra=optional,
    ),
]
WithWithdrawn = Annotated[
    bool,
    Field(
        title="Include entered in error",
        description="Also show records that were withdrawn as entered in error; they are labelled.",
    ),
]

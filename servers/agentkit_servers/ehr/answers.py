"""What the tools answer (clinical reference 1.4 and 1.7): one shape, four kinds of "no data", nothing silent."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from agentkit_servers.ehr.parameters import PATIENT_PATTERN, PATIENT_TITLE


class State(StrEnum):
    """Whether there is an answer, and if not, why not."""

    OK = "ok"
    PARTIAL = "partial"
    NONE_KNOWN = "none-known"
    NOT_RECORDED = "not-recorded"
    NOT_PERMITTED = "not-permitted"
    QUERY_FAILED = "query-failed"


PatientRef = Annotated[
    str, Field(title=PATIENT_TITLE, description="The reference of the patient.", pattern=PATIENT_PATTERN)
]


class Notice(BaseModel):
    """A warning or a failure."""

    code: str = Field(description="Stable word for it")
    text: str = Field(description="What it means for the reader")
    type: str | None = Field(default=None, description="The kind of record concerned")


class Dropped(BaseModel):
    """How many matching records were left out, and why."""

    entered_in_error: int = Field(default=0, description="Withdrawn as entered in error")
    client_filter: int = Field(default=0, description="Delivered by the source although they do not match")


class Item(BaseModel):
    """One line: one record, or several equal ones in a row."""

    ref: str = Field(description="Reference of the record")
    version: str = Field(description="Version of the record")
    date: str | None = Field(description="Date of the record as it was written")
    status: str = Field(description="Status of the record")
    line: str = Field(description="The record in one line")
    count: int = Field(default=1, description="How many equal records in a row the line stands for")
    first_date: str | None = Field(default=None, description="Date of the earliest of them")
    elements: dict[str, str] | None = Field(default=None, description="Named elements, when full detail was asked for")


class Candidate(BaseModel):
    """A patient who matches; nobody has been chosen."""

    patient: PatientRef
    version: str = Field(description="Version of the record")
    name: str = Field(title="Full name of the patient", description="As recorded")
    birth_date: str | None = Field(title="Birth date", description="As recorded, possibly partial")
    sex: str = Field(description="Administrative gender as recorded")
    identifier_tail: str | None = Field(description="The last characters of the record number")
    active: bool = Field(description="Whether the record is in use")
    deceased: str | None = Field(description="Date of death, or `yes`; null for the living")
    replaced_by: str | None = Field(description="Reference of the record that replaces this one")
    matched_on: list[str] = Field(description="What matches, part by part")
    line: str = Field(description="The patient in one line")


class Answer(BaseModel):
    """What every answer says about itself."""

    state: State = Field(description="ok, or which kind of no data")
    returned: int = Field(default=0, description="Number of lines in this answer")
    total: int | None = Field(default=None, description="Number of matching records, over all pages")
    truncated: bool = Field(default=False, description="There is more than this answer holds")
    cursor: str | None = Field(default=None, description="Where to go on when truncated")
    withheld: int = Field(default=0, description="Matching records that may not be shown")
    dropped: Dropped = Field(default_factory=Dropped)
    warnings: list[Notice] = Field(default_factory=list[Notice])
    failures: list[Notice] = Field(default_factory=list[Notice])
    as_of: str = Field(description="When the question was answered")
    text: str = Field(default="", exclude=True)

    def to_text(self) -> str:
        """The answer for a reader."""
        return self.text


class Candidates(Answer):
    """The patients who match the criteria; who of them is meant is for a person to say."""

    items: list[Candidate] = Field(default_factory=list[Candidate], description="Patients who match")


class Records(Answer):
    """Records of one patient."""

    patient: PatientRef
    items: list[Item] = Field(default_factory=list[Item], description="One line per record, newest first")


class Section(BaseModel):
    """One section of a summary."""

    section: str = Field(description="Name of the section")
    state: State = Field(description="ok, or which kind of no data")
    count: int = Field(description="Number of records of this section")
    newest: str | None = Field(description="Date of the newest record")
    truncated: bool = Field(default=False, description="There is more than this summary shows")
    note: str = Field(description="The state in words")
    items: list[Item] = Field(default_factory=list[Item])


class Summary(Answer):
    """The chart of one patient in sections."""

    patient: PatientRef
    line: str = Field(description="The patient in one line")
    sections: list[Section] = Field(default_factory=list[Section], description="Allergies first; none ever left out")

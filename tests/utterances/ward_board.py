"""The ward board of a made-up hospital: a foreign MCP server, written with the plain SDK as any team would write it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

WardName = Literal["cardiology", "surgery", "maternity", "geriatrics", "paediatrics", "icu"]
BedState = Literal["free", "occupied", "cleaning"]
ShiftName = Literal["early", "late", "night"]
LabTest = Literal["blood count", "electrolytes", "coagulation", "troponin", "blood gas", "blood culture"]
Specialty = Literal["internal medicine", "surgery", "anaesthesia", "obstetrics", "paediatrics", "radiology"]
Place = Literal["radiology", "theatre", "dialysis", "endoscopy", "physiotherapy", "discharge lounge"]

Ward = Annotated[WardName, Field(description="The ward.")]
Day = Annotated[date, Field(description="The day, as YYYY-MM-DD.")]
CaseNumber = Annotated[
    str, Field(description="Case number of the present hospital stay.", pattern=r"^C-\d{5}$", examples=["C-40117"])
]


class Bed(BaseModel):
    """A bed of a ward."""

    bed: str = Field(description="Number of the bed")
    state: BedState = Field(description="Whether somebody can be put into it")


class BedList(BaseModel):
    """The beds of a ward."""

    ward: WardName
    beds: list[Bed]


class Duty(BaseModel):
    """Who is on duty."""

    name: str = Field(description="Name of the nurse or doctor")
    pager: str = Field(description="Number of the pager")


class TheatreSlot(BaseModel):
    """Free time in an operating theatre."""

    day: date
    theatre: int = Field(description="Number of the theatre")
    start: str = Field(description="Start, as HH:MM")
    minutes: int = Field(description="Length in minutes")


class Turnaround(BaseModel):
    """How long a laboratory test takes."""

    test: LabTest
    minutes: int = Field(description="Usual minutes from the arrival of the sample to the result")


class Inpatient(BaseModel):
    """Somebody who is in hospital now."""

    case_number: CaseNumber
    name: str = Field(description="Full name")
    ward: WardName
    bed: str = Field(description="Number of the bed")


class InpatientList(BaseModel):
    """The inpatients who match."""

    inpatients: list[Inpatient]


class Transport(BaseModel):
    """A booked transport."""

    booking: str = Field(description="Number of the booking")
    case_number: CaseNumber
    summary: str = Field(description="The booking in one line")


_INPATIENTS: Final = (
    Inpatient(case_number="C-40117", name="Helena Falk", ward="surgery", bed="S-04"),
    Inpatient(case_number="C-40122", name="Oskar Lindqvist", ward="cardiology", bed="C-02"),
    Inpatient(case_number="C-40131", name="Maja Lindqvist", ward="maternity", bed="M-05"),
    Inpatient(case_number="C-40145", name="Robert Okafor", ward="geriatrics", bed="G-07"),
    Inpatient(case_number="C-40150", name="Tuva Brandt", ward="paediatrics", bed="P-01"),
    Inpatient(case_number="C-40163", name="Ahmed Darwish", ward="icu", bed="I-03"),
)
_STAFF: Final = ("Nora Vik", "Jonas Eide", "Petra Holm", "Samir Aziz", "Lise Moen", "Karl Brun", "Ana Costa")
_MINUTES: Final[dict[LabTest, tuple[int, int]]] = {
    "blood count": (90, 30),
    "electrolytes": (75, 25),
    "coagulation": (120, 45),
    "troponin": (60, 40),
    "blood gas": (15, 5),
    "blood culture": (2880, 2880),
}
_READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES: Final = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False)


def ward_board() -> MCPServer:
    """Build the server; every one keeps its own bookings."""
    server = MCPServer(
        "ward-board", instructions="Beds, duties, theatres and transports of the hospital.", version="4.2"
    )
    _add_rosters(server)
    _add_logistics(server)
    return server


def _add_rosters(server: MCPServer) -> None:
    @server.tool(annotations=_READS)
    def list_beds(  # pyright: ignore[reportUnusedFunction]
        ward: Ward,
        state: Annotated[BedState | None, Field(description="Only beds in this state; all beds if omitted.")] = None,
    ) -> BedList:
        """List the beds of a ward and whether they are free, occupied or being cleaned."""
        states: tuple[BedState, ...] = ("occupied", "free", "occupied", "cleaning", "occupied", "occupied", "free")
        beds = [Bed(bed=f"{ward[0].upper()}-{number:02}", state=one) for number, one in enumerate(states, start=1)]
        return BedList(ward=ward, beds=[bed for bed in beds if state in {None, bed.state}])

    @server.tool(annotations=_READS)
    def nurse_on_duty(  # pyright: ignore[reportUnusedFunction]
        ward: Ward,
        shift: Annotated[ShiftName, Field(description="Early is 07-15, late 15-23, night 23-07.")],
        day: Day,
    ) -> Duty:
        """Tell which nurse is in charge of a ward on a shift of a day, with the pager number."""
        place = (day.toordinal() + len(ward) + len(shift)) % len(_STAFF)
        return Duty(name=_STAFF[place], pager=f"61{place:02}")

    @server.tool(annotations=_READS)
    def doctor_on_call(  # pyright: ignore[reportUnusedFunction]
        specialty: Annotated[Specialty, Field(description="The medical specialty.")], day: Day
    ) -> Duty:
        """Tell which doctor (physician) of a specialty is on call on a day, with the pager number."""
        place = (day.toordinal() + len(specialty)) % len(_STAFF)
        return Duty(name=f"Dr {_STAFF[place]}", pager=f"70{place:02}")

    @server.tool(annotations=_READS)
    def lab_turnaround(  # pyright: ignore[reportUnusedFunction]
        test: Annotated[LabTest, Field(description="The kind of laboratory test.")],
        priority: Annotated[Literal["routine", "urgent"], Field(description="Priority of the order.")] = "routine",
    ) -> Turnaround:
        """Tell how long the laboratory takes for a kind of test (turnaround time)."""
        return Turnaround(test=test, minutes=_MINUTES[test][priority == "urgent"])


def _add_logistics(server: MCPServer) -> None:
    bookings: list[Transport] = []

    @server.tool(annotations=_READS)
    def next_theatre_slot(  # pyright: ignore[reportUnusedFunction]
        day: Annotated[date, Field(description="The first day that would do, as YYYY-MM-DD.")],
        minutes: Annotated[int, Field(description="How many minutes the operation takes.", ge=15, le=480)] = 60,
    ) -> TheatreSlot:
        """Find the next free slot in an operating theatre (OR) from a day on."""
        free = day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
        start = f"{8 + free.toordinal() % 5:02}:{'30' if minutes > 90 else '00'}"
        return TheatreSlot(day=free, theatre=1 + free.toordinal() % 3, start=start, minutes=minutes)

    @server.tool(annotations=_READS)
    def find_inpatient(  # pyright: ignore[reportUnusedFunction]
        name: Annotated[str, Field(description="Family name or full name of the inpatient.", min_length=2)],
    ) -> InpatientList:
        """Find people who are in hospital now by name: their case number, ward and bed."""
        wanted = set(name.casefold().split())
        return InpatientList(inpatients=[one for one in _INPATIENTS if wanted <= set(one.name.casefold().split())])

    @server.tool(annotations=_WRITES)
    def book_transport(  # pyright: ignore[reportUnusedFunction]
        case_number: CaseNumber,
        destination: Annotated[Place, Field(description="Where the inpatient is taken.")],
        day: Day,
        time: Annotated[str, Field(description="Pick-up time, as HH:MM.", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")],
        means: Annotated[Literal["walking", "wheelchair", "bed"], Field(description="How the inpatient is moved.")],
    ) -> Transport:
        """Book (order) a porter who takes an inpatient from the ward to another place."""
        found = [one for one in _INPATIENTS if one.case_number == case_number]
        if not found:
            raise ToolError(f"There is no inpatient with the case number {case_number}.")
        line = f"{found[0].name}, {found[0].bed} to {destination} by {means} on {day.isoformat()} at {time}"
        bookings.append(Transport(booking=f"T-{len(bookings) + 1:04}", case_number=case_number, summary=line))
        return bookings[-1]

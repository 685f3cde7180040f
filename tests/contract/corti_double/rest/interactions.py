"""`/v2/interactions/` (REST-01 to REST-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double.ids import bare_id
from tests.contract.corti_double.rest.refusals import Refusal, read
from tests.contract.corti_double.rest.state import Record, now
from tests.contract.corti_double.schema import nullable, shape, text, word

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_STATUS = word("planned", "in-progress", "on-hold", "completed", "cancelled", "deleted")
_TYPE = word("first_consultation", "consultation", "emergency", "inpatient", "outpatient")
_PERIOD = shape({"startedAt": text(20)}, {"endedAt": nullable(text(20))})
_PATIENT = shape(
    {"identifier": text(1)},
    {
        "name": nullable(text()),
        "gender": word("male", "female", "unknown", "other"),
        "birthDate": nullable(text(20)),
        "pronouns": nullable(text()),
    },
)
_REST = {"period": _PERIOD, "title": nullable(text())}
_NEW = shape(
    {"encounter": shape({"identifier": text(1), "status": _STATUS, "type": _TYPE}, _REST)},
    {"assignedUserId": text(1), "patient": _PATIENT},
)
_CHANGES = shape(
    {},
    {
        "encounter": shape({}, {"identifier": text(1), "status": _STATUS, "type": _TYPE, **_REST}),
        "assignedUserId": text(1),
        "patient": _PATIENT,
    },
)
_SORTS = ("id", "assignedUserId", "patient", "createdAt", "endedAt", "updatedAt")


class Interactions:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._double = double
        self._state = double.rest

    async def create(self, request: Request) -> Response:
        """An interaction, and where its audio would be streamed to."""
        body = await read(request, _NEW)
        made, moment = bare_id(), now()
        url = f"wss://api.eu.corti.app/audio-bridge/v2/interactions/{made}/streams?tenant-name={self._double.tenant}"
        self._state.records[made] = Record(
            {
                "id": made,
                "assignedUserId": body.get("assignedUserId") or bare_id(),
                "encounter": {"title": None, "period": {"startedAt": moment, "endedAt": None}, **body["encounter"]},
                # The SDKs refuse an answer without a patient, even where none was given.
                "patient": body.get("patient", {"identifier": "", "name": None}),
                "endedAt": None,
                "createdAt": moment,
                "updatedAt": moment,
                "lastUpdated": moment,
                "websocketUrl": url,
            }
        )
        return JSONResponse({"interactionId": made, "websocketUrl": url}, 201)

    async def list(self, request: Request) -> Response:
        """A page; the newest first unless `direction` is `asc`."""
        asked = request.query_params
        sort, direction = asked.get("sort", "createdAt"), asked.get("direction", "desc")
        size, index = _number(request, "pageSize", 10), _number(request, "index", 1)
        if sort not in _SORTS or direction not in {"asc", "desc"}:
            raise Refusal(400, "bad_query", "The order is not valid.")
        states, patient = asked.getlist("encounterStatus"), asked.get("patient")
        found = [
            record.shown
            for record in self._state.records.values()
            if not states or record.shown["encounter"]["status"] in states
            if patient is None or record.shown["patient"]["identifier"] == patient
        ]
        if sort != "createdAt":
            found.sort(key=lambda shown: str(shown[sort]))
        if direction == "desc":
            found.reverse()
        size = min(size, self._state.most_items)
        return JSONResponse({"interactions": found[(index - 1) * size : index * size]})

    async def get(self, request: Request) -> Response:
        """One."""
        return JSONResponse(self._state.find(request).shown)

    async def update(self, request: Request) -> Response:
        """Change what is given."""
        shown = self._state.find(request).shown
        body = await read(request, _CHANGES)
        shown["encounter"] |= body.pop("encounter", {})
        shown |= {**body, "updatedAt": now(), "lastUpdated": now()}
        return JSONResponse(shown)

    async def delete(self, request: Request) -> Response:
        """Delete it with its parts."""
        self._state.find(request)
        del self._state.records[request.path_params["id"]]
        return Response(status_code=204)


def _number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name, str(default))
    if not given.isdecimal() or int(given) < 1:
        raise Refusal(400, "bad_query", f"The parameter {name} must be greater than 0.")
    return int(given)

"""`/v2/agentic/contexts/{ctx}/tasks/{task}/feedback` (V2-EP-24, V2-EP-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double.bodies import read_body
from tests.contract.corti_double.ids import prefixed_id, read_prefixed_id
from tests.contract.corti_double.running import timestamp
from tests.contract.corti_double.schema import JsonObject, Problem, array, one_of_values, shape, text, word
from tests.contract.corti_double.v2_contexts import find_task

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_LABELS = (
    "correct",
    "complete",
    "helpful",
    "wellPresented",
    "efficient",
    "incorrect",
    "missingInformation",
    "irrelevant",
    "misunderstoodRequest",
    "unsupportedClaim",
    "unsafeOrInappropriate",
    "poorlyPresented",
    "tooVerbose",
    "other",
)
_FIELDS = shape(
    {"rating": shape({"scale": word("binary"), "value": one_of_values(0, 1)}, closed=True)},
    {
        "labels": array(word(*_LABELS), 5, unique=True),
        "reason": text(0, 1000),
        "target": shape({"messageId": text(1)}, closed=True),
        "metadata": shape(
            {},
            {
                "collectionMethod": text(0, 100),
                "clientReference": text(0, 255),
                "actor": shape({"externalId": text(0, 255)}, closed=True),
            },
            closed=True,
        ),
    },
    closed=True,
)


def _create(value: object, path: str, found: list[Problem]) -> None:
    _FIELDS(value, path, found)
    # What is broken already needs no second complaint.
    fields = cast("JsonObject", value) if not found else {}
    if "other" in fields.get("labels", []) and not fields.get("reason"):
        found.append(("reason", "is required with the label other"))


class Feedback:
    """The endpoints; each caller sees its own only."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._double = double
        self._owners: dict[str, str] = {}

    async def create(self, request: Request) -> Response:
        """V2-OBJ-20."""
        task = find_task(self._double, request)
        body = await read_body(request, _create)
        made: JsonObject = {
            "id": prefixed_id("fb"),
            "taskId": task.id,
            **body,
            "labels": body.get("labels", []),
            "normalizedScore": float(body["rating"]["value"]),
            "createdAt": timestamp(self._double.now()),
        }
        task.feedback.insert(0, made)
        self._owners[made["id"]] = request.scope["corti.caller"]
        location = f"{self._double.url}/v2/agentic/contexts/{task.context_id}/tasks/{task.id}/feedback/{made['id']}"
        return JSONResponse(made, 201, {"Location": location})

    async def list(self, request: Request) -> Response:
        """Newest first."""
        return JSONResponse({"feedbacks": self._own(request)})

    async def delete(self, request: Request) -> Response:
        """One of the caller's; what is not there is no error (CON-10)."""
        return self._drop(request, {read_prefixed_id("fb", request.path_params["feedback_id"])})

    async def delete_all(self, request: Request) -> Response:
        """All of the caller's (CON-10)."""
        return self._drop(request, {item["id"] for item in self._own(request)})

    def _own(self, request: Request) -> list[JsonObject]:
        caller = request.scope["corti.caller"]
        return [item for item in find_task(self._double, request).feedback if self._owners[item["id"]] == caller]

    def _drop(self, request: Request, ids: set[str | None]) -> Response:
        task = find_task(self._double, request)
        gone = {item["id"] for item in self._own(request)} & ids
        task.feedback = [item for item in task.feedback if item["id"] not in gone]
        return Response(status_code=204)

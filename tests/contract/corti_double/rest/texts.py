"""Facts and classic documents of an interaction (REST-07, REST-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double.ids import bare_id
from tests.contract.corti_double.rest.refusals import Refusal, read, unknown
from tests.contract.corti_double.rest.state import now, part
from tests.contract.corti_double.schema import JsonObject, Problem, anything, array, by, count, flag, shape, text, word

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_SOURCE = word("core", "system", "user")
_NEW_FACTS = shape({"facts": array(shape({"text": text(1), "group": text(1)}, {"source": _SOURCE}))})
_FACT = {"text": text(1), "group": text(1), "isDiscarded": flag}
_CHANGED_FACTS = shape({"facts": array(shape({"factId": text(1)}, _FACT))})
_CHANGED_FACT = shape({}, {**_FACT, "source": _SOURCE})
_GROUP_ID = "5d0f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a0c"

_UTTERANCE = shape(
    {"text": text()},
    {"channel": count, "speakerId": count, "start": count, "end": count, "participant": anything},
)
_CONTEXT = by(
    "type",
    {
        "facts": shape({"data": array(shape({"text": text(1)}, {"group": text(1), "source": _SOURCE}))}),
        "transcript": shape({"data": _UTTERANCE}),
        "string": shape({"data": text(1)}),
    },
)
_OVERRIDE = shape(
    {"key": text(1)},
    {
        "nameOverride": text(),
        "writingStyleOverride": text(),
        "formatRuleOverride": text(),
        "additionalInstructionsOverride": text(),
        "contentOverride": text(),
    },
)


def _template(value: object, path: str, found: list[Problem]) -> None:
    keys = shape({"sectionKeys": array(text(1))}, {"documentName": text(), "additionalInstructions": text()})
    sections = shape({"sections": array(_OVERRIDE)}, {"description": text(), "additionalInstructionsOverride": text()})
    has_keys = isinstance(value, dict) and "sectionKeys" in value
    (keys if has_keys else sections)(cast("object", value), path, found)


_DOCUMENT_FIELDS = shape(
    {"context": array(_CONTEXT), "outputLanguage": text(2)},
    {
        "templateKey": text(1),
        "template": _template,
        "name": text(),
        "disableGuardrails": flag,
        "documentationMode": word("global_sequential", "routed_parallel"),
    },
)


def _new_document(value: object, path: str, found: list[Problem]) -> None:
    _DOCUMENT_FIELDS(value, path, found)
    if isinstance(value, dict) and ("templateKey" in value) == ("template" in value):
        found.append(("templateKey", "must be given, or template in its place"))


_CHANGED_DOCUMENT = shape(
    {}, {"name": text(), "sections": array(shape({"key": text(1)}, {"name": text(), "text": text(), "sort": count}))}
)


class Facts:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._state = double.rest

    async def list(self, request: Request) -> Response:
        """All, discarded ones too."""
        return JSONResponse({"facts": list(self._state.find(request).facts.values())})

    async def add(self, request: Request) -> Response:
        """Add some."""
        record = self._state.find(request)
        made: list[JsonObject] = []
        for given in (await read(request, _NEW_FACTS))["facts"]:
            fact: JsonObject = {
                "source": "user",
                **given,
                "id": bare_id(),
                "groupId": _GROUP_ID,
                "isDiscarded": False,
                "createdAt": now(),
                "updatedAt": now(),
            }
            record.facts[fact["id"]] = fact
            made.append(fact)
        return JSONResponse({"facts": made}, 201)

    async def update_many(self, request: Request) -> Response:
        """Change some, or none."""
        facts = self._state.find(request).facts
        changes = (await read(request, _CHANGED_FACTS))["facts"]
        if any(change["factId"] not in facts for change in changes):
            raise unknown("fact")
        for change in changes:
            facts[change["factId"]] |= {**{k: v for k, v in change.items() if k != "factId"}, "updatedAt": now()}
        return JSONResponse({"facts": [facts[change["factId"]] for change in changes]})

    async def update(self, request: Request) -> Response:
        """Change one."""
        fact: JsonObject = part(self._state.find(request).facts, request, "fact")
        fact |= {**await read(request, _CHANGED_FACT), "updatedAt": now()}
        return JSONResponse(fact)


class Documents:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._state = double.rest

    async def create(self, request: Request) -> Response:
        """A document that repeats what it was made of."""
        record = self._state.find(request)
        body = await read(request, _new_document)
        if len(body["context"]) != 1 and {each["type"] for each in body["context"]} != {"transcript"}:
            raise Refusal(400, "validation_failed", "Only transcripts may be several.")
        document: JsonObject = {
            "id": bare_id(),
            "name": body.get("name", "Document"),
            "templateRef": body.get("templateKey", "dynamic"),
            "isStream": False,
            "sections": [
                {
                    "key": "corti-summary",
                    "name": "Summary",
                    "text": " ".join(_words(each) for each in body["context"]),
                    "sort": 0,
                    "createdAt": now(),
                    "updatedAt": now(),
                }
            ],
            "createdAt": now(),
            "updatedAt": now(),
            "outputLanguage": body["outputLanguage"],
            "usageInfo": {"creditsConsumed": 1.5},
        }
        record.documents[document["id"]] = document
        return JSONResponse(document, 201)

    async def list(self, request: Request) -> Response:
        """All."""
        return JSONResponse({"data": list(self._state.find(request).documents.values())})

    async def get(self, request: Request) -> Response:
        """One."""
        return JSONResponse(part(self._state.find(request).documents, request, "document"))

    async def update(self, request: Request) -> Response:
        """Change name and sections, the latter by their keys."""
        document: JsonObject = part(self._state.find(request).documents, request, "document")
        body = await read(request, _CHANGED_DOCUMENT)
        for change in body.pop("sections", ()):
            for section in document["sections"]:
                if section["key"] == change["key"]:
                    section.update(change)
        document |= body
        return JSONResponse(document)

    async def delete(self, request: Request) -> Response:
        """Forget it."""
        documents = self._state.find(request).documents
        part(documents, request, "document")
        del documents[request.path_params["part"]]
        return Response(status_code=204)


def _words(context: JsonObject) -> str:
    match context:
        case {"type": "facts", "data": facts}:
            return " ".join(fact["text"] for fact in facts)
        case {"type": "transcript", "data": segment}:
            return segment["text"]
        case _:
            return context["data"]

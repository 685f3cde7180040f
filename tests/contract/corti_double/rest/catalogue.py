"""What belongs to no interaction: groups, extraction, templates, codes, languages (REST-08, REST-11 to REST-13)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double.rest.refusals import Refusal, read, unknown
from tests.contract.corti_double.schema import JsonObject, array, by, flag, shape, text

_TEXT = shape({"text": text(1)})
_EXTRACT = shape({"context": array(by("type", {"text": _TEXT})), "outputLanguage": text(2)})
_PREDICT = shape(
    {
        "system": array(text(1)),
        "context": array(by("type", {"text": _TEXT, "documentId": shape({"documentId": text(1)})})),
    },
    {"filter": shape({}, {"include": array(text()), "exclude": array(text()), "expand": flag})},
)

_SECTION: JsonObject = {
    "updatedAt": "2026-01-02T03:04:05Z",
    "name": "Allergies",
    "alternateName": "Allergies and intolerances",
    "key": "corti-allergies",
    "description": "What the patient does not bear",
    "defaultWritingStyle": {"name": "telegram"},
    "defaultFormatRule": {"name": None},
    "additionalInstructions": "Name the reaction.",
    "content": "Allergies only.",
    "documentationMode": "routed_parallel",
    "type": "text",
    "translations": [{"languageId": "de", "name": "Allergien", "description": None}],
}
_TEMPLATE: JsonObject = {
    "updatedAt": None,
    "name": "Brief note",
    "description": "A note of one section",
    "additionalInstructions": None,
    "key": "corti-brief",
    "status": "published",
    "documentationMode": "global_sequential",
    "templateSections": [{"sort": 0, "section": _SECTION}],
    "translations": [{"languageId": "en", "name": "Brief note", "description": "Short"}],
}
_GROUP: JsonObject = {
    "id": "5d0f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a0c",
    "key": "allergies",
    "translations": [{"id": 1, "languagesId": "en", "name": "Allergies"}],
}
_LANGUAGES: JsonObject = {
    "en": {"name": "English", "endpoints": ["streams", "transcribe", "transcripts"]},
    "gsw-CH": {"name": "Swiss German", "endpoints": ["streams"]},
    "pt": {"name": "Portuguese", "endpoints": ["transcribe", "transcripts"]},
}


async def list_groups(_request: Request) -> Response:
    """The groups of facts."""
    return JSONResponse({"data": [_GROUP]})


async def extract(request: Request) -> Response:
    """One fact per text."""
    body = await read(request, _EXTRACT)
    found = [{"group": "allergies", "value": each["text"], "text": each["text"]} for each in body["context"]]
    language = body["outputLanguage"]
    return JSONResponse({"facts": found, "outputLanguage": language, "usageInfo": {"creditsConsumed": 0.5}})


async def list_templates(request: Request) -> Response:
    """The templates that pass the filters."""
    status, languages = request.query_params.getlist("status"), request.query_params.getlist("lang")
    is_shown = (not status or "published" in status) and (not languages or "en" in languages)
    return JSONResponse({"data": [_TEMPLATE] if is_shown else []})


async def get_template(request: Request) -> Response:
    """One."""
    if request.path_params["key"] != _TEMPLATE["key"]:
        raise unknown("template")
    return JSONResponse(_TEMPLATE)


async def list_sections(request: Request) -> Response:
    """The sections that pass the filters."""
    organizations = request.query_params.getlist("org")
    return JSONResponse({"data": [_SECTION] if not organizations or "corti" in organizations else []})


async def predict(request: Request) -> Response:
    """One code per context and system, and one candidate."""
    body = await read(request, _PREDICT)
    if not body["system"]:
        raise Refusal(400, "validation_failed", "The request is not valid.", [("system", "must not be empty")])
    codes = [
        {
            "system": system,
            "code": "Z88.0",
            "display": "Allergy status to penicillin",
            "evidences": [{"contextIndex": n, "text": each["text"][:5], "start": 0, "end": 5}]
            if "text" in each
            else [],
            "alternatives": [{"code": "Z88.1", "display": "Allergy status to other antibiotics"}],
        }
        for system in body["system"]
        for n, each in enumerate(body["context"])
        if "Z88.0" not in body.get("filter", {}).get("exclude", ())
    ]
    candidates = [{"system": body["system"][0], "code": "T36.0", "display": "Poisoning by penicillins"}]
    return JSONResponse({"codes": codes, "candidates": candidates, "usageInfo": {"creditsConsumed": 2}})


async def list_languages(request: Request) -> Response:
    """The languages of an endpoint, or all."""
    endpoint = request.query_params.get("endpoint")
    if endpoint not in {None, "streams", "transcribe", "transcripts"}:
        raise Refusal(400, "validation_failed", "The request is not valid.", [("endpoint", "is not known")])
    shown = {code: told for code, told in _LANGUAGES.items() if endpoint is None or endpoint in told["endpoints"]}
    return JSONResponse({"languages": shown})

"""The documents: one for the whole origin, and one for each generation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agentkit.models import Json, JsonObject
from agentkit.platform.answers import json_answer
from agentkit.platform.openapi import login, v1, v2, v2_a2a
from agentkit.platform.openapi.refused import ALWAYS, BODY, SCHEMAS, refusals
from agentkit.platform.openapi.v2 import Paths
from agentkit.platform.planes import Plane
from agentkit.platform.problems import Answering, answering

_VERSION: Final = "3.1.0"
_BEARER: Final = "bearer"
_PLAIN: Final[Mapping[Plane, str]] = {
    Plane.V1: "v1",
    Plane.MANAGEMENT: "v2",
    Plane.A2A: "v2-a2a",
    Plane.LOGIN: "login",
}
_SHARED: Final = ("AgentCard", "Agent", "Message", "Part", "Task", "Artifact", "Context", "RpcRequest", "RpcAnswer")
"""Names that both generations use for objects of their own."""


def v1_document(url: str) -> JsonObject:
    """v1 by itself; it lies below `/v2`, too (LOC-03)."""
    return _document(
        "The local Corti platform, v1",
        [url, f"{url}/v2"],
        _paths(Plane.V1, v1.PATHS, ""),
        {**v1.SCHEMAS, **SCHEMAS[Plane.V1]},
    )


def v2_document(url: str) -> JsonObject:
    """v2 by itself: the management plane and the A2A plane."""
    return _document(
        "The local Corti platform, v2",
        [url],
        {**_paths(Plane.MANAGEMENT, v2.MANAGEMENT, v2.ROOT), **_paths(Plane.A2A, v2_a2a.A2A, v2.ROOT)},
        {**v2.SCHEMAS, **SCHEMAS[Plane.MANAGEMENT], **SCHEMAS[Plane.A2A]},
    )


def whole_document(url: str) -> JsonObject:
    """The whole origin: login, v1 and v2; the objects of v1 are named `V1...` where v2 has one of the same name."""
    first, second = _renamed(v1_document(url)), v2_document(url)
    paths: dict[str, Json] = {
        "/health": {"get": {"operationId": "health", "summary": "It is up.", "tags": ["health"], "responses": _HEALTH}},
        **_paths(Plane.LOGIN, login.PATHS, ""),
        login.AUTHORIZE_PATH: login.AUTHORIZE,
        **_inner(first, "paths"),
        **_inner(second, "paths"),
    }
    schemas = {
        **login.SCHEMAS,
        **SCHEMAS[Plane.LOGIN],
        **_inner(_inner(first, "components"), "schemas"),
        **_inner(_inner(second, "components"), "schemas"),
    }
    document = _document("The local Corti platform", [url], paths, schemas)
    for path, item in _inner(document, "paths").items():
        if path.startswith("/agents") and isinstance(item, dict):
            item["servers"] = [{"url": url}, {"url": f"{url}/v2"}]
    return document


def openapi_routes(url: str) -> list[Route]:
    """Where the documents are: `/openapi.json`, `/openapi/v1.json` and `/openapi/v2.json`; they need no token."""
    documents = {
        "/openapi.json": whole_document,
        "/openapi/v1.json": v1_document,
        "/openapi/v2.json": v2_document,
    }
    return [Route(path, _shown(document, url), methods=["GET"]) for path, document in documents.items()]


_HEALTH: Final[JsonObject] = {
    "200": {
        "description": "It is up.",
        "content": {"application/json": {"schema": {"type": "object", "properties": {"status": {"type": "string"}}}}},
    }
}


def _shown(document: Callable[[str], JsonObject], url: str) -> Answering:
    # Written when somebody asks: it takes some milliseconds, and hundreds of platforms start in a test run.
    written = cache(lambda: document(url))

    async def endpoint(_request: Request) -> Response:
        return json_answer(written(), headers={"cache-control": "no-cache"})

    return answering(endpoint)


def _document(title: str, servers: list[str], paths: Mapping[str, Json], schemas: Mapping[str, Json]) -> JsonObject:
    return {
        "openapi": _VERSION,
        "info": {
            "title": title,
            "version": "1",
            "description": "What this platform takes and answers; written from its own models.",
        },
        "servers": [{"url": server} for server in servers],
        "paths": dict(paths),
        "components": {
            "schemas": dict(schemas),
            "securitySchemes": {_BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _paths(plane: Plane, paths: Paths, root: str) -> dict[str, Json]:
    written: dict[str, Json] = {}
    for path, (variables, operations) in paths.items():
        item: JsonObject = {"parameters": list(variables)} if variables else {}
        for method, operation in operations.items():
            statuses = {*ALWAYS[plane], *operation.refusals, *(BODY[plane] if operation.body is not None else ())}
            shown = operation.written(_PLAIN[plane], refusals(plane, statuses))
            if plane is not Plane.LOGIN:
                shown["security"] = [{_BEARER: []}]
            item[method] = shown
        written[root + path] = item
    return written


def _renamed(document: JsonObject) -> JsonObject:
    """v1 with names of objects that do not meet those of v2."""

    def walk(value: Json) -> Json:
        match value:
            case dict():
                target = value.get("$ref")
                if isinstance(target, str) and target.rpartition("/")[2] in _SHARED:
                    return {"$ref": target.replace("/schemas/", "/schemas/V1")}
                return {key: walk(one) for key, one in value.items()}
            case list():
                return [walk(one) for one in value]
            case _:
                return value

    renamed = walk(document)
    assert isinstance(renamed, dict)  # noqa: S101 - an object stays one
    schemas = _inner(_inner(renamed, "components"), "schemas")
    for name in _SHARED:
        if name in schemas:
            schemas[f"V1{name}"] = schemas.pop(name)
    for item in _inner(renamed, "paths").values():
        for operation in item.values() if isinstance(item, dict) else ():
            if isinstance(operation, dict) and "operationId" in operation:
                operation["operationId"] = f"v1_{operation['operationId']}"
    return renamed


def _inner(document: JsonObject, name: str) -> JsonObject:
    inner = document[name]
    assert isinstance(inner, dict)  # noqa: S101 - written above
    return inner

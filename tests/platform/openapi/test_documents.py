"""The platform's OpenAPI documents say what is served: every route, every method, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema.validators import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31
from starlette.routing import Route

from agentkit.platform import create_platform
from agentkit.testing.local_platform import LocalPlatform

pytestmark = pytest.mark.anyio

DOCUMENTS = ["/openapi.json", "/openapi/v1.json", "/openapi/v2.json"]
UNDOCUMENTED = re.compile(
    r"/v2/agents.*|/(?!realms|\.well-known)[^/]*\{tenant\}.*|/openapi.*|.*/auth/login|/\.well-known/.*"
)
"""The same under another address (LOC-02, LOC-03), the documents, and where the sign-in form goes."""
BY_BROWSER = {("/realms/{tenant}/protocol/openid-connect/logout", "GET")}
METHODS = {"get", "post", "put", "patch", "delete"}


def served() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in create_platform().routes:
        assert isinstance(route, Route)
        path = route.path.replace(":path}", "}")
        if not UNDOCUMENTED.fullmatch(path):
            found |= {(path, method) for method in route.methods or () if method != "HEAD"}
    return found - BY_BROWSER


def written(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(path, method.upper()) for path, item in document["paths"].items() for method in METHODS & item.keys()}


async def read(path: str) -> dict[str, Any]:
    async with LocalPlatform() as platform:
        answer = await platform.http.get(platform.url + path)
        assert answer.status_code == 200
        return answer.json()


async def test_every_route_is_written_down_and_nothing_else() -> None:
    document = await read("/openapi.json")
    missing_post = {("/realms/{tenant}/protocol/openid-connect/userinfo", "POST")}
    assert served() - missing_post == written(document)


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_every_name_in_a_document_leads_somewhere_and_every_object_is_used(path: str) -> None:
    document = await read(path)
    names = set(document["components"]["schemas"])
    targets: set[str] = set()

    for target in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        assert target.startswith("#/components/schemas/")
        targets.add(target.rpartition("/")[2])
    assert targets == names
    identifiers = [item[one]["operationId"] for item in document["paths"].values() for one in METHODS & item.keys()]
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_every_document_is_one_of_openapi_3_1(path: str) -> None:
    """By the schema that the OpenAPI Initiative publishes for it."""
    document = await read(path)
    assert document["openapi"].startswith("3.1.")
    assert Draft202012Validator(OPENAPI_31).is_valid(document)  # pyright: ignore[reportUnknownMemberType]


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_every_schema_is_one(path: str) -> None:
    for schema in (await read(path))["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_every_variable_of_an_address_is_described(path: str) -> None:
    for address, item in (await read(path))["paths"].items():
        described = {one["name"] for one in item.get("parameters", []) if one["in"] == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", address))


async def test_the_documents_name_the_servers_under_which_the_platform_is_reached() -> None:
    """LOC-03: v1 lies below /v2, too."""
    first, every = await read("/openapi/v1.json"), await read("/openapi.json")
    both = [{"url": "http://127.0.0.1:8700"}, {"url": "http://127.0.0.1:8700/v2"}]
    assert first["servers"] == both
    assert every["paths"]["/agents"]["servers"] == both

"""The core API of section 19, beside the agents; every path has the slashes that Corti's own SDK sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from tests.contract.corti_double.rest import catalogue
from tests.contract.corti_double.rest.audio import Recordings, Transcripts
from tests.contract.corti_double.rest.interactions import Interactions
from tests.contract.corti_double.rest.refusals import Endpoint, guarded
from tests.contract.corti_double.rest.state import RestState
from tests.contract.corti_double.rest.texts import Documents, Facts

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

__all__ = ["RestState", "routes"]

_ONE = "/v2/interactions/{id}"


def routes(double: CortiDouble) -> list[Route]:
    """The REST routes over the double's state."""
    interactions, recordings, transcripts = Interactions(double), Recordings(double), Transcripts(double)
    facts, documents = Facts(double), Documents(double)
    return [
        _route("POST", "/v2/interactions/", interactions.create),
        _route("GET", "/v2/interactions/", interactions.list),
        _route("GET", _ONE, interactions.get),
        _route("PATCH", _ONE, interactions.update),
        _route("DELETE", _ONE, interactions.delete),
        _route("POST", f"{_ONE}/recordings/", recordings.upload),
        _route("GET", f"{_ONE}/recordings/", recordings.list),
        _route("GET", f"{_ONE}/recordings/{{part}}", recordings.download),
        _route("DELETE", f"{_ONE}/recordings/{{part}}", recordings.delete),
        _route("POST", f"{_ONE}/transcripts/", transcripts.create),
        _route("GET", f"{_ONE}/transcripts/", transcripts.list),
        _route("GET", f"{_ONE}/transcripts/{{part}}", transcripts.get),
        _route("DELETE", f"{_ONE}/transcripts/{{part}}", transcripts.delete),
        _route("GET", f"{_ONE}/transcripts/{{part}}/status", transcripts.status),
        _route("POST", f"{_ONE}/facts/", facts.add),
        _route("GET", f"{_ONE}/facts/", facts.list),
        _route("PATCH", f"{_ONE}/facts/", facts.update_many),
        _route("PATCH", f"{_ONE}/facts/{{part}}", facts.update),
        _route("POST", f"{_ONE}/documents/", documents.create),
        _route("GET", f"{_ONE}/documents/", documents.list),
        _route("GET", f"{_ONE}/documents/{{part}}", documents.get),
        _route("PATCH", f"{_ONE}/documents/{{part}}", documents.update),
        _route("DELETE", f"{_ONE}/documents/{{part}}", documents.delete),
        _route("GET", "/v2/factgroups/", catalogue.list_groups),
        _route("POST", "/v2/tools/extract-facts", catalogue.extract),
        _route("GET", "/v2/templates/", catalogue.list_templates),
        _route("GET", "/v2/templates/{key}", catalogue.get_template),
        _route("GET", "/v2/templateSections/", catalogue.list_sections),
        _route("POST", "/v2/tools/coding/", catalogue.predict),
        _route("GET", "/v2/languages/", catalogue.list_languages),
    ]


def _route(method: str, path: str, endpoint: Endpoint) -> Route:
    return Route(path, guarded(endpoint), methods=[method])

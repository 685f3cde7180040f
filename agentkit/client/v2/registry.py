"""The registry of v2 (V2-EP-26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.answers import read_json, read_page
from agentkit.client.operation import Operation, path, query
from agentkit.wire import v2

if TYPE_CHECKING:
    from agentkit.client.page import Page
    from agentkit.models import RegistryConnector


def list_registry_connectors(
    *, text: str | None = None, page_size: int | None = None, page_token: str | None = None
) -> Operation[Page[RegistryConnector]]:
    """A page of the connectors on offer.

    Args:
        text: Words to search for; Corti takes them and does not honour them today (V2-LOC-01).
        page_size: 1 to 200; the server's default is 50.
        page_token: `Page.next_token` of the page before.
    """
    return Operation(
        name="client.registry.list",
        method="GET",
        root="base",
        path="/agentic/registry/connectors",
        query=query(q=text, pageSize=page_size, pageToken=page_token),
        parse=read_page(v2.decode_registry),
    )


def get_registry_connector(connector_id: str) -> Operation[RegistryConnector]:
    """One connector on offer, by the id a registry connector's name takes (V2-OBJ-23)."""
    return Operation(
        name="client.registry.get",
        method="GET",
        root="base",
        path=path("/agentic/registry/connectors/{connector_id}", connector_id=connector_id),
        parse=read_json(v2.decode_registry_connector),
    )

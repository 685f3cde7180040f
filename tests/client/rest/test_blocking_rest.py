from __future__ import annotations

import inspect

import pytest

from agentkit.client import AsyncCorti, Corti
from agentkit.models.interaction import Encounter
from tests.client.conftest import Clock
from tests.client.connecting import ConnectBlocking
from tests.contract.corti_double import CortiDouble

RESOURCES = (
    "interactions",
    "recordings",
    "transcripts",
    "facts",
    "documents",
    "templates",
    "codes",
    "languages",
)


def test_the_blocking_client_does_a_whole_visit(
    connect_blocking: ConnectBlocking, double: CortiDouble, clock: Clock
) -> None:
    """REST-01 to REST-09 through the blocking twin."""
    double.rest.slow_looks = 2
    with connect_blocking() as corti:
        visit = corti.interactions.create(encounter=Encounter(identifier="v", status="planned", type="emergency")).id
        recording = corti.recordings.upload(visit, b"audio")
        transcript = corti.transcripts.create(visit, recording, "en")
        transcript = corti.transcripts.wait(visit, transcript.id)
        facts = corti.facts.extract(transcript.text).facts
        document = corti.documents.create(visit, facts, template="corti-brief")
        assert document.sections[0].text == transcript.text
        assert [item.id for item in corti.interactions.list()] == [visit]
        corti.interactions.delete(visit)
    assert clock.pauses == [1, 2]


@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_has_the_same_methods_in_both_clients(name: str) -> None:
    settings = {"base_url": "http://127.0.0.1:8700", "token": "static"}
    both = [getattr(kind(**settings), name) for kind in (AsyncCorti, Corti)]  # pyright: ignore[reportArgumentType]
    ours, twin = (
        {method: str(inspect.signature(getattr(each, method)).parameters) for method in dir(each) if method[0] != "_"}
        for each in both
    )
    assert ours == twin

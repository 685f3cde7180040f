"""An agent as a row: what is asked for in SQL has a column, the rest is one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from agentkit.errors import StorageError
from agentkit.platform.agents.connector import Connector
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.specs import AgentType, Visibility


class _Body(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, defer_build=True)

    name: str
    description: str | None
    prompt: str | None
    model: str | None
    agent_type: AgentType
    labels: dict[str, str]
    connectors: tuple[Annotated[Connector, Field(discriminator="kind")], ...]
    created: datetime
    updated: datetime


class Row(NamedTuple):
    """One row of `platform_agents` that is alive: its columns in the order in which they are selected."""

    id: str
    tenant: str
    owner: str
    visibility: str
    expires: str | None
    version: int
    body: str


def encode_body(record: AgentRecord) -> str:
    """What of a record has no column; tokens lie elsewhere, sealed."""
    return _Body(
        name=record.name,
        description=record.description,
        prompt=record.prompt,
        model=record.model,
        agent_type=record.agent_type,
        labels=dict(record.labels),
        connectors=record.connectors,
        created=record.created,
        updated=record.updated,
    ).model_dump_json()


def decode_row(row: Row, tokens: Mapping[str, SecretStr]) -> AgentRecord:
    """The record of a row.

    Raises:
        StorageError: The row was not written by `encode_body`.
    """
    try:
        body = _Body.model_validate_json(row.body)
    except ValidationError:
        raise StorageError("A stored agent is not an agent.") from None
    return AgentRecord(
        id=row.id,
        name=body.name,
        ownership=Ownership(row.tenant, row.owner),
        created=body.created,
        updated=body.updated,
        description=body.description,
        prompt=body.prompt,
        model=body.model,
        agent_type=body.agent_type,
        visibility=Visibility(row.visibility),
        expires=read_moment(row.expires),
        labels=MappingProxyType(body.labels),
        connectors=body.connectors,
        tokens=tokens,
    )


def name_key(name: str) -> str:
    """A name as a column can hold it: PostgreSQL takes no text with a NUL."""
    return json.dumps(name)


def write_moment(moment: datetime | None) -> str | None:
    """A time as a text that sorts; None stays None."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_moment(text: str | None) -> datetime | None:
    """The reverse of `write_moment`."""
    return None if text is None else datetime.fromisoformat(text)

"""Hypothesis strategies for specs and for what the management planes say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from hypothesis import strategies as st

from agentkit.models import (
    AgentInfo,
    ConnectorAuth,
    ConnectorInfo,
    ExpertInfo,
    ExpertReference,
    McpServerInfo,
    RegistryConnector,
    RegistryIcon,
)
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    AgentType,
    AnyExpert,
    Authorization,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transition,
    Transport,
    Visibility,
)
from tests.wire.strategies import json_object, text, times, words

T = TypeVar("T")

optional = st.none() | text
optional_words = st.none() | words
urls = st.sampled_from(["https://x.org", "http://localhost:8701/ehr/mcp", "https://mcp.example.org/a/b#c"])
uuids = st.uuids(version=4).map(str)
configs = st.none() | json_object
labels = st.dictionaries(st.from_regex(r"[a-zA-Z0-9._/-]{1,8}", fullmatch=True), text, max_size=3)


def unlike(items: Sequence[T], name: str = "name") -> tuple[T, ...]:
    """Of those with one name, the first."""
    kept: dict[str, T] = {}
    for item in items:
        kept.setdefault(str(getattr(item, name, id(item))).strip(), item)
    return tuple(kept.values())


def _v1_server(
    name: str, url: str, authorization: Authorization, transport: Transport, texts: tuple[str | None, ...]
) -> McpServerSpec:
    scope, redirect_url, description, token = texts
    return McpServerSpec(
        name=name,
        url=url,
        authorization=authorization,
        transport=Transport.STREAMABLE_HTTP if authorization is Authorization.OAUTH2 else transport,
        scope=scope,
        redirect_url=redirect_url,
        description=description,
        token=token,
    )


v1_servers = st.builds(
    _v1_server,
    words,
    urls,
    st.sampled_from([word for word in Authorization if word is not Authorization.API_KEY]),
    st.sampled_from(Transport),
    st.tuples(optional, optional, optional, optional_words),
)
v1_references = st.builds(ExpertReferenceSpec, id=st.none() | words, name=words, prompt=optional, config=configs)


def _v1_spec(
    head: tuple[str, str, str | None],
    servers: Sequence[McpServerSpec],
    references: Sequence[ExpertReferenceSpec],
    agent_type: AgentType | None,
) -> AgentSpec:
    kept = unlike(servers)
    inline = ExpertSpec(name="inline", description=head[1], prompt=head[2], servers=kept[:1])
    return AgentSpec(
        name=head[0],
        description=head[1],
        prompt=head[2],
        experts=(*references, inline),
        servers=kept[1:],
        agent_type=agent_type,
    )


v1_specs = st.builds(
    _v1_spec,
    st.tuples(words, words, optional),
    st.lists(v1_servers, max_size=3),
    st.lists(v1_references, max_size=2),
    st.none() | st.sampled_from(AgentType),
)

v2_servers = st.builds(
    McpServerSpec,
    name=words,
    url=urls,
    authorization=st.sampled_from(Authorization),
    scope=optional,
    redirect_url=optional,
    auth_ref=optional_words,
    enabled=st.booleans(),
)
v2_experts: st.SearchStrategy[AnyExpert] = st.one_of(
    st.builds(ExpertReferenceSpec, name=words, config=configs, enabled=st.booleans()),
    st.builds(AgentReferenceSpec, uuids.map("agt.{}".format), enabled=st.booleans()),
    st.builds(RemoteAgentSpec, urls, optional_words, enabled=st.booleans()),
    st.builds(
        OutputSchemaSpec,
        words,
        json_object,
        description=optional,
        transition=st.sampled_from(Transition),
        enabled=st.booleans(),
    ),
)
_v2_expert_lists = st.lists(v2_experts, max_size=3).filter(
    lambda experts: (
        len(schemas := [each.name for each in experts if isinstance(each, OutputSchemaSpec)]) == len(set(schemas))
    )
)
v2_specs = st.builds(
    AgentSpec,
    name=words,
    description=st.just("") | words,
    prompt=optional,
    experts=_v2_expert_lists,
    servers=st.lists(v2_servers, max_size=3).map(unlike),
    ephemeral=st.booleans(),
    model=optional,
    visibility=st.none() | st.sampled_from(Visibility),
    labels=st.none() | labels.filter(bool),
)


def _changes(
    head: tuple[str | None, str | None, str | None], experts: Sequence[AnyExpert] | None, cleared: bool
) -> AgentChanges:
    return AgentChanges(
        name=head[0],
        description=CLEAR if cleared else head[1],
        prompt=CLEAR if cleared else head[2],
        experts=experts,
        servers=None if experts is None else (),
        labels=CLEAR if cleared else None,
        ephemeral=cleared or None,
    )


v2_changes = st.builds(
    _changes,
    st.tuples(st.none() | words, st.none() | words, optional),
    st.none() | _v2_expert_lists,
    st.booleans(),
)

auths = st.builds(ConnectorAuth, type=text, scope=optional, redirect_url=optional, ref=optional)
connectors = st.builds(
    ConnectorInfo,
    id=optional,
    type=st.sampled_from(["registry", "mcp", "agent", "a2a", "schema", "openapi"]),
    name=text,
    url=text,
    auth=st.none() | auths,
    agent_id=text,
    config=configs,
    description=optional,
    output_schema=json_object,
    transition=optional,
    enabled=st.booleans(),
)
registry_connectors = st.builds(
    RegistryConnector,
    id=text,
    type=text,
    name=text,
    description=text,
    display_name=optional,
    tags=st.lists(text, max_size=2).map(tuple),
    icons=st.lists(st.builds(RegistryIcon, src=text, mime_type=optional), max_size=2).map(tuple),
    config_schema=configs,
)

server_infos = st.builds(
    McpServerInfo,
    id=text,
    name=text,
    transport_type=st.sampled_from(["streamable_http", "sse", "stdio", "pigeon"]),
    authorization_type=st.sampled_from(["none", "bearer", "inherit", "oauth2.0", "oauth2.1", "basic"]),
    url=st.none() | urls | text,
    authorization_scope=optional,
    redirect_url=optional,
    description=optional,
)
v1_agents = st.builds(
    AgentInfo,
    id=text,
    name=text | st.just("n" * 200),
    description=text | st.just("d" * 5000),
    system_prompt=text,
    experts=st.lists(
        st.builds(
            ExpertInfo,
            id=text,
            name=text,
            description=text,
            system_prompt=text,
            mcp_servers=st.lists(server_infos, max_size=2).map(tuple),
        )
        | st.builds(
            ExpertReference, id=optional | uuids, name=optional, system_prompt=optional, resolved_config=configs
        ),
        max_size=3,
    ).map(tuple),
    mcp_servers=st.lists(server_infos, max_size=3).map(tuple),
)


def _uuid(value: UUID) -> str:
    return f"agt.{value}"


v2_agents = st.builds(
    AgentInfo,
    id=st.uuids().map(_uuid),
    name=text,
    description=text,
    system_prompt=text,
    connectors=st.lists(connectors, max_size=3).map(tuple),
    model=optional,
    visibility=words,
    lifecycle=words,
    labels=st.none() | st.dictionaries(text, text, max_size=2),
    created_at=st.none() | times,
    updated_at=st.none() | times,
    created_by=optional,
)

"""Agents as an app: who may call them, and what the person who starts them is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentkit.a2a import InheritAuth, IntrospectionAuth, OAuthAuth, Security
from agentkit.cli.access import Access
from agentkit.cli.address import Address, bind
from agentkit.cli.agent_options import AgentOptions
from agentkit.cli.agent_servers import AgentAccess, admit_callers, agents_app
from agentkit.cli.target import AgentGroup
from agentkit.compose import FunctionAgent
from agentkit.errors import ConfigurationError, ServeError
from agentkit.specs import Authorization

ISSUER = "https://login.example.org"
INHERIT = (Authorization.INHERIT,)
OAUTH = (Authorization.OAUTH2,)


def shout(text: str) -> str:
    """Says it loudly."""
    return text.upper()


def whisper(text: str) -> str:
    """Says it quietly."""
    return text.lower()


@pytest.fixture
def address() -> Iterator[Address]:
    bound = bind("127.0.0.1", 0, public_url="https://agents.example.org")
    yield bound
    bound.close()


def only_way(access: Access, options: AgentOptions | None = None) -> object:
    ((way,),) = admit_callers(access, options or AgentOptions()).security.alternatives
    return way


def test_tokens_of_another_issuer_are_taken_where_they_were_meant_to_go() -> None:
    access = Access(INHERIT, issuer=ISSUER, audience=("desk", "ward"), jwks=f"{ISSUER}/keys")
    assert only_way(access, AgentOptions(tenant_claim="org")) == InheritAuth(
        ISSUER, ("desk", "ward"), f"{ISSUER}/keys", "org"
    )


@pytest.mark.parametrize("access", [Access(INHERIT, issuer=ISSUER), Access(INHERIT, audience=("desk",))])
def test_inherited_tokens_need_an_issuer_and_an_audience(access: Access) -> None:
    with pytest.raises(ConfigurationError, match="needs to know whose tokens to take") as refused:
        admit_callers(access, AgentOptions())
    assert "--audience NAME" in str(refused.value.remedy)


def test_tokens_of_an_authorization_server_need_its_issuer() -> None:
    with pytest.raises(ConfigurationError, match="needs to know whose tokens to take") as refused:
        admit_callers(Access(OAUTH), AgentOptions())
    assert "authorization-server" in str(refused.value.remedy)


@pytest.mark.parametrize(("audience", "expected"), [((), None), (("desk",), "desk")])
def test_tokens_of_an_authorization_server_are_checked_with_its_keys(
    audience: tuple[str, ...], expected: str | None
) -> None:
    access = Access(OAUTH, issuer=ISSUER, audience=audience, scopes=("talk",))
    assert only_way(access, AgentOptions(tenant_claim="org")) == OAuthAuth(ISSUER, None, ("talk",), expected, "org")


def test_the_issuer_is_asked_about_tokens_where_a_client_for_that_is_given() -> None:
    access = Access(OAUTH, issuer=ISSUER, introspection=f"{ISSUER}/ask", introspection_client=("me", "secret"))
    assert only_way(access) == IntrospectionAuth(ISSUER, "me", "secret", (), None, f"{ISSUER}/ask")


@pytest.mark.parametrize("several", [True, False])
def test_the_ports_of_grpc_and_the_catalogue_of_several_agents_are_told(address: Address, several: bool) -> None:
    agents = (FunctionAgent(shout), FunctionAgent(whisper))
    target = AgentGroup("pair", agents) if several else agents[0]
    _, lines = agents_app(target, address, "sqlite://", AgentAccess(Security(), ()), AgentOptions(grpc=8703))
    grpc = next(line for line in lines if line.startswith("gRPC"))
    assert grpc.split()[1:] == (["agents.example.org:8703,", "8704"] if several else ["agents.example.org:8703"])
    assert any(line.endswith("/.well-known/ai-catalog.json") for line in lines) is several


def test_a_free_port_is_found_for_grpc_before_the_cards_name_it(address: Address) -> None:
    _, lines = agents_app(FunctionAgent(shout), address, "sqlite://", AgentAccess(Security(), ()), AgentOptions(grpc=0))
    (line,) = (line for line in lines if line.startswith("gRPC"))
    assert int(line.rpartition(":")[2]) > 0


def test_where_no_port_is_free_for_grpc_that_is_said(address: Address) -> None:
    elsewhere = Address(address.socket, "192.0.2.1", address.port)  # an address that no machine has
    with pytest.raises(ServeError, match=r"No port is free for gRPC on 192\.0\.2\.1"):
        agents_app(FunctionAgent(shout), elsewhere, "sqlite://", AgentAccess(Security(), ()), AgentOptions(grpc=0))

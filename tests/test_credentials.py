from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.credentials import (
    ClientCredentials,
    Credential,
    Credentials,
    Token,
    Vault,
    attach,
    build,
    extract,
    is_auth_part,
)
from agentkit.errors import CredentialError
from agentkit.models import Json, Message, Part

TOKEN_PART: Json = {"type": "token", "mcp_name": "ehr", "token": "<token>"}
CREDENTIALS_PART: Json = {
    "type": "credentials",
    "mcp_name": "ehr",
    "client_id": "<id>",
    "client_secret": "<secret>",
}


def message(*data: Json, text: str = "hello") -> Message:
    plain = Message.user(text)
    return plain.model_copy(update={"parts": (*plain.parts, *(Part(data=item) for item in data))})


def test_the_documented_parts_are_built() -> None:
    """Section 10 of the API contract."""
    assert build(Token("ehr", "<token>")).data == TOKEN_PART
    assert build(ClientCredentials("ehr", "<id>", "<secret>")).data == CREDENTIALS_PART


def test_the_documented_parts_are_extracted_and_removed() -> None:
    """MCPAUTH-02, MCPAUTH-15."""
    clean, found = extract(message(TOKEN_PART, {"type": "credentials", **_pair("calc")}, {"kept": True}))
    assert clean.data == ({"kept": True},)
    assert clean.text == "hello"
    assert found["ehr"] == Token("ehr", "<token>")
    assert found["calc"] == ClientCredentials("calc", "<id>", "<secret>")


def test_the_type_is_lower_cased() -> None:
    """MCPAUTH-01."""
    _, found = extract(message({"type": "TOKEN", "mcp_name": "ehr", "token": "t"}))
    assert found["ehr"] == Token("ehr", "t")


def test_names_are_trimmed_and_case_sensitive() -> None:
    """MCPAUTH-03."""
    _, found = extract(message({"type": "token", "mcp_name": "  ehr ", "token": "t"}))
    assert "ehr" in found
    assert "EHR" not in found


@pytest.mark.parametrize(
    "other",
    [{"type": "questionnaire"}, {"type": 7}, {"type": None}, {}, "token", ["token"], None, 1, {"TYPE": "token"}],
)
def test_other_data_parts_stay_ordinary(other: Json) -> None:
    """MCPAUTH-12, CON-23."""
    given_message = message(other)
    clean, found = extract(given_message)
    assert clean == given_message
    assert not found


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"type": "token", "token": "t"}, "mcp_auth_missing_name"),
        ({"type": "token", "mcp_name": "  ", "token": "t"}, "mcp_auth_missing_name"),
        ({"type": "token", "mcp_name": 5, "token": "t"}, "mcp_auth_missing_name"),
        ({"type": "token", "mcp_name": "ehr"}, "mcp_auth_missing_token"),
        ({"type": "token", "mcp_name": "ehr", "token": ""}, "mcp_auth_missing_token"),
        ({"type": "token", "mcp_name": "ehr", "token": ["t"]}, "mcp_auth_missing_token"),
        ({"type": "credentials", "mcp_name": "ehr", "client_id": "i"}, "mcp_auth_missing_credentials"),
        ({"type": "credentials", "mcp_name": "ehr", "client_secret": "s3cret"}, "mcp_auth_missing_credentials"),
        ({"type": "credentials", "client_id": "i", "client_secret": "s3cret"}, "mcp_auth_missing_name"),
    ],
)
def test_an_incomplete_part_is_refused_with_the_documented_code(part: Json, code: str) -> None:
    """MCPAUTH-10."""
    with pytest.raises(CredentialError) as refused:
        extract(message(part))
    assert refused.value.code == code
    assert "s3cret" not in str(refused.value)


def test_two_parts_for_one_server_are_refused_whatever_their_type() -> None:
    """MCPAUTH-09."""
    doubled = message(TOKEN_PART, {**_pair(" ehr "), "type": "credentials"})
    with pytest.raises(CredentialError) as refused:
        extract(doubled)
    assert (refused.value.code, refused.value.mcp_name) == ("mcp_auth_duplicate_name", "ehr")
    with pytest.raises(CredentialError):
        attach(Message.user("x"), [Token("a", "1"), Token("a ", "2")])


def test_a_message_may_have_no_part_left() -> None:
    """MCPAUTH-17."""
    only_auth = Message.user().model_copy(update={"parts": (Part(data=TOKEN_PART),)})
    clean, found = extract(only_auth)
    assert clean.parts == ()
    assert len(found) == 1


SHOWN: list[Callable[[object], str]] = [repr, str, "{}".format, "{!r}".format]


@pytest.mark.parametrize("show", SHOWN)
@pytest.mark.parametrize(
    "credential", [Token("ehr", "s3cret"), ClientCredentials("ehr", "s3cret-id", "s3cret")], ids=["token", "pair"]
)
def test_no_repr_shows_a_secret(credential: Credential, show: Callable[[object], str]) -> None:
    vault: Vault[Credentials] = Vault()
    vault.keep("c", Credentials([credential]))
    part = build(credential)
    for thing in (credential, Credentials([credential]), part, attach(Message.user("x"), [credential]), vault):
        assert "s3cret" not in show(thing)
    assert "s3cret" not in show([credential, {"k": credential}])


def test_credentials_copy_and_compare_as_values() -> None:
    token = Token("ehr", "t")
    assert copy.deepcopy(token) == token
    assert pickle.loads(pickle.dumps(token)) == token  # noqa: S301
    merged = Credentials([token]).merged(Credentials([Token("ehr", "new"), Token("b", "b")]))
    assert merged["ehr"] == Token("ehr", "new")
    assert merged.secrets() == {"new", "b"}


def test_the_vault_forgets_the_context_unused_for_longest() -> None:
    vault: Vault[Credentials] = Vault(capacity=2)
    kept = {name: Credentials([Token("ehr", name)]) for name in "abc"}
    for name in "ab":
        vault.keep(name, kept[name])
    vault.look_up("a")
    vault.keep("c", kept["c"])
    assert vault.look_up("b") is None
    assert vault.look_up("a") == kept["a"]
    vault.forget("a")
    assert vault.look_up("a") is None


names = st.text(min_size=1, max_size=10).filter(lambda name: bool(name.strip()))
secrets = st.text(min_size=1, max_size=10).filter(lambda value: bool(value.strip()))
credential_lists = st.lists(
    st.builds(Token, names, secrets) | st.builds(ClientCredentials, names, secrets, secrets),
    max_size=4,
    unique_by=lambda credential: credential.mcp_name.strip(),
)


@settings(deadline=None)
@given(credential_lists)
def test_what_is_attached_is_extracted_and_nothing_stays(credentials: list[Credential]) -> None:
    plain = Message.user("text", data=[{"keep": 1}])
    clean, found = extract(attach(plain, credentials))
    assert clean == plain
    assert not any(is_auth_part(part) for part in clean.parts)
    assert dict(found) == {
        name: _renamed(credential, name) for credential in credentials if (name := credential.mcp_name.strip())
    }


def _renamed(credential: Credential, name: str) -> Credential:
    if isinstance(credential, Token):
        return Token(name, credential.token)
    return ClientCredentials(name, credential.client_id, credential.client_secret)


def _pair(name: str) -> dict[str, Json]:
    return {"mcp_name": name, "client_id": "<id>", "client_secret": "<secret>"}

"""How commands reach the Corti API, and how they are given secrets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypedDict, TypeVar

import typer

from agentkit.errors import (
    AgentNotFound,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    ForbiddenError,
    NotFoundError,
    NotImplementedByServerError,
    WireError,
)

if TYPE_CHECKING:
    from agentkit.client import AsyncCorti, BlockingAgentHandle, Corti
    from agentkit.credentials import Credentials

T = TypeVar("T")

BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", help="Address of a local or private platform; default: CORTI_BASE_URL.", metavar="URL"),
]
Local = Annotated[
    bool,
    typer.Option("--local", help="The platform of `agentkit serve platform` on this machine, with its default client."),
]


class GenerationWord(StrEnum):
    """The words of `--generation`."""

    AUTO = "auto"
    V1 = "v1"
    V2 = "v2"


Generation = Annotated[
    GenerationWord,
    typer.Option(
        "--generation",
        help="Which agents API is spoken; auto lists v1, goes by an id, and seeks a name in v1, then v2.",
    ),
]

LOCAL_URL: Final = "http://127.0.0.1:8700"


@contextmanager
def connect(base_url: str | None, *, local: bool, generation: GenerationWord = GenerationWord.AUTO) -> Generator[Corti]:
    """A client for the API: the local platform, an address, or what variables and `.env` say.

    Raises:
        ConfigurationError: A setting is missing or wrong.
        ConnectionFailed: Nothing answers; for the local platform it says how to start it.
    """
    from agentkit.client import Corti  # here, because `--help` needs no HTTP client

    with _local_platform(local), Corti(**_settings(base_url, local), generation=generation.value) as corti:
        yield corti


def call(
    base_url: str | None, local: bool, generation: GenerationWord, work: Callable[[AsyncCorti], Awaitable[T]]
) -> T:
    """Do asynchronous work with a client of its own; it goes where `connect` does.

    Raises:
        ConfigurationError: A setting is missing or wrong.
        ConnectionFailed: Nothing answers; for the local platform it says how to start it.
    """
    from agentkit.client import AsyncCorti  # here, because `--help` needs no HTTP client

    corti = AsyncCorti(**_settings(base_url, local), generation=generation.value)  # reads files, so outside the loop

    async def run() -> T:
        async with corti:
            return await work(corti)

    with _local_platform(local):
        return asyncio.run(run())


class _Settings(TypedDict, total=False):
    base_url: str | None
    tenant: str
    client_id: str
    client_secret: str


def _settings(base_url: str | None, local: bool) -> _Settings:
    if not local:
        return {"base_url": base_url}
    return {
        "base_url": base_url or LOCAL_URL,
        "tenant": "base",
        "client_id": "local-client",
        "client_secret": "local-secret",
    }


@contextmanager
def _local_platform(local: bool) -> Generator[None]:
    try:
        yield
    except ConnectionFailed as error:
        if not local:
            raise
        remedy = "Start the local platform in another terminal: agentkit serve platform (or all, with MCP servers)"
        raise ConnectionFailed(error.message, remedy=remedy) from None
    except AuthenticationError as error:
        if not local:
            raise
        remedy = (
            "--local signs in with the default client, which a platform with --clients lacks: leave it out, give "
            "--base-url, and set CORTI_CLIENT_ID, CORTI_CLIENT_SECRET and CORTI_TENANT_NAME."
        )
        raise AuthenticationError(error.code, error.message, status=error.status, remedy=remedy) from None


def find_agent(corti: Corti, wanted: str) -> BlockingAgentHandle:
    """The agent of an id (of either generation) or, where none has it, the only one of a name; v1's before v2's.

    Raises:
        AgentNotFound: There is none, or several agents of a generation share the name.
    """
    from agentkit.models.ids import is_agent_id  # here, because `--help` needs no models

    if is_agent_id(wanted):
        return corti.agents.get(wanted)
    found = [handle for handle in corti.agents.list(ephemeral=True) if handle.name == wanted]
    if not found and corti.generation == "auto":
        found = [handle for handle in _of_v2(corti, wanted) if handle.name == wanted]
    if len(found) != 1:
        raise AgentNotFound(
            f"{len(found)} agents are called {wanted!r}." if found else f"There is no agent {wanted!r}.",
            remedy="Give the id: agentkit agents list shows those of v1, with --generation v2 those of v2.",
        )
    return found[0]


def _of_v2(corti: Corti, name: str) -> list[BlockingAgentHandle]:
    """The agents of v2, which are listed by words to search for; none where v2 is not on offer."""
    try:
        return list(corti.agents.list(text=name))
    except (ForbiddenError, NotFoundError, NotImplementedByServerError, WireError):
        return []


def read_secret(option: str, value: str) -> str:
    """A secret as it was given: itself, `@FILE` for the first line of a file, or `env:NAME` for a variable.

    What stands on a command line is seen by everybody on the machine, so the two other forms exist.

    Raises:
        ConfigurationError: The file or the variable cannot be read, or holds nothing.
    """
    if value.startswith("@"):
        try:
            lines = Path(value[1:]).expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(
                option, "names a file that cannot be read", remedy="Check the path behind the @."
            ) from None
        secret = lines[0].strip() if lines else ""
    elif value.startswith("env:"):
        secret = os.environ.get(value[4:], "").strip()
    else:
        secret = value.strip()
    if not secret:
        raise ConfigurationError(option, "holds no secret", remedy="Give it directly, as @FILE or as env:NAME.")
    return secret


def read_pair(option: str, value: str) -> tuple[str, str]:
    """A client id and its secret, written `ID:SECRET`, in any form `read_secret` takes.

    Raises:
        ConfigurationError: There is no colon, or one half is empty.
    """
    client_id, colon, secret = read_secret(option, value).partition(":")
    if not colon or not client_id.strip() or not secret.strip():
        raise ConfigurationError(option, "is not of the form ID:SECRET", remedy="Write the id, a colon, the secret.")
    return client_id.strip(), secret.strip()


def read_assignment(option: str, value: str) -> tuple[str, str]:
    """A name and a value, written `NAME=VALUE`.

    Raises:
        ConfigurationError: There is no `=`, or one half is empty.
    """
    name, equals, rest = value.partition("=")
    if not equals or not name.strip() or not rest.strip():
        raise ConfigurationError(option, "is not of the form NAME=VALUE", remedy="Write the name, =, and the value.")
    return name.strip(), rest.strip()


def read_credentials(tokens: Iterable[str], clients: Iterable[str]) -> Credentials:
    """Credentials for MCP servers, each written `MCP=TOKEN` or `MCP=ID:SECRET`; secrets in any form of `read_secret`.

    Raises:
        ConfigurationError: One is of another form.
        CredentialError: Two are for the same server.
    """
    from agentkit.credentials import ClientCredentials, Credential, Credentials, Token

    found: list[Credential] = []
    for value in tokens:
        name, secret = read_assignment("--token", value)
        found.append(Token(name, read_secret("--token", secret)))
    for value in clients:
        name, secret = read_assignment("--client", value)
        found.append(ClientCredentials(name, *read_pair("--client", secret)))
    return Credentials(found)

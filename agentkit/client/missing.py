"""Which credential a task waits for in `auth-required`, and how to give it (MCPAUTH-06, -07, -14, -18)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from agentkit.credentials import ClientCredentials, Credentials, Token
from agentkit.errors import AuthRequired
from agentkit.models import AgentInfo, ExpertInfo, Task

if TYPE_CHECKING:
    from agentkit.models import AgentReference, Json
    from agentkit.wire.generations import GenerationName

_FITTING: Final = {
    "bearer": (Token, 'Token("{name}", "...")'),
    "inherit": (Token, 'Token("{name}", "...")'),
    "oauth2.0": (ClientCredentials, 'ClientCredentials("{name}", "...", "...")'),
}


@dataclass(frozen=True, slots=True)
class MissingCredential:
    """An MCP server that lacks a credential.

    Attributes:
        mcp_name: The name the credential must be bound to.
        authorization: How the server wants to be authorized: `bearer`, `inherit` or `oauth2.0`.
    """

    mcp_name: str
    authorization: str

    @property
    def example(self) -> str:
        """The credential that fits, as Python spells it, without the secret."""
        _, spelled = _FITTING.get(self.authorization, _FITTING["bearer"])
        return spelled.format(name=self.mcp_name)


def missing_credentials(
    task: Task, info: AgentInfo | AgentReference, given: Credentials
) -> tuple[MissingCredential, ...]:
    """The servers a task in `auth-required` may be waiting for.

    The local platform names them in the task. Corti does not say (MCPAUTH-18): there it is the servers of the agent
    that want a credential and were given none that fits, or, if each was given one, all that want one.
    """
    if told := tuple(_told(task)):
        return told
    wanting = tuple(_wanting(info))
    return tuple(one for one in wanting if not _is_given(one, given)) or wanting


def auth_required(
    task: Task, missing: tuple[MissingCredential, ...], generation: GenerationName = "v1"
) -> AuthRequired:
    """The error for a task that waits for a credential; Corti's v2 does not say how a caller gives one (V2-AUTH-01)."""
    names = ", ".join(repr(one.mcp_name) for one in missing)
    what = f"The task waits for a credential for the MCP server {names}." if missing else _UNNAMED
    examples = ", ".join(one.example for one in missing) or 'Token("<mcp name>", "...")'
    return AuthRequired(
        what,
        mcp_name=missing[0].mcp_name if len(missing) == 1 else None,
        task_id=task.id,
        context_id=task.context_id,
        remedy=f"Call authorize([{examples}]) on the conversation: it asks again in a new context, because credentials "
        "count on the first message of a context only." + (_V2 if generation == "v2" and not any(_told(task)) else ""),
    )


_V2: Final = (
    " agentkit's own server takes them; v2 of Corti does not say how a caller gives any: there, store the secret at "
    "Corti and name it as auth_ref of the server."
)
_UNNAMED: Final = "The task waits for a credential; the agent does not show for which MCP server."


def _told(task: Task) -> Iterator[MissingCredential]:
    report = (task.metadata or {}).get("agentkit")
    servers = report.get("authRequired") if isinstance(report, dict) else None
    for server in servers if isinstance(servers, list) else ():
        name = server.get("mcp_name") if isinstance(server, dict) else None
        if isinstance(server, dict) and isinstance(name, str):
            yield MissingCredential(name, _word(server.get("authorizationType")))


def _word(value: Json) -> str:
    return value if isinstance(value, str) else "bearer"


def _wanting(info: AgentInfo | AgentReference) -> Iterator[MissingCredential]:
    if not isinstance(info, AgentInfo):
        return
    servers = [*info.mcp_servers]
    for expert in info.experts:
        if isinstance(expert, ExpertInfo):
            servers += expert.mcp_servers
    for server in servers:
        # An inherited bearer is given already; a token part would only replace it (MCPAUTH-05).
        if server.authorization_type in {"bearer", "oauth2.0"}:
            yield MissingCredential(server.name, server.authorization_type)


def _is_given(missing: MissingCredential, given: Credentials) -> bool:
    fitting, _ = _FITTING.get(missing.authorization, _FITTING["bearer"])
    return isinstance(given.get(missing.mcp_name.strip()), fitting)

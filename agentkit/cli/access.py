"""Who may call what is served, as the command line or a program was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Final

import typer

from agentkit.errors import ConfigurationError
from agentkit.specs import Authorization

_OPENS: Final[Mapping[str, Authorization]] = {
    "token": Authorization.BEARER,
    "api_key": Authorization.API_KEY,
    "client": Authorization.OAUTH2,
}
_WORDS: Final = ", ".join(word.value for word in Authorization)
_option = partial(typer.Option, rich_help_panel="Who may call MCP servers and agents")

Auth = Annotated[
    list[str] | None,
    _option(
        metavar="none|bearer|oauth2.0|inherit|apiKey",
        help="Who may call it; several: any one lets in. Default: what an expert says, else bearer; agents: none.",
    ),
]
Token = Annotated[
    str | None,
    _option(envvar="AGENTKIT_TOKEN", help="Token for --auth bearer; also @FILE or env:NAME. Default: a new one."),
]
ApiKey = Annotated[str | None, _option(help="Key for --auth apiKey; also @FILE or env:NAME. Default: a new one.")]
Client = Annotated[
    str | None,
    _option(
        envvar="AGENTKIT_CLIENT",
        metavar="ID:SECRET",
        help="Client for --auth oauth2.0; also @FILE or env:NAME. Default: a new one.",
    ),
]
Issuer = Annotated[
    str | None,
    _option(
        metavar="URL",
        help="Whose tokens are taken: for --auth inherit, else for oauth2.0 in place of our authorization server.",
    ),
]
Audience = Annotated[list[str] | None, _option(help="What such a token must be meant for.")]
Jwks = Annotated[
    str | None, _option(metavar="URL", help="Where the issuer's keys are; default: what its metadata says.")
]
Scope = Annotated[
    list[str] | None, _option(help="What a caller of oauth2.0 needs; default for MCP servers: their name.")
]
Introspection = Annotated[
    str | None, _option(metavar="URL", help="Where the issuer is asked about tokens, in place of keys.")
]
IntrospectionClient = Annotated[
    str | None,
    _option(metavar="ID:SECRET", help="What the issuer knows this server by; also @FILE or env:NAME."),
]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a server, as it was asked for.

    Attributes:
        authorizations: Any one of them lets a caller in; none given takes what the server's expert says.
        token: For `bearer`; None makes one.
        api_key: For `apiKey`; None makes one.
        client: Id and secret for `oauth2.0` with our own authorization server; None makes a pair.
        issuer: Whose tokens are taken: for `inherit`, and without it for `oauth2.0` with a foreign authorization
            server.
        audience: What `aud` or `azp` must hold.
        jwks: Where the issuer's keys are; by default where its metadata says.
        scopes: What a caller of `oauth2.0` needs; by default the name of the server.
        introspection: Where the issuer is asked about tokens, in place of keys.
        introspection_client: Id and secret for that.
    """

    authorizations: tuple[Authorization, ...] = ()
    token: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    client: tuple[str, str] | None = field(default=None, repr=False)
    issuer: str | None = None
    audience: tuple[str, ...] = ()
    jwks: str | None = None
    scopes: tuple[str, ...] = ()
    introspection: str | None = None
    introspection_client: tuple[str, str] | None = field(default=None, repr=False)

    def chosen(self, unsaid: Authorization) -> tuple[Authorization, ...]:
        """What was asked for, or `unsaid` where nothing was."""
        return self.authorizations or (unsaid,)

    def refuse_idle(self, served: Iterable[Authorization], names: Mapping[str, str]) -> None:
        """Refuse a secret that opens nothing: whoever gives one believes that it is asked for.

        Args:
            served: How each server is authorized where nothing is said.
            names: The secrets that were given, by field, each as it is called where it was given.

        Raises:
            ConfigurationError: One of them is for an authorization that no server has.
        """
        asked = {kind for unsaid in served for kind in self.chosen(unsaid)}
        if self.issuer and Authorization.INHERIT not in asked:
            asked.discard(Authorization.OAUTH2)  # the clients of a foreign authorization server are known there
        for field_name, name in names.items():
            kind = _OPENS[field_name]
            if getattr(self, field_name) and kind not in asked:
                remedy = f"Choose the authorization {kind.value}, or leave it out."
                raise ConfigurationError(name, "would open nothing, because nobody is asked for it", remedy=remedy)


def read_authorizations(words: Iterable[str]) -> tuple[Authorization, ...]:
    """Authorizations as they were written: several words, or one with commas.

    Raises:
        ConfigurationError: A word is none of them, or `none` stands beside others.
    """
    found: list[Authorization] = []
    for word in [part for each in words for part in each.split(",")]:
        try:
            found.append(Authorization(word.strip()))
        except ValueError:
            raise ConfigurationError("--auth", f"{word.strip()!r} is not known", remedy=f"Known: {_WORDS}.") from None
    chosen = tuple(dict.fromkeys(found))
    if Authorization.NONE in chosen and len(chosen) > 1:
        raise ConfigurationError(
            "--auth", "none lets everybody in, whatever stands beside it", remedy="Leave none out, or take it alone."
        )
    return chosen

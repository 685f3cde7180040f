"""What `agentkit experts plan`, `apply` and `remove` share: which experts, at which addresses, and doing it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import typer

from agentkit.cli.connection import GenerationWord, call
from agentkit.cli.plan_text import document, dumped, show, show_plan
from agentkit.cli.text import plain
from agentkit.errors import AgentKitError, ConfigurationError, SpecError
from agentkit.specs import Authorization, ExpertSpec

if TYPE_CHECKING:
    from agentkit.client import AsyncCorti
    from agentkit.experts import Expert
    from agentkit.experts.deployment import Deployment, DeploymentPlan


@dataclass(frozen=True, slots=True)
class Place:
    """Which Corti is asked."""

    base_url: str | None
    local: bool
    generation: GenerationWord

    @property
    def options(self) -> str:
        """As it is written on a command line."""
        base = f" --base-url {shlex.quote(self.base_url)}" if self.base_url else ""
        return f"{base}{' --local' if self.local else ''}"


@dataclass(frozen=True, slots=True)
class Registered:
    """How experts are to be registered: each value for all of them, or as `NAME=VALUE` for one."""

    url: Sequence[str]
    auth: Sequence[str] = ()
    scope: Sequence[str] = ()
    server_name: Sequence[str] = ()


def load(target: str) -> Expert:
    """The expert that a target names: one of your own as `module:attribute`, or an installed one.

    Raises:
        SpecError: It cannot be loaded, or is something else.
    """
    from agentkit.experts import Expert, load_expert

    if ":" not in target:
        return load_expert(target)
    from agentkit.cli.target import load_target

    found = load_target(target)
    if not isinstance(found, Expert):
        raise SpecError(target, f"is of the type {type(found).__name__}; it must be an Expert")
    return found


def specs_of(targets: Sequence[str], registered: Registered) -> tuple[ExpertSpec, ...]:
    """The experts that targets name, as they are to be registered.

    Raises:
        SpecError: One cannot be loaded, or does not fit.
        ConfigurationError: An address is missing, or an option names none of the experts.
    """
    experts = [load(target) for target in targets]
    names = [expert.name for expert in experts]
    urls = _by_name("--url", registered.url, names)
    auths = _by_name("--auth", registered.auth, names, for_all=True)
    scopes = _by_name("--scope", registered.scope, names, for_all=True)
    servers = _by_name("--server-name", registered.server_name, names)
    for name in names:
        if name not in urls:
            form = "URL" if len(names) == 1 else f"{name}=URL"
            remedy = f"Give --url {form}: the https address of its MCP server, as agentkit serve shows it."
            raise ConfigurationError("--url", f"is missing for {name}", remedy=remedy)
    return tuple(
        expert.spec(
            urls[expert.name],
            authorization=_authorization(auths.get(expert.name)),
            scope=scopes.get(expert.name),
            server_name=servers.get(expert.name),
        )
        for expert in experts
    )


def planned(place: Place, plan: Callable[[AsyncCorti], Awaitable[DeploymentPlan]]) -> DeploymentPlan:
    """Ask Corti for the agent and make the plan."""
    return call(place.base_url, place.local, place.generation, plan)


def carry_out(
    place: Place,
    plan: DeploymentPlan,
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    check: Callable[[], Sequence[str]] | None = None,
) -> None:
    """Show a plan, check the servers, ask, do it, and say what comes next.

    Args:
        place: Which Corti is asked.
        plan: What to do.
        yes: Nobody is asked.
        dry_run: Nothing is done.
        as_json: For a program.
        check: Looks at the servers before anybody is asked, and says what it found.

    Raises:
        ConfigurationError: Nobody can be asked, and `--yes` was not given.
        PlanOutdated: The agent was changed meanwhile.
        typer.Exit: The person said no (1), or interrupted the question (130).
    """
    if not as_json:
        show_plan(plan)
    for line in check() if check else ():
        typer.echo(plain(line), err=as_json)
    deployment = None
    if plan.has_changes and not dry_run:
        if not yes:
            _ask(as_json=as_json)
        deployment = _apply(place, plan)
    if as_json:
        typer.echo(dumped(document(plan, deployment)))
    elif deployment is not None:
        show(_outcome(place, plan, deployment))


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    return sys.stdin.isatty()


def _ask(*, as_json: bool) -> None:
    if as_json or not can_ask():
        remedy = "Look at the plan (agentkit experts plan), then give --yes."
        raise ConfigurationError("--yes", "is needed where nobody can be asked", remedy=remedy)
    try:
        code = 0 if typer.confirm("Apply this?") else 1
    except typer.Abort:
        typer.echo()
        code = 130
    if code:
        typer.echo("Nothing was done.")
        raise typer.Exit(code)


def _apply(place: Place, plan: DeploymentPlan) -> Deployment:
    from agentkit.experts.deployment import apply_deployment

    return call(place.base_url, place.local, place.generation, partial(apply_deployment, plan=plan))


def _outcome(place: Place, plan: DeploymentPlan, deployment: Deployment) -> Iterator[tuple[str, str]]:
    if not deployment.changed:
        yield "", f"Nothing was left to do: {plan.agent} ({deployment.agent_id}) was made so meanwhile."
    else:
        done = "Created" if plan.created is not None else "Changed"
        yield "+", f"{done} {plan.agent} ({deployment.agent_id})."
    for warning in deployment.warnings:
        yield "!", f"! {warning}"
    for text in next_steps(plan, deployment.agent_id, place.options):
        yield "", text


def next_steps(plan: DeploymentPlan, agent_id: str, options: str = "") -> Iterator[str]:
    """What to send with the first message of a conversation, and how (MCPAUTH-05 to -07, MCPAUTH-14).

    Args:
        plan: What was applied.
        agent_id: The agent.
        options: Options that lead to the same Corti.
    """
    credentials: list[str] = []
    arguments = ""
    for server in (server for spec in plan.specs for server in spec.servers):
        name = server.name.strip()
        match server.authorization:
            case Authorization.BEARER:
                credentials.append(f"Token({_quoted(name)}, token)")
                arguments += f" --token {shlex.quote(name)}=@FILE"
            case Authorization.OAUTH2:
                credentials.append(f"ClientCredentials({_quoted(name)}, client_id, client_secret)")
                arguments += f" --client {shlex.quote(name)}=@FILE"
            case Authorization.INHERIT:
                yield f"{name}: the caller's own Corti token is passed on; there is nothing to send."
            case Authorization.API_KEY:
                yield f"{name}: its key is the secret stored at Corti as {server.auth_ref or '(none is named yet)'}."
            case Authorization.NONE:
                pass
    if not plan.specs:
        return
    yield f"Talk to it: agentkit chat {agent_id}{arguments}{options}"
    if credentials:
        yield "Credentials go with the first message of each conversation, bound to the server's name:"
        yield f'    await agent.send("...", credentials=[{", ".join(credentials)}])'
        if plan.generation == "v2":
            yield (
                "    v2 of Corti does not say how it takes them (V2-AUTH-01); agentkit's own platform takes them so. "
                "There, name a secret stored at Corti (auth_ref)."
            )


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _by_name(option: str, values: Sequence[str], names: Sequence[str], *, for_all: bool = False) -> dict[str, str]:
    own: dict[str, str] = {}
    common: list[str] = []
    for value in values:
        name, equals, rest = value.partition("=")
        if not equals or name.strip() not in names:
            common.append(value.strip())
        elif own.setdefault(name.strip(), rest.strip()) != rest.strip():
            raise ConfigurationError(option, f"is given twice for {name.strip()}", remedy="Leave one of them.")
    if common and not for_all and len(names) > 1:
        remedy = f"Write NAME=VALUE with one of {', '.join(names)}."
        raise ConfigurationError(option, "does not say for which expert", remedy=remedy)
    if len(set(common)) > 1:
        raise ConfigurationError(option, "is given twice", remedy="Leave one of them, or write NAME=VALUE.")
    return dict.fromkeys(names, common[0]) | own if common else own


def _authorization(word: str | None) -> Authorization | None:
    if word is None:
        return None
    try:
        return Authorization(word)
    except ValueError:
        known = ", ".join(Authorization)
        raise ConfigurationError("--auth", "is an unknown type", remedy=f"Known are {known}.") from None


def loaded(name: str) -> Expert | str:
    """An installed expert, or why it cannot be loaded."""
    from agentkit.experts import load_expert

    try:
        return load_expert(name)
    except AgentKitError as error:  # one broken package hides no other
        return error.message

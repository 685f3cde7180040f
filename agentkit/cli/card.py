"""`agentkit card`: the cards of agents, as they are served, committed (design D9) and signed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agentkit.cli.address import require_url
from agentkit.cli.data import file_name
from agentkit.cli.target import AgentGroup, is_agent, load_target
from agentkit.cli.text import plain
from agentkit.errors import ConfigurationError, SpecError

if TYPE_CHECKING:
    from agentkit.a2a.hosted import Placed
    from agentkit.models import JsonObject

app = typer.Typer(help="Write, show and check agent cards.", no_args_is_help=True)

DEFAULT_URL: Final = "http://127.0.0.1:8702"

Target = Annotated[str, typer.Argument(help="The agent, or a list of agents, as module:attribute.")]
Url = Annotated[str, typer.Option(metavar="URL", help="Where the agent is served.")]
Card = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Take the words of an agent's card from here, for example edited.")
]


@app.command("write")
def write(
    target: Target,
    url: Url = DEFAULT_URL,
    folder: Annotated[Path, typer.Option(help="Where cards are kept.")] = Path("agent-cards"),
    card: Card = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the card kept differs.")] = False,
) -> None:
    """Write an agent's card to FOLDER/NAME.json, so that a change of surface is a visible diff."""
    from agentkit.a2a import card_text  # here, because the A2A SDK takes a while to import

    stale = False
    for placed in _placed(target, url, card):
        path = folder / f"{file_name(placed.agent.name)}.json"
        text = card_text(placed.card)
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            typer.echo(f"wrote {path}")
        elif path.exists() and path.read_text(encoding="utf-8") == text:
            typer.echo(f"{path} is current")
        else:
            stale = True
            typer.echo(f"{path} is not the card of {target}: run agentkit card write {target}", err=True)
    if stale:
        raise typer.Exit(1)


@app.command("show")
def show(
    target: Annotated[str, typer.Argument(help="An agent as module:attribute, or the URL of a served one.")],
    url: Url = DEFAULT_URL,
    card: Card = None,
) -> None:
    """Print the card of an agent of yours, or of one that is served somewhere; without a check of its signatures."""
    if _is_address(target):
        from agentkit.a2a.card_texts import pretty

        typer.echo(plain(pretty(asyncio.run(_fetched(target))[1])), nl=False)
        return
    from agentkit.a2a import card_text

    for placed in _placed(target, url, card):
        typer.echo(card_text(placed.card), nl=False)


@app.command("verify")
def verify(
    address: Annotated[str, typer.Argument(metavar="URL", help="The agent, or its card.")],
    host: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="Where keys may lie, beside the card's own origin.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A key set to believe, and no other; nothing is fetched then.")
    ] = None,
) -> None:
    """Check that the card of a served agent is signed by a key that is believed; exit 1 if it is not."""
    if not _is_address(address):
        raise ConfigurationError("URL", "is no http address", remedy="Give one such as https://agents.example.org.")
    from agentkit.a2a import CardTrust, verify_card
    from agentkit.errors import WireError
    from agentkit.wire.jsontext import parse_json

    known = None
    if keys is not None:
        try:
            known = parse_json(keys.read_bytes())
        except (OSError, WireError):
            known = None
        if not isinstance(known, dict):
            raise ConfigurationError("--keys", "names no file with a JSON Web Key Set")
    trust = CardTrust(hosts=tuple(host or ()), keys=known)

    async def checked() -> str:
        card_url, document = await _fetched(address)
        verified = await verify_card(document, card_url=card_url, trust=trust)
        return "" if verified is None else verified.key_id

    key_id = asyncio.run(checked())
    typer.echo(f"The card is signed, by the key {plain(key_id)}.")


@app.command("rotate-keys")
def rotate_keys(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The keys that agentkit serve --sign FILE signs with.")],
) -> None:
    """Sign cards with a new key from now on; a running server sees it, and shows the old key for another week."""
    from agentkit.a2a import CardKeys

    if not file.exists():
        raise ConfigurationError(str(file), "does not exist", remedy="agentkit serve --sign FILE makes it.")
    keys = CardKeys.open(file)
    key_id = keys.rotate()
    keys.save(file)
    typer.echo(f"cards are signed with {key_id} from now on")


def _placed(target: str, url: str, texts: Path | None) -> tuple[Placed, ...]:
    """The agents with the cards that `agentkit serve` would show.

    Raises:
        SpecError: It is none.
        ConfigurationError: Words for one card were given, and there are several; or the address is none.
    """
    from agentkit.a2a.hosted import Manner, place
    from agentkit.cli.agent_servers import worded

    require_url("--url", url)
    found = load_target(target)
    if not isinstance(found, AgentGroup) and not is_agent(found):
        raise SpecError(target, f"is a {type(found).__name__}; only agents have cards")
    return place(worded(found, texts), Manner(url))


async def _fetched(address: str) -> tuple[str, JsonObject]:
    from agentkit.a2a.published import CARD_PATH
    from agentkit.a2a.verified_card import fetch_json

    url = address if address.endswith(".json") else address.rstrip("/") + CARD_PATH
    document = await fetch_json(url)
    return url, document if isinstance(document, dict) else {}


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))

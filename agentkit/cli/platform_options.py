"""How the platform is served: what only it has, as the command line or a program was told."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from pydantic import SecretStr

from agentkit.cli.address import require_url
from agentkit.cli.connection import read_secret
from agentkit.errors import CassetteError, ConfigurationError

if TYPE_CHECKING:
    from agentkit.memory import Embedder
    from agentkit.platform import PlatformSettings
    from agentkit.reasoning import Reasoner

_MINILM: Final = "minilm"
_option = partial(typer.Option, rich_help_panel="The platform")
_OPTIONS: Final[Mapping[str, str]] = {
    "issuer_environment": "--tokens-from",
    "durable": "--durable",
    "reasoner": "--reasoner",
    "model": "--model",
    "base_url": "--model-url",
    "api_key": "--model-key",
}
"""What a setting is called on the command line."""

_ENDPOINT: Final = re.compile(r"(?P<model>[^@\s]+):(?P<dim>\d{1,5})@(?P<url>https?://\S+)")

Clients = Annotated[
    Path | None,
    _option(
        metavar="FILE",
        help="TOML file with tenants, clients, people, secrets, and whose web pages may call the platform.",
    ),
]
ReasonerName = Annotated[
    str | None,
    _option(
        "--reasoner",
        metavar="rules|llm|replay:FILE",
        help="What decides; default: rules, without a model.",
    ),
]
Model = Annotated[str | None, _option(metavar="NAME", help="The model of --reasoner llm.")]
ModelUrl = Annotated[
    str | None,
    _option(metavar="URL", help="The OpenAI-compatible endpoint of the model, ending in /v1."),
]
ModelKey = Annotated[
    str | None,
    _option(envvar="AGENTKIT_MODEL_KEY", help="The endpoint's key; also @FILE or env:NAME."),
]
Record = Annotated[
    Path | None,
    _option(metavar="FILE", help="Write down what is decided, for --reasoner replay:FILE."),
]
EmbedderName = Annotated[
    str | None,
    _option(
        "--embedder",
        metavar="minilm|MODEL:DIM@URL",
        help="Search the memory by meaning, too: with a model on this machine, or one at an embeddings endpoint.",
    ),
]
Durable = Annotated[
    bool,
    _option("--durable", help="Turns go on where a crash stopped them (extra durable)."),
]
Faithful = Annotated[
    bool,
    _option("--faithful", help="Fall short of the contract where Corti's own server does today."),
]
FaultFile = Annotated[
    Path | None,
    _option("--faults", metavar="FILE", help="TOML file of what shall go wrong, for tests."),
]
TraceContent = Annotated[
    bool,
    _option(
        "--trace-content",
        help="Keep what was said with the traces; never with data of patients.",
    ),
]
Otlp = Annotated[
    str | None,
    _option(metavar="URL", help="Send traces to this collector over OTLP/HTTP (extra otlp)."),
]
TokensFrom = Annotated[
    str | None,
    _option(
        metavar="REGION",
        help="Let tokens name Corti's login of a region, for clients that insist on one.",
    ),
]


@dataclass(frozen=True, slots=True)
class PlatformOptions:
    """What only the platform has.

    Attributes:
        clients: File of tenants, clients, people, secrets and origins of web pages.
        reasoner: `rules`, `llm` or `replay:FILE`.
        model: The model of `llm`.
        model_url: Its endpoint.
        model_key: The endpoint's key.
        record: Where decisions are written down.
        embedder: `minilm`, or `MODEL:DIM@URL`.
        durable: Turns survive the process.
        faithful: Fall short where Corti does.
        faults: File of faults.
        trace_content: Keep what was said with the traces.
        otlp: A collector.
        tokens_from: The region that tokens say they come from.
    """

    clients: Path | None = None
    reasoner: str | None = None
    model: str | None = None
    model_url: str | None = None
    model_key: str | None = field(default=None, repr=False)
    record: Path | None = None
    embedder: str | None = None
    durable: bool = False
    faithful: bool = False
    faults: Path | None = None
    trace_content: bool = False
    otlp: str | None = None
    tokens_from: str | None = None

    def refuse_unused(self) -> None:
        """Refuse them all, for what is served is no platform.

        Raises:
            ConfigurationError: One of them was given.
        """
        for each in fields(self):
            # The variable is for every command; what it names is used where there is a model.
            if each.name != "model_key" and getattr(self, each.name) not in (None, False):
                raise ConfigurationError(
                    f"--{each.name.replace('_', '-')}",
                    "is for the platform",
                    remedy="Give it to agentkit serve platform.",
                )

    def applied(self, settings: PlatformSettings) -> PlatformSettings:
        """Settings with what was asked for.

        Raises:
            ConfigurationError: A file or a word does not fit, or an extra is missing; the error names the option.
        """
        from agentkit.a2a import remote_agent  # here and below, because `--help` needs none of them

        reasoner, embedder = self._reasoner(), self._embedder()
        if self.otlp is not None:
            require_url("--otlp", self.otlp)
        with _naming_options():
            settings = replace(
                settings,
                remote_agents=remote_agent,
                reasoner=reasoner,
                embedder=embedder,
                durable=self.durable,
                faithful=self.faithful,
                trace_content=self.trace_content,
                otlp_endpoint=self.otlp,
                issuer_environment=self.tokens_from,
            )
        if self.faults:
            from agentkit.platform.faults import read_faults_file

            with _naming_options("--faults"):
                settings = replace(settings, faults=read_faults_file(self.faults))
        if self.clients:
            from agentkit.platform.realm.clients_file import read_clients_file

            with _naming_options("--clients"):
                settings = read_clients_file(self.clients).applied(settings)
        return settings

    def _reasoner(self) -> Reasoner | None:
        from agentkit.reasoning import Cassette, RecordingReasoner, reasoner_from

        name = "rules" if self.reasoner is None else self.reasoner
        # A key that stands in the environment is for commands that use one.
        key = self.model_key if name == "llm" else None
        if name == "llm" and self.model_url is not None:
            require_url("--model-url", self.model_url)
        try:
            with _naming_options():
                reasoner = reasoner_from(
                    name,
                    model=self.model,
                    base_url=self.model_url,
                    api_key=read_secret("--model-key", key) if key else None,
                )
        except CassetteError as error:
            raise ConfigurationError("--reasoner", error.message, remedy=error.remedy) from None
        if self.record is None:
            return reasoner
        if self.record.is_dir() or not os.access(self.record.absolute().parent, os.W_OK):
            raise ConfigurationError("--record", "names no file that can be written", remedy="Check the folder.")
        return RecordingReasoner(reasoner, Cassette(), path=self.record)

    def _embedder(self) -> Embedder | None:
        if self.embedder is None:
            return None
        if self.embedder == _MINILM:
            from agentkit.memory.minilm import MiniLM

            return MiniLM()
        found = _ENDPOINT.fullmatch(self.embedder)
        if found is None:
            raise ConfigurationError(
                "--embedder",
                "is neither minilm nor MODEL:DIM@URL",
                remedy="Try nomic-embed-text:768@http://127.0.0.1:11434/v1",
            )
        from agentkit.memory.endpoint import EmbeddingsEndpoint

        key = SecretStr(read_secret("--model-key", self.model_key)) if self.model_key else SecretStr("")
        with _naming_options("--embedder"):
            return EmbeddingsEndpoint(found["url"], model=found["model"], dim=int(found["dim"]), api_key=key)


@contextmanager
def _naming_options(option: str | None = None) -> Generator[None]:
    """Let errors name what was typed, with the place in its value or file, in place of a setting of the library."""
    try:
        yield
    except ConfigurationError as error:
        if error.setting.startswith("--"):
            raise
        told = error.message.removeprefix(f"{error.setting}: ")
        named = f"{option} {error.setting}" if option else _OPTIONS.get(error.setting, error.setting)
        raise ConfigurationError(named, told, remedy=error.remedy) from None

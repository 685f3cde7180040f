"""One conversation with an agent at a terminal, or through a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.status import Status

from agentkit.cli.text import shown
from agentkit.client import BlockingAgentHandle
from agentkit.client.missing import MissingCredential, missing_credentials
from agentkit.credentials import Credential, Credentials
from agentkit.errors import ApiError, TransportError
from agentkit.models import Message, Task, TaskState

POLL: Final = 0.25
"""Seconds between two looks at a task."""

HELP: Final = "Say something; /new starts a new conversation, /quit ends."


class Conversation:
    """One conversation at a terminal: context, open question and credentials.

    Attributes:
        unanswered: How many messages failed, were refused, or lacked a credential.
    """

    def __init__(self, agent: BlockingAgentHandle, credentials: Iterable[Credential]) -> None:
        """Talk to an agent."""
        self._agent = agent
        self._credentials = tuple(credentials)
        self._console = Console(soft_wrap=True, highlight=False)
        self._context: str | None = None
        self._open_task: str | None = None
        self.unanswered = 0

    def run(self) -> None:
        """Read lines until the end of input or `/quit`."""
        self._console.print(f"[bold]{shown(self._agent.name)}[/bold]  [dim]{HELP}[/dim]")
        while (line := self._read()) is not None:
            match line:
                case "":
                    continue
                case "/quit":
                    return
                case "/new":
                    self._context = self._open_task = None
                    self._console.print("[dim]A new conversation.[/dim]")
                case _:
                    self._turn(line)

    def _read(self) -> str | None:
        try:
            line = self._console.input("[bold cyan]you>[/bold cyan] ").strip()
        except EOFError:
            self._console.print()
            return None
        if not sys.stdin.isatty():  # nobody has seen it being typed
            self._console.print(line, markup=False)
        return line

    def _turn(self, line: str) -> None:
        """One message and its answer; an error of the API ends the turn, not the conversation."""
        try:
            with self._console.status("submitted") as status:
                reply = self._agent.send(
                    line,
                    context=self._context,
                    task=self._open_task,
                    credentials=() if self._context else self._credentials,
                    blocking=False,
                )
                answer = self._settled(reply.answer, status)
        except (ApiError, TransportError) as error:
            self._console.print(f"[red]error:[/red] {shown(str(error))}")
            self.unanswered += 1
            return
        self._context = answer.context_id
        self._show(answer)

    def _settled(self, answer: Task | Message, status: Status) -> Task | Message:
        while isinstance(answer, Task) and not answer.status.state.is_settled:
            status.update(f"{answer.status.state.value} … {shown(answer.text)}")
            time.sleep(POLL)
            answer = self._agent.task(answer.id)
        return answer

    def _show(self, answer: Task | Message) -> None:
        state = answer.status.state if isinstance(answer, Task) else TaskState.COMPLETED
        waits = isinstance(answer, Task) and state is TaskState.INPUT_REQUIRED
        self._open_task = answer.id if isinstance(answer, Task) and waits else None
        if state not in {TaskState.COMPLETED, TaskState.INPUT_REQUIRED}:
            self.unanswered += 1
        text = answer.text or "(no text)"
        note = "" if state is TaskState.COMPLETED else f" [yellow]({state.value})[/yellow]"
        self._console.print(f"[bold green]{shown(self._agent.name)}>[/bold green]{note} {shown(text)}")
        if isinstance(answer, Task) and state is TaskState.AUTH_REQUIRED:
            missing = missing_credentials(answer, self._agent.info, Credentials(self._credentials))
            options = " ".join(map(_option, missing)) or "--token MCP=TOKEN or --client MCP=ID:SECRET"
            self._console.print(f"[dim]Start again with {shown(options)}[/dim]")


def _option(missing: MissingCredential) -> str:
    """The option that gives it."""
    if missing.authorization == "oauth2.0":
        return f"--client {missing.mcp_name}=ID:SECRET"
    return f"--token {missing.mcp_name}=TOKEN"

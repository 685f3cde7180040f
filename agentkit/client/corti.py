"""The asynchronous client; `agentkit.client.blocking` is generated from it."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING, Self

from agentkit.client.config import ClientConfig, resolve
from agentkit.client.endpoints import Endpoints
from agentkit.client.generation import check_choice
from agentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType

    import httpx2

    from agentkit.client.generation import Binding, GenerationChoice
    from agentkit.client.generations import Generations
    from agentkit.client.grants import Grant
    from agentkit.client.resources.agents import Agents
    from agentkit.client.resources.codes import Codes
    from agentkit.client.resources.contexts import Contexts
    from agentkit.client.resources.documents import Documents
    from agentkit.client.resources.experts import Experts
    from agentkit.client.resources.facts import Facts
    from agentkit.client.resources.interactions import Interactions
    from agentkit.client.resources.languages import Languages
    from agentkit.client.resources.recordings import Recordings
    from agentkit.client.resources.templates import Templates
    from agentkit.client.resources.transcripts import Transcripts
    from agentkit.client.session import AsyncSession
    from agentkit.oauth import IssuedToken


class AsyncCorti:
    """The Corti API.

    ```python
    async with AsyncCorti() as corti:
        agent = await corti.agents.create(AgentSpec(...))
        reply = await agent.send("...", credentials=[Token("ehr", "...")])
    ```

    Every setting comes from the argument, else the variable, else `.env` in the working directory, else its default.
    The types of agents come from `agentkit.specs` (what you write) and `agentkit.models` (what you are told), the ways
    to sign in from `agentkit.client`, errors from `agentkit.errors`.
    Close it after use (`async with` or `aclose`). An `AsyncCorti` belongs to one event loop, a `Corti` may be shared by
    threads.
    """

    def __init__(
        self,
        *,
        environment: str | Endpoints | None = None,
        tenant: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        base_url: str | None = None,
        token: str | None = None,
        auth: Grant | None = None,
        refresh: Callable[[str | None], Awaitable[IssuedToken]] | None = None,
        generation: GenerationChoice = "auto",
        binding: Binding | None = None,
        timeout: float = 60.0,
        max_retries: int = 2,
        allow_http: bool = False,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Collect the settings; nothing is sent.

        Args:
            environment: Region (`eu`, `us`), or `agentkit.client.Endpoints` with four addresses of your own; variable
                `CORTI_ENVIRONMENT`.
            tenant: Variable `CORTI_TENANT_NAME`, default `base`.
            client_id: Variable `CORTI_CLIENT_ID`.
            client_secret: Variable `CORTI_CLIENT_SECRET`.
            base_url: Address of a local or private platform; variable `CORTI_BASE_URL`. An argument wins over a
                variable, and an address over a region. Agents are at `{base_url}/agents`, the token endpoint at
                `{base_url}/realms/{tenant}/protocol/openid-connect/token`.
            token: A static access token in place of client credentials; never renewed. Its issuer tells environment and
                tenant where nothing else does.
            auth: How the client gets its token, one of `agentkit.client`: `AuthorizationCodeGrant` (also with PKCE, see
                `agentkit.client.authorize_url`), `PasswordGrant`, `RefreshTokenGrant`, or `NoAuth` where a proxy adds
                the token. `client_id` with `client_secret` is short for `ClientCredentialsGrant`, `token` for
                `AccessToken`.
            refresh: Brings each token as an `agentkit.oauth.IssuedToken`, in place of every grant (an `AccessToken` is
                used until shortly before it expires). It is given the refresh token held, if any, is never called twice
                at a time, and sets its own time limit. What it raises becomes an `AuthenticationError` without its
                text.
            generation: Which agents API is spoken: `v1` (`/agents`, documented, deprecated upstream), `v2` (`/agentic`,
                its successor, in beta), or `auto`: an agent's id tells its generation, and a new agent is made with v1
                unless its spec needs v2.
            binding: How messages travel, `HTTP+JSON` or `JSONRPC`. Where nothing is said: v1 sends over REST, v2 over
                JSON-RPC, because only there Corti tells what a turn used (V2-OBJ-14).
            timeout: Seconds for one try of a call, and for opening a stream.
            max_retries: Further tries after the first one, on 408, 429 and every status from 500 on; network errors and
                timeouts are not retried.
            allow_http: Accept unencrypted http to other hosts than this machine.
            transport: Sends the requests in place of the network; closed with the client.
            sleep: Waits between tries, in place of the real wait.
            clock: Seconds that only go forward, in place of `time.monotonic`.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        self._config = resolve(
            environment=environment,
            tenant=tenant,
            client_id=client_id,
            client_secret=client_secret,
            base_url=base_url,
            token=token,
            auth=auth,
            has_refresh=refresh is not None,
            timeout=timeout,
            max_retries=max_retries,
            allow_http=allow_http,
        )
        check_choice(generation, binding)
        if refresh is not None and not callable(refresh):
            raise ConfigurationError("refresh", "is no function", remedy="A token itself goes into token=.")
        self._choice: GenerationChoice = generation
        self._binding: Binding | None = binding
        self._refresh = refresh
        self._transport = transport
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: AsyncSession | None = None

    def __repr__(self) -> str:
        """Says where it goes, hides who goes."""
        return f"AsyncCorti({self._config.endpoints.agents!r}, tenant={self._config.tenant!r})"

    @property
    def config(self) -> ClientConfig:
        """The settings; secrets are hidden in the repr."""
        return self._config

    @property
    def generation(self) -> GenerationChoice:
        """Which agents API the client was made for: `v1`, `v2`, or `auto`."""
        return self._choice

    @property
    def refresh_token(self) -> str | None:
        """The refresh token held now, to go on later without a new sign-in: `RefreshTokenGrant(client_id, token)`.

        None before the first call, and where the login gives none, as for client credentials (AUTH-08). Renewals change
        it, so read it last. Whoever has it can act as the person: keep it like a password, and out of logs.
        """
        return self._session.refresh_token

    @cached_property
    def agents(self) -> Agents:
        """Agents: create, get, list, update, delete, card."""
        from agentkit.client.resources.agents import Agents

        return Agents(self._session, self._generations)

    @cached_property
    def experts(self) -> Experts:
        """The registry of experts."""
        from agentkit.client.resources.experts import Experts

        return Experts(self._session, self._generations)

    @cached_property
    def contexts(self) -> Contexts:
        """Conversations with their tasks, traces and feedback; v2 only.

        Raises:
            UnsupportedByGeneration: The client was made for v1.
        """
        from agentkit.client.resources.contexts import Contexts

        self._generations.second("contexts without their agent")
        return Contexts(self._session)

    @cached_property
    def interactions(self) -> Interactions:
        """Encounters of patients, to which the parts below belong (REST-01)."""
        from agentkit.client.resources.interactions import Interactions

        return Interactions(self._session)

    @cached_property
    def recordings(self) -> Recordings:
        """The audio of an interaction (REST-04)."""
        from agentkit.client.resources.recordings import Recordings

        return Recordings(self._session)

    @cached_property
    def transcripts(self) -> Transcripts:
        """What is said in a recording (REST-05)."""
        from agentkit.client.resources.transcripts import Transcripts

        return Transcripts(self._session)

    @cached_property
    def facts(self) -> Facts:
        """Clinical statements of an interaction, or of any text (REST-07, REST-08)."""
        from agentkit.client.resources.facts import Facts

        return Facts(self._session)

    @cached_property
    def documents(self) -> Documents:
        """Classic documents of an interaction (REST-09)."""
        from agentkit.client.resources.documents import Documents

        return Documents(self._session)

    @cached_property
    def templates(self) -> Templates:
        """Templates of classic documents (REST-11)."""
        from agentkit.client.resources.templates import Templates

        return Templates(self._session)

    @cached_property
    def codes(self) -> Codes:
        """Medical codes for a text (REST-12)."""
        from agentkit.client.resources.codes import Codes

        return Codes(self._session)

    @cached_property
    def languages(self) -> Languages:
        """The languages Corti understands (REST-13)."""
        from agentkit.client.resources.languages import Languages

        return Languages(self._session)

    async def aclose(self) -> None:
        """Close the connections and drop the token; the client cannot be used afterwards."""
        await self._session.aclose()

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first call."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        await self.aclose()

    @cached_property
    def _generations(self) -> Generations:
        from agentkit.client.generations import Generations

        return Generations(self._choice, self._binding)

    @property
    def _session(self) -> AsyncSession:
        # Imported here: it loads httpx2 and pydantic, which making a client must not (design, section 3).
        from agentkit.client.session import AsyncSession

        # A lock, because threads share the blocking twin, which is generated from this file.
        with self._lock:
            if self._opened is None:
                self._opened = AsyncSession(
                    self._config,
                    refresh=self._refresh,
                    transport=self._transport,
                    sleep=self._sleep,
                    clock=self._clock,
                )
            return self._opened

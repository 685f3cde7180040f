# Made from corti.py: change that file, then run `make twins`.
"""The blocking client; `agentkit.client.blocking` is generated from it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Self

from agentkit.client.config import ClientConfig, resolve
from agentkit.client.endpoints import Endpoints
from agentkit.client.generation import check_choice
from agentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from types import TracebackType

    import httpx2

    from agentkit.client.blocking.agents import BlockingAgents
    from agentkit.client.blocking.codes import BlockingCodes
    from agentkit.client.blocking.contexts import BlockingContexts
    from agentkit.client.blocking.documents import BlockingDocuments
    from agentkit.client.blocking.experts import BlockingExperts
    from agentkit.client.blocking.facts import BlockingFacts
    from agentkit.client.blocking.interactions import BlockingInteractions
    from agentkit.client.blocking.languages import BlockingLanguages
    from agentkit.client.blocking.recordings import BlockingRecordings
    from agentkit.client.blocking.templates import BlockingTemplates
    from agentkit.client.blocking.transcripts import BlockingTranscripts
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.client.generation import Binding, GenerationChoice
    from agentkit.client.generations import Generations
    from agentkit.client.grants import Grant
    from agentkit.oauth import IssuedToken


class Corti:
    """The Corti API.

    ```python
    with Corti() as corti:
        agent = corti.agents.create(AgentSpec(...))
        reply = agent.send("...", credentials=[Token("ehr", "...")])
    ```

    Every setting comes from the argument, else the variable, else `.env` in the working directory, else its default.
    The types of agents come from `agentkit.specs` (what you write) and `agentkit.models` (what you are told), the ways
    to sign in from `agentkit.client`, errors from `agentkit.errors`.
    Close it after use (`with` or `close`). An `Corti` belongs to one event loop, a `Corti` may be shared by
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
        refresh: Callable[[str | None], IssuedToken] | None = None,
        generation: GenerationChoice = "auto",
        binding: Binding | None = None,
        timeout: float = 60.0,
        max_retries: int = 2,
        allow_http: bool = False,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] | None = None,
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
        self._opened: BlockingSession | None = None

    def __repr__(self) -> str:
        """Says where it goes, hides who goes."""
        return f"Corti({self._config.endpoints.agents!r}, tenant={self._config.tenant!r})"

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
    def agents(self) -> BlockingAgents:
        """Agents: create, get, list, update, delete, card."""
        from agentkit.client.blocking.agents import BlockingAgents

        return BlockingAgents(self._session, self._generations)

    @cached_property
    def experts(self) -> BlockingExperts:
        """The registry of experts."""
        from agentkit.client.blocking.experts import BlockingExperts

        return BlockingExperts(self._session, self._generations)

    @cached_property
    def contexts(self) -> BlockingContexts:
        """Conversations with their tasks, traces and feedback; v2 only.

        Raises:
            UnsupportedByGeneration: The client was made for v1.
        """
        from agentkit.client.blocking.contexts import BlockingContexts

        self._generations.second("contexts without their agent")
        return BlockingContexts(self._session)

    @cached_property
    def interactions(self) -> BlockingInteractions:
        """Encounters of patients, to which the parts below belong (REST-01)."""
        from agentkit.client.blocking.interactions import BlockingInteractions

        return BlockingInteractions(self._session)

    @cached_property
    def recordings(self) -> BlockingRecordings:
        """The audio of an interaction (REST-04)."""
        from agentkit.client.blocking.recordings import BlockingRecordings

        return BlockingRecordings(self._session)

    @cached_property
    def transcripts(self) -> BlockingTranscripts:
        """What is said in a recording (REST-05)."""
        from agentkit.client.blocking.transcripts import BlockingTranscripts

        return BlockingTranscripts(self._session)

    @cached_property
    def facts(self) -> BlockingFacts:
        """Clinical statements of an interaction, or of any text (REST-07, REST-08)."""
        from agentkit.client.blocking.facts import BlockingFacts

        return BlockingFacts(self._session)

    @cached_property
    def documents(self) -> BlockingDocuments:
        """Classic documents of an interaction (REST-09)."""
        from agentkit.client.blocking.documents import BlockingDocuments

        return BlockingDocuments(self._session)

    @cached_property
    def templates(self) -> BlockingTemplates:
        """Templates of classic documents (REST-11)."""
        from agentkit.client.blocking.templates import BlockingTemplates

        return BlockingTemplates(self._session)

    @cached_property
    def codes(self) -> BlockingCodes:
        """Medical codes for a text (REST-12)."""
        from agentkit.client.blocking.codes import BlockingCodes

        return BlockingCodes(self._session)

    @cached_property
    def languages(self) -> BlockingLanguages:
        """The languages Corti understands (REST-13)."""
        from agentkit.client.blocking.languages import BlockingLanguages

        return BlockingLanguages(self._session)

    def close(self) -> None:
        """Close the connections and drop the token; the client cannot be used afterwards."""
        self._session.close()

    def __enter__(self) -> Self:
        """Nothing is opened before the first call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        self.close()

    @cached_property
    def _generations(self) -> Generations:
        from agentkit.client.generations import Generations

        return Generations(self._choice, self._binding)

    @property
    def _session(self) -> BlockingSession:
        # Imported here: it loads httpx2 and pydantic, which making a client must not (design, section 3).
        from agentkit.client.blocking_session import BlockingSession

        # A lock, because threads share the blocking twin, which is generated from this file.
        with self._lock:
            if self._opened is None:
                self._opened = BlockingSession(
                    self._config,
                    refresh=self._refresh,
                    transport=self._transport,
                    sleep=self._sleep,
                    clock=self._clock,
                )
            return self._opened

"""The blocking client: the twin of `AsyncCorti` (a test compares the two)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Self

from agentkit.client.config import ClientConfig, Endpoints, resolve

if TYPE_CHECKING:
    from types import TracebackType

    import httpx2

    from agentkit.client.blocking_resources import BlockingAgents, BlockingExperts
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.client.grants import Grant
    from agentkit.oauth import IssuedToken


class Corti:
    """The Corti API for programs without an event loop.

    ```python
    with Corti() as corti:
        agent = corti.agents.create(AgentSpec(...))
        reply = agent.send("...", credentials=[Token("ehr", "...")])
    ```

    Every setting comes from the argument, else the variable, else `.env` in the working directory, else its default.
    Threads may share one client; close it (`with` or `close`).
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
        timeout: float = 60.0,
        max_retries: int = 2,
        allow_http: bool = False,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Collect the settings; nothing is sent.

        Args:
            environment: Region (`eu`, `us`) or four addresses; variable `CORTI_ENVIRONMENT`.
            tenant: Variable `CORTI_TENANT_NAME`, default `base`.
            client_id: Variable `CORTI_CLIENT_ID`.
            client_secret: Variable `CORTI_CLIENT_SECRET`.
            base_url: Address of a local or private platform; variable `CORTI_BASE_URL`. An argument wins over a
                variable, and an address over a region. Agents are at `{base_url}/agents`, the token endpoint at
                `{base_url}/realms/{tenant}/protocol/openid-connect/token`.
            token: A static access token in place of client credentials; never renewed. Its issuer tells environment and
                tenant where nothing else does.
            auth: How the client gets its token, for every other way than client credentials or a static token; in place
                of `client_id`, `client_secret` and `token`.
            refresh: Brings each token, in place of every grant (an `AccessToken` is used until shortly before it
                expires). It is given the refresh token held, if any, is never called twice at a time, and bounds its
                own time. What it raises becomes an `AuthenticationError` without its text.
            timeout: Seconds for one try of a call.
            max_retries: Tries behind the first one, on 408, 429 and every status from 500 on.
            allow_http: Accept unencrypted http to other hosts than this machine.
            transport: Sends the requests in place of the network; closed with the client.
            sleep: Waits between tries, in place of `time.sleep`.
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

    @cached_property
    def agents(self) -> BlockingAgents:
        """Agents: create, get, list, update, delete, card."""
        from agentkit.client.blocking_resources import BlockingAgents

        return BlockingAgents(self._session)

    @cached_property
    def experts(self) -> BlockingExperts:
        """The registry of experts."""
        from agentkit.client.blocking_resources import BlockingExperts

        return BlockingExperts(self._session)

    def close(self) -> None:
        """Close the connections and drop the token; the client cannot be used afterwards.

        A call that another thread has on its way still ends with its answer or at its time limit.
        """
        self._session.close()

    def __enter__(self) -> Self:
        """Nothing is opened before the first call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        self.close()

    @property
    def _session(self) -> BlockingSession:
        # Imported here: it loads httpx2 and pydantic, which making a client must not (design, section 3).
        from agentkit.client.blocking_session import BlockingSession

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

"""One notification on its way: a POST to an address that was checked (A2A-PUSH-03, A2A-PUSH-04)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

import httpx2

from agentkit import tracing
from agentkit.a2a.push.guard import PushTargetRefused, TargetGuard
from agentkit.a2a.push.signature import HEADER, NotificationSigner

TIMEOUT: Final = 15.0
"""Seconds for one try (A2A-PUSH-05 asks for 10 to 30)."""

_MEDIA_TYPE: Final = "application/a2a+json"
_GONE: Final = 410


class Delivered(StrEnum):
    """How a try ended."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"


class Delivery:
    """Posts notifications; follows no redirect, uses no proxy, reads no answer."""

    def __init__(
        self,
        guard: TargetGuard,
        signer: NotificationSigner | None = None,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Prepare.

        Args:
            guard: Checks the address anew for every try.
            signer: Signs bodies where the server has a key.
            transport: For receivers in this process.
            timeout: Seconds for one try.
        """
        self._guard = guard
        self._signer = signer
        self._http = httpx2.AsyncClient(
            transport=transport,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "agentkit"},
        )

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Delivered:
        """Try once.

        Returns:
            `taken` for a 2xx; `never` where the receiver says so (410) or lies where nothing may go; else `later`.
        """
        try:
            target = await self._guard.check(url)
        except PushTargetRefused:
            # A name may be unknown for a while; an address that is not allowed now was allowed when it was given.
            return Delivered.LATER
        request_headers = {**headers, "Content-Type": _MEDIA_TYPE}
        if self._signer is not None:
            request_headers[HEADER] = await self._signer.sign(body, url)
        tracing.inject(request_headers)
        pinned = httpx2.URL(url)
        request_headers["Host"] = pinned.netloc.decode()
        extensions = {"sni_hostname": target.host}
        try:
            async with self._http.stream(
                "POST",
                pinned.copy_with(host=target.addresses[0]),
                headers=request_headers,
                content=body,
                extensions=extensions,
            ) as answer:
                return _verdict(answer.status_code)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return Delivered.LATER


def _verdict(status: int) -> Delivered:
    if httpx2.codes.is_success(status):
        return Delivered.TAKEN
    return Delivered.NEVER if status == _GONE else Delivered.LATER

"""`verify_endpoint`: all checks, one after another, within one time limit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from statistics import median
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import anyio

from agentkit.a2a.verification.answers import ANSWERS
from agentkit.a2a.verification.endpoint import (
    Endpoint,
    EndpointCheck,
    EndpointGroup,
    EndpointRun,
    EndpointThresholds,
)
from agentkit.a2a.verification.faults import FAULTS
from agentkit.a2a.verification.gate import GATE
from agentkit.a2a.verification.reach import CARD, REACH
from agentkit.errors import SpecError
from agentkit.mcp.client.input import checked_address
from agentkit.mcp.client.pool import HttpPool, new_pool
from agentkit.mcp.verification.checking import Problem
from agentkit.mcp.verification.report import VerificationReport

DEFAULT_REQUEST_TIMEOUT: Final = 30.0
DEFAULT_TIME_LIMIT: Final = 180.0

SPEED: Final = EndpointGroup("speed", needs=("card.version",))
_SENDABLE: Final = re.compile(r"[\x21-\x7e]+")


@SPEED.check(
    "speed.answers", "It answers fast enough", "Find out where the time goes; a user waits for it.", warning=True
)
async def speed(endpoint: Endpoint) -> Sequence[Problem]:
    """The median of what was measured anyway."""
    limits = endpoint.thresholds
    allowed = {"card": limits.card_ms, "call": limits.call_ms, "answer": limits.answer_ms}
    problems: list[Problem] = []
    for what, seconds in endpoint.seen.timings.items():
        took = median(seconds) * 1_000
        if took > allowed[what]:
            problems.append(Problem(f"{what}: {took:.0f} ms, more than {allowed[what]:.0f}"))
    return problems


CHECKS: Final[tuple[EndpointCheck, ...]] = tuple(
    check for group in (REACH, CARD, GATE, FAULTS, ANSWERS, SPEED) for check in group.checks
)
"""All checks in the order in which they run."""


async def verify_endpoint(
    url: str,
    *,
    token: str | None = None,
    ask: str | None = None,
    local: bool = False,
    thresholds: EndpointThresholds | None = None,
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT,
    time_limit: float = DEFAULT_TIME_LIMIT,
    http: HttpPool | None = None,
) -> VerificationReport:
    """Check that an A2A endpoint is fit to be attached to a Corti agent as `a2a` connector (V2-OBJ-07).

    Nothing is asked of the agent unless `ask` allows it: without it, all requests are wrong on purpose or about a task
    that is not there. With it, the text is sent once, once more as a stream, and as an answer where the agent asks
    back. What a hostile endpoint does costs no more than `time_limit` seconds, and nothing it says becomes part of the
    report without the token taken out.

    Args:
        url: The address as it is to be attached.
        token: A bearer token as a caller of the Corti agent has one, which Corti passes on; None where everybody may
            ask.
        ask: A harmless text that may be sent.
        local: Addresses of private networks are warnings and no errors.
        thresholds: From where on something is a warning.
        request_timeout: Seconds one request may take.
        time_limit: Seconds everything may take; what is not done by then is reported.
        http: Carries the requests, for an in-process agent.

    Raises:
        SpecError: The address is no http or https URL or holds a user or password, or the token fits no header.
    """
    checked_address("url", url)
    if token is not None and not _SENDABLE.fullmatch(token):
        raise SpecError("token", "is empty or holds a character that no header takes", remedy="Check it for a blank.")
    async with AsyncExitStack() as stack:
        pool = http or await stack.enter_async_context(new_pool())
        endpoint = Endpoint(
            url,
            token,
            pool,
            ask=ask,
            local=local,
            timeout=request_timeout,
            thresholds=thresholds or EndpointThresholds(),
        )
        run = EndpointRun(endpoint)
        deadline = anyio.current_time() + time_limit
        for check in CHECKS:
            await run.run(check, deadline)
    shown = urlunsplit(urlsplit(url)._replace(query="", fragment=""))
    measured: dict[str, float] = {}
    for what, seconds in endpoint.seen.timings.items():
        measured[f"{what}_ms_median"] = round(median(seconds) * 1_000, 1)
    return VerificationReport(shown, endpoint.authorization, tuple(run.findings), measured)

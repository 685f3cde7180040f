"""Do wrong requests get the errors of A2A's table? Nothing here starts any work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agentkit.a2a.verification.endpoint import Endpoint, EndpointGroup
from agentkit.errors import ApiError, WireError
from agentkit.mcp.verification.checking import Problem, Skip
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.wire import Answer
from agentkit.models import JsonObject

FAULTS: Final = EndpointGroup("errors", needs=("auth.let-in",))

_NO_TASK: Final = "agentkit-verify-no-such-task"
_TRACES: Final = re.compile(rb"Traceback \(most recent|\bat [\w.$]+\([\w.]+:\d+\)|File \"[^\"]+\", line \d+")


@FAULTS.check(
    "errors.task",
    "A task that is not there is TaskNotFound, in the form of the table",
    "Answer -32001, over HTTP+JSON 404, with an ErrorInfo whose reason is TASK_NOT_FOUND.",
    "A2A-ERR-01",
)
async def task(endpoint: Endpoint) -> Sequence[Problem]:
    """Code, and reason with domain."""
    error = _error(endpoint, await endpoint.call("GetTask", {"id": _NO_TASK}))
    if error is None:
        return [Problem("the answer is no error")]
    if error.status != 404:
        return [Problem(f"the answer is {error.code or error.status}")]
    if error.reason != "TASK_NOT_FOUND":
        return [Problem("the error has no ErrorInfo with reason TASK_NOT_FOUND", severity=Verdict.WARNING)]
    return []


@FAULTS.check(
    "errors.cancel",
    "Cancelling a task that is not there is refused in the same way",
    "Answer as for a task that is asked for.",
    "A2A-CAN-01",
)
async def cancel(endpoint: Endpoint) -> Sequence[Problem]:
    """TaskNotFound."""
    error = _error(endpoint, await endpoint.call("CancelTask", {"id": _NO_TASK}))
    return [] if error is not None and error.status == 404 else [Problem("the answer is not TaskNotFound")]


@FAULTS.check(
    "errors.params",
    "A message without its required fields is refused",
    "Answer -32602, over HTTP+JSON 400, with the fields that are missing.",
    "A2A-SEND-07",
)
async def params(endpoint: Endpoint) -> Sequence[Problem]:
    """An empty message starts no work."""
    error = _error(endpoint, await endpoint.call("SendMessage", {"message": {}}))
    if error is None:
        return [Problem("an empty message is taken")]
    return [] if error.status in {400, 422} else [Problem(f"the answer is {error.code or error.status}")]


@FAULTS.check(
    "errors.json", "A body that is no JSON is refused", "Answer -32700, over HTTP+JSON 400.", "A2A-ERR-01", warning=True
)
async def json(endpoint: Endpoint) -> Sequence[Problem]:
    """Parse error."""
    answer = await endpoint.call("SendMessage", {}, content=b'{"jsonrpc":')
    error = _error(endpoint, answer)
    return [] if error is not None and error.status == 400 else [Problem(f"the answer is {answer.says}")]


@FAULTS.check(
    "errors.version",
    "A version of A2A that is not offered is refused",
    "Answer VersionNotSupported (-32009, 400) for every other Major.Minor.",
    "A2A-VER-03",
    warning=True,
)
async def version(endpoint: Endpoint) -> Sequence[Problem]:
    """A2A 9.9."""
    headers = {**endpoint.credentials, "a2a-version": "9.9"}
    error = _error(endpoint, await endpoint.call("GetTask", {"id": _NO_TASK}, headers=headers))
    refused = error is not None and (error.code == "-32009" or error.reason == "VERSION_NOT_SUPPORTED")
    return [] if refused else [Problem("A2A 9.9 is taken for something else")]


@FAULTS.check(
    "errors.quiet",
    "Errors show nothing of the inside, and nothing of what was sent",
    "Answer unexpected errors with a neutral text and a reference id.",
    "A2A-ERR-02",
)
async def quiet(endpoint: Endpoint) -> Sequence[Problem]:
    """No stack trace, no token."""
    canary = "agentkit-verify-canary"
    message: JsonObject = {"messageId": 7, "role": "ROLE_USER", "parts": [{"text": canary, "raw": canary}]}
    answer = await endpoint.call("SendMessage", {"message": message})
    problems: list[Problem] = []
    if _TRACES.search(answer.body):
        problems.append(Problem("an error holds a stack trace"))
    if canary.encode() in answer.body:
        problems.append(Problem("an error repeats the content that was sent"))
    if endpoint.wire.repeated:
        problems.append(Problem("an answer holds the token that was sent"))
    return problems


def _error(endpoint: Endpoint, answer: Answer) -> ApiError | None:
    if answer.failure is not None:
        raise Skip(f"the answer was {answer.says}")
    try:
        endpoint.binding.result(answer.status or 0, answer.message)
    except ApiError as error:
        return error
    except WireError:
        return None
    return None

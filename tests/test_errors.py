from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import pytest

from agentkit import errors
from agentkit.errors import AgentKitError, ApiError, CredentialError, SpecError, ToolFailed, WireError


def error_classes() -> list[type[AgentKitError]]:
    return [
        found
        for _, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, AgentKitError) and found.__module__.startswith(errors.__name__)
    ]


@pytest.mark.parametrize("found", error_classes(), ids=lambda found: found.__name__)
def test_the_tree_in_the_docstring_names_every_error(found: type[AgentKitError]) -> None:
    assert found.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"),
        (401, "UnauthorizedError"),
        (403, "ForbiddenError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitedError"),
        (500, "InternalServerError"),
        (501, "NotImplementedByServerError"),
        (502, "BadGatewayError"),
        (503, "ServiceUnavailableError"),
        (504, "GatewayTimeoutError"),
        (418, "ApiError"),
    ],
)
def test_each_status_has_its_class(status: int, name: str) -> None:
    """CLI-11."""
    assert errors.api_error_class(status).__name__ == name


def test_an_error_says_what_to_do() -> None:
    assert str(SpecError("AgentSpec.name", "is empty", remedy="Give it a name.")) == (
        "AgentSpec.name: is empty. Give it a name."
    )
    assert str(ApiError(404, code="agent_not_found")) == "HTTP 404 agent_not_found: the server gave no description"
    assert str(WireError("", "type", "must be an object")) == "must be an object"
    assert CredentialError("c", "m", mcp_name="ehr").mcp_name == "ehr"


def test_what_a_tool_said_is_kept_out_of_the_message() -> None:
    failed = ToolFailed("ehr", "lookup", "No patient Anna Berg", code="not-found")
    assert "Anna" not in str(failed)
    assert failed.tool_text == "No patient Anna Berg"


@pytest.mark.parametrize("found", error_classes(), ids=lambda found: found.__name__)
def test_an_error_comes_whole_out_of_another_process(found: type[AgentKitError]) -> None:
    """A pool of processes that cannot read back an error breaks down, and all its other work with it."""
    named: dict[str, Any] = {"status": 404, "supported_by": ("v2",), "allowed": 8, "reason": "size"}
    wanted = inspect.signature(found).parameters.values()
    error = found(**{one.name: named.get(one.name, "word") for one in wanted if one.default is one.empty})
    for again in (
        pickle.loads(pickle.dumps(error)),  # noqa: S301
        copy.copy(error),
        copy.deepcopy(error),
    ):
        assert type(again) is found
        assert str(again) == str(error)
        assert vars(again) == vars(error)

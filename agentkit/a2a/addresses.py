"""Which operation lies at which address of HTTP+JSON, and what address and query say about it (a2a.md, section 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.datastructures import QueryParams

from agentkit.a2a.faults import invalid_params
from agentkit.models import Json, JsonObject

_INTEGER: Final = re.compile(r"-?\d{1,18}")

Convert = Callable[[str, str], Json]
Place = Callable[[JsonObject, Mapping[str, str]], JsonObject]
"""Puts what the path says into the parameters; the path is right where both say something."""


def _text(_name: str, value: str) -> Json:
    return value


def _integer(name: str, value: str) -> Json:
    if _INTEGER.fullmatch(value) is None:
        raise invalid_params(name, "must be an integer")
    return int(value)


def _flag(name: str, value: str) -> Json:
    if value not in ("true", "false"):
        raise invalid_params(name, "must be true or false")
    return value == "true"


_QUERY: Final[Mapping[str, Convert]] = {
    "tenant": _text,
    "contextId": _text,
    "status": _text,
    "pageSize": _integer,
    "pageToken": _text,
    "historyLength": _integer,
    "statusTimestampAfter": _text,
    "includeArtifacts": _flag,
}
"""All query parameters, and how their text becomes JSON (A2A-HTTP-07)."""


def _fields(params: JsonObject, path: Mapping[str, str]) -> JsonObject:
    return {**params, **{name: value for name, value in path.items() if name != "tenant"}}


def _task_name(params: JsonObject, path: Mapping[str, str]) -> JsonObject:
    return {**params, "name": f"tasks/{path['id']}"}


def _task_parent(params: JsonObject, path: Mapping[str, str]) -> JsonObject:
    return {**params, "parent": f"tasks/{path['id']}"}


def _new_config(params: JsonObject, path: Mapping[str, str]) -> JsonObject:
    """The body is the configuration, as its definition says, or the whole request, as the official client sends it."""
    return _task_parent(params if "config" in params else {"config": params}, path)


def _config_name(params: JsonObject, path: Mapping[str, str]) -> JsonObject:
    return {**params, "name": f"tasks/{path['id']}/pushNotificationConfigs/{path['configId']}"}


@dataclass(frozen=True, slots=True)
class Address:
    """One operation at one address.

    Attributes:
        verb: Of HTTP.
        path: With the names of its variables.
        method: The operation, by the name of its method.
        place: Puts the variables of the path into the parameters.
    """

    verb: str
    path: str
    method: str
    place: Place = _fields

    def below_tenant(self) -> Address:
        """The same below the name of a tenant."""
        return replace(self, path=f"/{{tenant}}{self.path}")

    def params(self, given: JsonObject, path: Mapping[str, str]) -> JsonObject:
        """The parameters of the operation, from body or query and from the path."""
        return self.place(given, path)

    def queried(self, query: QueryParams) -> JsonObject:
        """The parameters in the query; what is none is ignored.

        Raises:
            InvalidParamsError: One does not fit.
        """
        return {name: _QUERY[name](name, value) for name, value in query.items() if name in _QUERY}


ADDRESSES: Final[Sequence[Address]] = (
    Address("POST", "/message:send", "SendMessage"),
    Address("POST", "/message:stream", "SendStreamingMessage"),
    Address("POST", "/tasks/{id}:cancel", "CancelTask"),
    Address("POST", "/tasks/{id}:subscribe", "SubscribeToTask"),
    Address("GET", "/tasks/{id}:subscribe", "SubscribeToTask"),
    Address("GET", "/tasks/{id}", "GetTask"),
    Address("GET", "/tasks", "ListTasks"),
    Address("POST", "/tasks/{taskId}/pushNotificationConfigs", "CreateTaskPushNotificationConfig"),
    Address("GET", "/tasks/{taskId}/pushNotificationConfigs", "ListTaskPushNotificationConfigs"),
    Address("GET", "/tasks/{taskId}/pushNotificationConfigs/{id}", "GetTaskPushNotificationConfig"),
    Address("DELETE", "/tasks/{taskId}/pushNotificationConfigs/{id}", "DeleteTaskPushNotificationConfig"),
    Address("GET", "/extendedAgentCard", "GetExtendedAgentCard"),
)
"""A2A 1.0; subscribe by GET as its definition says and by POST as its text does (A2A-SUB-03)."""

_TASK: Final = "/v1/tasks/{id}"
_CONFIGS: Final = f"{_TASK}/pushNotificationConfigs"

LEGACY_ADDRESSES: Final[Sequence[Address]] = (
    Address("POST", "/v1/message:send", "SendMessage"),
    Address("POST", "/v1/message:stream", "SendStreamingMessage"),
    Address("POST", f"{_TASK}:cancel", "CancelTask", _task_name),
    Address("GET", f"{_TASK}:subscribe", "TaskSubscription", _task_name),
    Address("POST", f"{_TASK}:subscribe", "TaskSubscription", _task_name),
    Address("GET", _TASK, "GetTask", _task_name),
    Address("POST", _CONFIGS, "CreateTaskPushNotificationConfig", _new_config),
    Address("GET", _CONFIGS, "ListTaskPushNotificationConfig", _task_parent),
    Address("GET", f"{_CONFIGS}/{{configId}}", "GetTaskPushNotificationConfig", _config_name),
    Address("DELETE", f"{_CONFIGS}/{{configId}}", "DeleteTaskPushNotificationConfig", _config_name),
    Address("GET", "/v1/card", "GetAgentCard"),
)
"""A2A 0.3."""

"""Where Corti's own server falls short of its contract; ours does it right unless it is asked to be faithful."""

from __future__ import annotations

from enum import StrEnum


class Shortfall(StrEnum):
    """Something that is declared and does not work at Corti today, by the rule that tells of it.

    Asked as `settings.falls_short(Shortfall.CONTEXT_LIST)` at the one place where it makes a difference.
    """

    CONTEXT_LIST = "context-list"
    """V2-EP-18: the list of contexts is an empty page."""

    USAGE_BY_DAY_ONLY = "usage-by-day-only"
    """V2-EP-14: whatever granularity is asked for, usage is counted by day."""

    AGENT_FILTERS = "agent-filters"
    """V2-EP-02: the filters of the list of agents are accepted and not honoured."""

    AGENT_SHARING = "agent-sharing"
    """V2-OBJ-01: the visibility and the labels of a new agent are ignored."""

    AGENT_PATCH = "agent-patch"
    """V2-OBJ-02: a patch changes name, description, prompt, model and connectors, and ignores the rest."""

    CONNECTOR_PATCH = "connector-patch"
    """V2-EP-17: a connector cannot be changed, the answer is 501."""

    CONNECTOR_ENABLED = "connector-enabled"
    """V2-OBJ-09: only a connector `schema` is shown with `enabled`."""

    REGISTRY_CONFIG = "registry-config"
    """V2-OBJ-04: the configuration of a connector `registry` is dropped."""

    REGISTRY_SEARCH = "registry-search"
    """V2-EP-26: `q` of the registry is ignored."""

    TASK_USAGE = "task-usage"
    """V2-OBJ-14: what a turn used is told over JSON-RPC, not over HTTP+JSON."""

    AUTH_REQUIRED = "auth-required"
    """V2-AUTH-01: over HTTP+JSON a task that waits for a credential is shown as failed."""

    RESUME = "resume"
    """V2-EP-13: `Last-Event-ID` is not read."""

"""Settings that could only fail later are refused at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agentkit.errors import ConfigurationError, SpecError
from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.platform.agents.registry import MEMORY_EXPERT, Registry, installed_experts
from agentkit.platform.shortfalls import Shortfall
from agentkit.specs import ExpertSpec


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("url", "127.0.0.1:8700"),
        ("url", "http://"),
        ("url", "http://[x"),
        ("url", "http://127.0.0.1:port"),
        ("tenants", ()),
        ("tenants", ("a/b",)),
        ("clients", {"client": ""}),
        ("clients", {"": "secret"}),
        ("token_lifetime", 0),
        ("mcp_timeout", 0),
        ("faithful", "yes"),
        ("faithful", ""),
        ("faithful", None),
        ("faithful", frozenset({"context-lists"})),
        ("faithful", [Shortfall.RESUME]),
    ],
)
def test_a_setting_that_does_not_fit_is_named(setting: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=setting):
        PlatformSettings(**{setting: value})


@pytest.mark.parametrize(
    ("limit", "value"),
    [("turn_seconds", -1.0), ("turn_seconds", float("nan")), ("contexts", -1), ("context_lifetime", timedelta(-1))],
)
def test_a_limit_below_zero_is_named(limit: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"limits\.{limit}"):
        PlatformLimits(**{limit: value})


def test_settings_show_no_secret() -> None:
    shown = repr(PlatformSettings(clients={"client": "canary-secret"}, secret_key="canary-key"))
    assert "canary" not in shown


def test_the_issuer_is_the_login_url_with_the_realm() -> None:
    assert PlatformSettings(url="http://127.0.0.1:8700/").issuer("base") == "http://127.0.0.1:8700/realms/base"
    hosted = PlatformSettings(login_url="https://auth.eu.corti.app/realms/")
    assert hosted.issuer("base") == "https://auth.eu.corti.app/realms/base"


def test_an_installed_expert_gets_the_address_it_is_given() -> None:
    url = "http://127.0.0.1:9000/elsewhere/mcp"
    found = {spec.name: spec for spec in installed_experts({"ehr-lookup": url}, "http://127.0.0.1:8701/")}
    assert found["ehr-lookup"].servers[0].url == url
    assert found["questionnaire-interviewer"].servers[0].url == "http://127.0.0.1:8701/questionnaires/mcp"


def test_an_address_for_an_expert_that_is_not_installed_is_refused() -> None:
    with pytest.raises(SpecError, match="no-such-expert"):
        installed_experts({"no-such-expert": "http://127.0.0.1:1/mcp"}, "http://127.0.0.1:8701")


def test_a_configured_expert_replaces_an_installed_one_of_its_name() -> None:
    own = ExpertSpec(name=MEMORY_EXPERT.name, description="Ours.")
    registry = Registry((MEMORY_EXPERT, own))
    entry = registry.by_name(MEMORY_EXPERT.name)
    assert entry is not None
    assert entry.spec is own
    assert registry.by_id(entry.id) is entry

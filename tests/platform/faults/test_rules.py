"""When a fault happens: rules, counted and repeatable; and the file they are written in."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.errors import ConfigurationError
from agentkit.platform.faults import Fault, FaultRule, Faults, read_fault, read_faults_file
from agentkit.platform.faults.rules import Dice
from agentkit.platform.realm.records import WrongToken

BROKEN = Fault(status=503)


def happened(rule: FaultRule, times: int = 12, *, seed: int = 0, path: str = "/agents") -> list[int]:
    dice = Dice(Faults((rule,), seed=seed))
    return [number for number in range(1, times + 1) if dice.next_fault("GET", path) is not None]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (FaultRule(BROKEN), [*range(1, 13)]),
        (FaultRule(BROKEN, count=2), [1, 2]),
        (FaultRule(BROKEN, every=3), [3, 6, 9, 12]),
        (FaultRule(BROKEN, every=3, count=2), [3, 6]),
        (FaultRule(BROKEN, skip=10), [11, 12]),
        (FaultRule(BROKEN, skip=4, every=3), [7, 10]),
        (FaultRule(BROKEN, probability=0), []),
        (FaultRule(BROKEN, count=0), []),
        (FaultRule(BROKEN, method="POST"), []),
        (FaultRule(BROKEN, route="/agents/{agent}"), []),
    ],
)
def test_a_rule_counts_the_requests_that_fit(rule: FaultRule, expected: list[int]) -> None:
    assert happened(rule) == expected


@pytest.mark.parametrize(
    ("route", "path", "fits"),
    [
        ("*", "/anything/at/all", True),
        ("/agents", "/agents", True),
        ("/agents", "/agents/x", False),
        ("/agents/{agent}", "/agents/x", True),
        ("/agents/{agent}", "/agents/x/y", False),
        ("/agents/{agent}/v1/message:send", "/agents/x/v1/message:send", True),
        ("/agents/*", "/agents/x/y", True),
        ("*/token", "/realms/base/protocol/openid-connect/token", True),
        ("/a.b", "/axb", False),
    ],
)
def test_a_route_names_paths(route: str, path: str, fits: bool) -> None:
    assert bool(happened(FaultRule(BROKEN, route=route), 1, path=path)) is fits


def test_a_seed_makes_chance_repeatable() -> None:
    rule = FaultRule(BROKEN, probability=0.5)
    first = happened(rule, 200, seed=1)
    assert first == happened(rule, 200, seed=1)
    assert first != happened(rule, 200, seed=2)
    assert 60 < len(first) < 140


def test_the_first_rule_that_happens_is_the_one() -> None:
    dice = Dice(Faults((FaultRule(Fault(status=500), count=1), FaultRule(BROKEN))))
    found = [dice.next_fault("GET", "/") for _ in range(2)]
    assert [fault.status for fault in found if fault] == [500, 503]


@pytest.mark.parametrize(
    ("make", "setting"),
    [
        (lambda: Fault(), "fault"),
        (lambda: Fault(when="after"), "fault"),
        (lambda: Fault(status=200), "status"),
        (lambda: Fault(latency=float("nan")), "latency"),
        (lambda: Fault(slow_experts=-1), "slow_experts"),
        (lambda: Fault(cut_bytes=-1), "cut_bytes"),
        (lambda: Fault(status=500, drop=True), "status"),
        (lambda: Fault(status=500, retry_after="a\nb"), "retry_after"),
        (lambda: FaultRule(BROKEN, method="get"), "method"),
        (lambda: FaultRule(BROKEN, method="GOT"), "method"),
        (lambda: FaultRule(BROKEN, route="agents"), "route"),
        (lambda: FaultRule(BROKEN, probability=1.1), "probability"),
        (lambda: FaultRule(BROKEN, probability=float("nan")), "probability"),
        (lambda: FaultRule(BROKEN, every=0), "every"),
        (lambda: FaultRule(BROKEN, skip=-1), "skip"),
        (lambda: FaultRule(BROKEN, count=-1), "count"),
    ],
)
def test_what_cannot_happen_is_refused_when_it_is_made(make: Any, setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert caught.value.setting == setting


def test_a_header_says_all_that_a_fault_can_be_told() -> None:
    assert read_fault("Status=503; Retry-After=Wed, 21 Oct 2026 07:28:00 GMT; when=after; latency=0.25") == Fault(
        status=503, retry_after="Wed, 21 Oct 2026 07:28:00 GMT", when="after", latency=0.25
    )
    assert read_fault("token=expired;slow_experts=3") == Fault(token=WrongToken.EXPIRED, slow_experts=3.0)
    assert read_fault("cut-events=2;cut-bytes=10; garbage=false") == Fault(cut_events=2, cut_bytes=10)


@given(st.text(max_size=80))
def test_no_header_does_more_than_be_refused(text: str) -> None:
    with suppress(ConfigurationError):
        assert read_fault(text) == read_fault(text)


FILE = """
seed = 7
allow_header = true

[[rules]]
method = "POST"
route = "/agents/{agent}/v1/message:send"
probability = 0.33
status = 503
retry_after = 2

[[rules]]
route = "*/protocol/openid-connect/token"
every = 2
skip = 1
count = 3
token = "signature"
"""


def test_a_file_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(FILE, encoding="utf-8")
    found = read_faults_file(path)
    assert (found.seed, found.allow_header) == (7, True)
    assert found.rules == (
        FaultRule(Fault(status=503, retry_after="2"), "POST", "/agents/{agent}/v1/message:send", probability=0.33),
        FaultRule(Fault(token=WrongToken.SIGNATURE), route="*/protocol/openid-connect/token", every=2, skip=1, count=3),
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[rules", "--faults"),
        ("seed = 'x'", "seed"),
        ("allow_header = 1", "allow_header"),
        ("sed = 1", "sed"),
        ("rules = 1", "rules"),
        ("rules = [1]", "rules[0]"),
        ("[[rules]]", "rules[0].fault"),
        ("[[rules]]\nstatus = 1", "rules[0].status"),
        ("[[rules]]\nstatus = 500\n[[rules]]\nstatus = '500'", "rules[1].status"),
        ("[[rules]]\nstatus = 500\nroute = 1", "rules[0].route"),
        ("[[rules]]\nstatus = 500\nmethod = 'GOT'", "rules[0].method"),
        ("[[rules]]\nstatus = 500\nprobability = '1'", "rules[0].probability"),
        ("[[rules]]\nstatus = 500\nevery = 0", "rules[0].every"),
        ("[[rules]]\nstatos = 500", "rules[0].statos"),
        ("[[rules]]\nlatency = 1\nretry_after = 2", "rules[0].retry_after"),
        ("[[rules]]\ndrop = true\nrate_limit_reset = 2", "rules[0].rate_limit_reset"),
        ("[[rules]]\nlatency = 1\nwhen = 'after'", "rules[0].when"),
        ("[[rules]]\nstatus = 500\ncut_bytes = 3", "rules[0].cut_bytes"),
        ("[[rules]]\ndrop = true\ncut_events = 3", "rules[0].cut_events"),
        ("[[rules]]\nstatus = 500\nskip = -1", "rules[0].skip"),
        ("[[rules]]\nlatency = 1" + 400 * "0", "rules[0].latency"),
        ("seed = " + 5_000 * "1", "--faults"),
        ("a = " + 5_000 * "[", "--faults"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_faults_file(path)
    assert caught.value.setting == place

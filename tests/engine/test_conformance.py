"""Every engine passes the same scenarios (design, section 7)."""

from __future__ import annotations

import anyio
import pytest

from agentkit.engine import Engine, InlineEngine
from tests.deadline import HANG
from tests.engine.children import Reports, run_scenarios
from tests.engine.conformance import SCENARIOS, Scenario
from tests.engine.durable_scenarios import DURABLE
from tests.postgres import PostgresServer

NAMES = [scenario.__name__ for scenario in [*SCENARIOS, *DURABLE]]

pytestmark = pytest.mark.anyio


def _name(scenario: Scenario) -> str:
    return scenario.__name__


async def _inline(*, patience: float = 10.0) -> Engine:
    return InlineEngine(patience=patience)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=_name)
async def test_inline(scenario: Scenario) -> None:
    with anyio.fail_after(HANG):
        await scenario(_inline)


@pytest.fixture(scope="module")
def sqlite_reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return run_scenarios(str(tmp_path_factory.mktemp("engine") / "engine.db"))


@pytest.mark.parametrize("name", NAMES)
def test_dbos_on_sqlite(name: str, sqlite_reports: Reports) -> None:
    assert sqlite_reports[name] == ""


@pytest.fixture(scope="module")
def postgres_reports(postgres_server: PostgresServer) -> Reports:
    return run_scenarios(postgres_server.url(postgres_server.create()))


@pytest.mark.parametrize("name", NAMES)
def test_dbos_on_postgresql(name: str, postgres_reports: Reports) -> None:
    assert postgres_reports[name] == ""

"""The EHR lookup server: five read-only tools over an embedded store of synthetic patients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from agentkit.mcp import ToolServer
from agentkit_servers.ehr.chart import Chart
from agentkit_servers.ehr.patient_tools import register_search, register_summary
from agentkit_servers.ehr.record_tools import register_allergies, register_medications, register_observations
from agentkit_servers.ehr.store import EhrStore
from agentkit_servers.release import VERSION

INSTRUCTIONS = (
    "Looks up patients' records, read-only. Find the patient first; when several match, ask which one is meant."
    " Every line carries its source in brackets. An empty list is never a finding: the state says whether nothing is"
    " known to exist, nothing was recorded, or something may not be shown. All patients are synthetic."
)


def build_server(database: str | None = None, *, clock: Callable[[], datetime] | None = None) -> ToolServer:
    """Build the EHR lookup server.

    Args:
        database: A path or `sqlite:///path`, filled with the bundled patients when new; None keeps them in memory.
        clock: Tells the time of an answer; None is the time of the machine.

    Raises:
        StorageError: The database is neither a path nor a `sqlite:///` URL.
    """
    store = EhrStore(database)
    server = ToolServer("ehr", title="EHR lookup", instructions=INSTRUCTIONS, version=VERSION, lifespan=store.opened)
    chart = Chart(store, clock or _now)
    register_search(server, chart)
    register_summary(server, chart)
    register_medications(server, chart)
    register_allergies(server, chart)
    register_observations(server, chart)
    return server


def _now() -> datetime:
    return datetime.now(UTC)

"""What is asked and changed in DBOS's tables directly: which runs wait, are at work, or were left by whom."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from dbos._schemas.system_database import SystemSchema

from agentkit.engine.database import RELEASED
from agentkit.engine.erasing import CANCELLED
from agentkit.engine.records import Kind

VERSION: Final = "1"
"""Of what is recorded, fixed: a run survives upgrades of the program, its steps are found by key."""

_RECOVERIES: Final = -2

_RUNS: Final = SystemSchema.workflow_status
_INPUTS: Final = SystemSchema.workflow_input
_STEPS: Final = SystemSchema.operation_outputs


@dataclass(frozen=True, slots=True)
class Left:
    """What an earlier process left of a run.

    Attributes:
        recoveries: How often it has been taken over since it last recorded a step, this time included; 0 for one whose
            process did not crash.
        cancelled: It is to end.
        steps: What was recorded: number, kind, key, text.
    """

    recoveries: int = 0
    cancelled: bool = False
    steps: tuple[tuple[int, Kind, str, str], ...] = ()


class Rows:
    """The rows of runs and steps; a service is a queue that DBOS does not serve."""

    def __init__(self, engine: sa.Engine, executor: str) -> None:
        """Work for the process of this id."""
        self._engine = engine
        self._executor = executor

    def status(self, service: str, run_id: str) -> str | None:
        """What DBOS calls the state of a run; None if it has no row."""
        with self._engine.begin() as connection:
            query = sa.select(_RUNS.c.status).where(_RUNS.c.workflow_uuid == row_id(service, run_id))
            return connection.execute(query).scalar()

    def executors(self, services: Sequence[str]) -> list[str]:
        """Other processes, dead or alive, that runs are at work in."""
        query = (
            sa.select(_RUNS.c.executor_id)
            .distinct()
            .where(_RUNS.c.queue_name.in_(services), _RUNS.c.status == "PENDING")
            .where(_RUNS.c.executor_id != self._executor)
        )
        with self._engine.begin() as connection:
            return list(connection.execute(query).scalars())

    def orphans(self, services: Sequence[str], executors: Sequence[str], limit: int) -> list[tuple[str, str, str, int]]:
        """Runs at work in these processes: service, id, executor, and how often it was taken over without progress."""
        noted = sa.and_(_STEPS.c.workflow_uuid == _RUNS.c.workflow_uuid, _STEPS.c.function_id == _RECOVERIES)
        query = (
            sa.select(_RUNS.c.queue_name, _RUNS.c.workflow_uuid, _RUNS.c.executor_id, _STEPS.c.output)
            .select_from(_RUNS.outerjoin(_STEPS, noted))
            .where(_RUNS.c.queue_name.in_(services), _RUNS.c.status == "PENDING")
            .where(_RUNS.c.executor_id.in_(executors))
            .limit(limit)
        )
        with self._engine.begin() as connection:
            return [
                (service, _run_id(service, name), executor, json.loads(note)[0] if note else 0)
                for service, name, executor, note in connection.execute(query)
            ]

    def due(self, services: Sequence[str], now: int, limit: int) -> list[tuple[str, str]]:
        """Runs whose moment has come: service and id, the earliest first."""
        query = (
            sa.select(_RUNS.c.queue_name, _RUNS.c.workflow_uuid)
            .where(_waits(services), _RUNS.c.delay_until_epoch_ms <= now)
            .order_by(_RUNS.c.delay_until_epoch_ms)
            .limit(limit)
        )
        with self._engine.begin() as connection:
            return [(row[0], _run_id(row[0], row[1])) for row in connection.execute(query)]

    def next_moment(self, services: Sequence[str]) -> int | None:
        """The earliest moment that a run waits for, in milliseconds since 1970."""
        query = sa.select(sa.func.min(_RUNS.c.delay_until_epoch_ms)).where(_waits(services))
        with self._engine.begin() as connection:
            return connection.execute(query).scalar()

    def take(self, service: str, run_id: str, owner: str, executor: str | None) -> Left | None:
        """Make a run this process's own: an orphan of `executor`, or (None) one that waits; None if it is neither."""
        name = row_id(service, run_id)
        orphaned = sa.and_(_RUNS.c.status == "PENDING", _RUNS.c.executor_id == executor)
        with self._engine.begin() as connection:
            taken = connection.execute(
                sa.update(_RUNS)
                .where(_RUNS.c.workflow_uuid == name, _waits([service]) if executor is None else orphaned)
                .values(status="PENDING", executor_id=self._executor, owner_xid=owner, application_version=VERSION)
            )
            if taken.rowcount == 0:
                return None
            rows = self._steps(connection, name)
            crashed = executor not in {None, RELEASED}
            recoveries = self._count_recovery(connection, name, rows) if crashed else 0
        return Left(recoveries, any(row[0] == CANCELLED for row in rows), tuple(row for row in rows if row[0] > 0))

    def ended(self, service: str, limit: int) -> list[str]:
        """Row ids of runs that have ended."""
        query = (
            sa.select(_RUNS.c.workflow_uuid)
            .where(_RUNS.c.queue_name == service, _RUNS.c.status.in_(("SUCCESS", "ERROR", "CANCELLED")))
            .limit(limit)
        )
        with self._engine.begin() as connection:
            return list(connection.execute(query).scalars())

    def release(self, service: str, run_ids: Sequence[str]) -> None:
        """Let any process go on with runs of this one, at once and without counting it as a crash."""
        names = [row_id(service, run_id) for run_id in run_ids]
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(_RUNS)
                .where(_RUNS.c.workflow_uuid.in_(names), _RUNS.c.executor_id == self._executor)
                .where(_RUNS.c.status == "PENDING")
                .values(executor_id=RELEASED, owner_xid=None)
            )

    def mark_cancelled(self, service: str, run_id: str) -> None:
        """Note that a run at work is to end, whoever is at work on it and whatever happens meanwhile."""
        with self._engine.begin() as connection:
            self._note(connection, row_id(service, run_id), CANCELLED, "null")

    def remove_waiting(self, service: str, run_id: str) -> bool:
        """Remove a run that waits for its moment; False if it does not."""
        with self._engine.begin() as connection:
            waiting = _RUNS.c.workflow_uuid == row_id(service, run_id)
            if connection.execute(sa.delete(_RUNS).where(waiting, _waits([service]))).rowcount == 0:
                return False
            connection.execute(sa.delete(_INPUTS).where(_INPUTS.c.workflow_uuid == row_id(service, run_id)))
        return True

    def cancelled(self, service: str, run_ids: Sequence[str]) -> list[str]:
        """Which of these runs are marked as cancelled."""
        names = [row_id(service, run_id) for run_id in run_ids]
        query = sa.select(_STEPS.c.workflow_uuid).where(
            _STEPS.c.function_id == CANCELLED, _STEPS.c.workflow_uuid.in_(names)
        )
        with self._engine.begin() as connection:
            return [_run_id(service, row[0]) for row in connection.execute(query)]

    def _steps(self, connection: sa.Connection, name: str) -> list[tuple[int, Kind, str, str]]:
        query = (
            sa.select(_STEPS.c.function_id, _STEPS.c.function_name, _STEPS.c.output)
            .where(_STEPS.c.workflow_uuid == name)
            .order_by(_STEPS.c.function_id)
        )
        rows: list[tuple[int, Kind, str, str]] = []
        for number, label, text in connection.execute(query):
            kind, _, key = label.partition(" ")
            rows.append((number, "begun" if kind == "begun" else "done", key, text))
        return rows

    def _count_recovery(self, connection: sa.Connection, name: str, rows: list[tuple[int, Kind, str, str]]) -> int:
        recorded = sum(number > 0 for number, *_ in rows)
        before = next((json.loads(text) for number, _, _, text in rows if number == _RECOVERIES), [0, -1])
        recoveries = before[0] + 1 if before[1] == recorded else 1
        self._note(connection, name, _RECOVERIES, json.dumps([recoveries, recorded]))
        return recoveries

    def _note(self, connection: sa.Connection, name: str, number: int, text: str) -> None:
        connection.execute(sa.delete(_STEPS).where(_STEPS.c.workflow_uuid == name, _STEPS.c.function_id == number))
        connection.execute(
            sa.insert(_STEPS).values(
                workflow_uuid=name,
                function_id=number,
                function_name="note",
                output=text,
                retention_timestamp=int(time.time() * 1000),
            )
        )


def row_id(service: str, run_id: str) -> str:
    """What DBOS calls a run."""
    return f"{service}:{run_id}"


def _run_id(service: str, name: str) -> str:
    return name[len(service) + 1 :]


def _waits(services: Sequence[str]) -> sa.ColumnElement[bool]:
    # DBOS itself turns DELAYED into ENQUEUED when the moment has come; nobody serves a queue of this name but us.
    return sa.and_(_RUNS.c.queue_name.in_(services), _RUNS.c.status.in_(("DELAYED", "ENQUEUED")))

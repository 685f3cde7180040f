"""All of DBOS that agentkit uses, public and private; nothing else imports it.

Private parts are used for three reasons. DBOS numbers steps by the order of their calls and looks each one up before it
executes it; ours are found by key and loaded once (`record_operation_result`). It starts and recovers runs from inside
the calling run or through a queue it polls; ours are claimed and begun at once, by whoever serves them
(`init_workflow`, `execute_dequeued_workflow`). And it records the exceptions of steps, whose texts may hold content.
The extra `durable` pins the minor version for that.

All methods block; they belong in a thread.
"""

# pyright: reportPrivateUsage=false
# ruff: noqa: SLF001

from __future__ import annotations

import json
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, Serializer
from dbos._core import execute_dequeued_workflow, prepare_enqueued_workflow
from dbos._error import DBOSWorkflowConflictIDError
from dbos._utils import INTERNAL_QUEUE_NAME
from sqlalchemy import event

from agentkit.engine.database import Address
from agentkit.engine.dbos_rows import VERSION, Left, Rows, row_id
from agentkit.engine.erasing import SCHEMA
from agentkit.engine.records import Kind
from agentkit.errors import EngineError
from agentkit.models import JsonObject

_WORKFLOW: Final = "agentkit.run"
_FORMAT: Final = "agentkit_json"
_POOL: Final = 8
_QUEUE_POLL: Final = 60.0
_BUSY_MS: Final = 30_000
_BATCH: Final = 500

Carry = Callable[[str, str, JsonObject], Awaitable[None]]
"""Carries out a run, given its service, id and payload; returns when it has ended."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this process took over.

    Attributes:
        row: What DBOS needs to begin it.
        left: What an earlier process left of it.
    """

    service: str
    run_id: str
    owner: str
    row: Any
    left: Left


class _Json(Serializer):
    """Plain JSON instead of pickle, so that nothing that is read can execute code."""

    def name(self) -> str:
        return _FORMAT

    def serialize(self, data: Any) -> str:
        return json.dumps(data, allow_nan=False)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)


class _Muffler(logging.Handler):
    """Says that DBOS reported a problem and where; its texts quote inputs and exceptions (D11)."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger("agentkit.engine").debug("dbos reports at %s:%s", record.filename, record.lineno)


_carries: list[Carry] = []
"""How runs are carried out, while DBOS is launched. A workflow is registered once, before there is anything to do."""


@DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)
async def _run(service: str, run_id: str, payload: JsonObject) -> None:
    await _carries[-1](service, run_id, payload)


class DbosStore:
    """DBOS, launched, and the rows it keeps of our runs; one per process."""

    def __init__(self, address: Address, executor: str, carry: Carry) -> None:
        """Launch DBOS on a database; blocks.

        Args:
            address: Of the database.
            executor: Id of this process.
            carry: Carries out what is begun, on the loop given to `adopt`.

        Raises:
            EngineError: The database cannot be used, or DBOS is in use by somebody else in this process.
        """
        if os.environ.get("DBOS__CLOUD") == "true":
            raise EngineError("DBOS__CLOUD is set, which makes DBOS report to a service.", remedy="Unset DBOS__CLOUD.")
        _muffle()
        self._engine = _sqlite(address) if address.path is not None else None
        config: DBOSConfig = {
            "name": "agentkit",
            "system_database_url": address.url,
            "system_database_engine": self._engine,
            "sys_db_pool_size": _POOL,
            "dbos_system_schema": SCHEMA,
            "application_version": VERSION,
            "executor_id": executor,
            "serializer": _Json(),
            "enable_otlp": False,
            "log_level": "WARNING",
            "max_executor_threads": 4,
            # Nobody sends notifications or schedules; what polls for them shall be quick to stop and cost nothing.
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.1,
            "scheduler_polling_interval_sec": 3600.0,
        }
        _carries[:] = [carry]
        try:
            self._dbos = DBOS(config=config)
            # Nothing is ever put into its own queue; it need not look into it every second.
            self._dbos._registry._register_internal_queue(INTERNAL_QUEUE_NAME, polling_interval_sec=_QUEUE_POLL)
            if self._dbos._serializer is not config["serializer"]:
                raise EngineError("This process uses DBOS for something else.", remedy="Use a process of its own.")
            DBOS.launch()
        except EngineError:
            raise
        except Exception as error:
            DBOS.destroy()
            raise EngineError(
                f"The durable engine cannot use {address.name} ({type(error).__name__}).",
                remedy="Check the address, its permissions and that it belongs to agentkit.",
            ) from None
        self._database = self._dbos._sys_db
        # It would hold a thread until the database is back, and the process with it.
        self._database._retry_connection_errors = False
        self.rows = Rows(self._database.engine, executor)

    def adopt(self) -> None:
        """Begin runs on the running loop; does not block."""
        self._dbos._background_event_loop.set_main_loop()

    def insert(
        self, service: str, run_id: str, payload: JsonObject, *, owner: str, moment: int | None = None
    ) -> Claim | None:
        """Keep a new run, to begin now or to wait for its moment (milliseconds since 1970); None if its id is known."""
        row = prepare_enqueued_workflow(
            self._dbos, _run, (service, run_id, payload), {}, queue_name=service, workflow_id=row_id(service, run_id)
        )
        row["status"] = "PENDING" if moment is None else "DELAYED"
        row["delay_until_epoch_ms"] = moment
        _, is_new = self._database.init_workflow(row, creator_xid=owner)
        return Claim(service, run_id, owner, row, Left()) if is_new else None

    def begin(self, claim: Claim) -> None:
        """Have a claimed run carried out on the adopted loop."""
        execute_dequeued_workflow(self._dbos, claim.row, claim.owner)

    def record(
        self, service: str, run_id: str, owner: str, number: int, kind: Kind, key: str, text: str, moment: int
    ) -> bool:
        """Keep a record of a step; False when another process has taken the run over.

        Safe to call again with the same moment (milliseconds since 1970), for the first call may have come through.
        """
        try:
            self._database.record_operation_result(
                {
                    "workflow_uuid": row_id(service, run_id),
                    "function_id": number,
                    "function_name": f"{kind} {key}",
                    "output": text,
                    "error": None,
                    "serialization": _FORMAT,
                    "started_at_epoch_ms": moment,
                    "child_workflow_id": None,
                },
                completed_at_epoch_ms=moment,
                owner_xid=owner,
            )
        except DBOSWorkflowConflictIDError:
            return False
        return True

    def claim(self, service: str, run_id: str, owner: str, *, executor: str | None) -> Claim | None:
        """Take over an orphan of `executor`, or (None) a run that waits; None when another process was quicker."""
        taken = self.rows.take(service, run_id, owner, executor)
        if taken is None:
            return None
        return Claim(service, run_id, owner, self._database.get_workflow_status(row_id(service, run_id)), taken)

    def forget(self, service: str, run_ids: Sequence[str]) -> None:
        """Delete all rows of runs."""
        self._database.delete_workflows([row_id(service, run_id) for run_id in run_ids])

    def forget_ended(self, service: str) -> None:
        """Delete what an earlier process had no time to delete."""
        while names := self.rows.ended(service, _BATCH):
            self._database.delete_workflows(names)

    def close(self) -> None:
        """Stop DBOS; what is not finished stays as it is."""
        DBOS.destroy()
        if self._engine is not None:
            self._engine.dispose()


def _muffle() -> None:
    logger = logging.getLogger("dbos")
    logger.propagate = False
    # DBOS adds a console handler where there is none.
    if not any(isinstance(handler, _Muffler) for handler in logger.handlers):
        logger.handlers[:] = [_Muffler()]


def _sqlite(address: Address) -> sa.Engine:
    engine = sa.create_engine(address.url, pool_size=_POOL, max_overflow=0, pool_timeout=_BUSY_MS / 1000)

    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")

    event.listen(engine, "connect", prepare)
    return engine

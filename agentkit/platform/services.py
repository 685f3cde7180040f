"""What routes work with: opened once when the platform starts, closed when it ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from starlette.requests import Request

from agentkit.engine import DbosEngine, Engine, InlineEngine
from agentkit.errors import ConfigurationError
from agentkit.mcp.client.pool import new_pool
from agentkit.memory import MIGRATIONS as MEMORY_MIGRATIONS
from agentkit.memory import ContextMemory, Scope
from agentkit.platform.agents.record import Ownership
from agentkit.platform.agents.registry import INTERVIEWING_EXPERT, MEMORY_EXPERT, Registry, installed_experts
from agentkit.platform.agents.store import AgentStore
from agentkit.platform.erasing import erase_with_tasks, has_task
from agentkit.platform.feedback import MIGRATIONS as FEEDBACK_MIGRATIONS
from agentkit.platform.feedback import FeedbackStore
from agentkit.platform.housekeeping import Housekeeping
from agentkit.platform.orchestration.interview import Interviews, check_zone
from agentkit.platform.orchestration.interview_store import MIGRATIONS as INTERVIEW_MIGRATIONS
from agentkit.platform.orchestration.interview_store import InterviewStore
from agentkit.platform.orchestration.orchestrator import Orchestrator
from agentkit.platform.orchestration.planner import Planner
from agentkit.platform.orchestration.workshop import Workshop
from agentkit.platform.realm.directory import Directory
from agentkit.platform.realm.realms import Realms
from agentkit.platform.realm.schema import MIGRATIONS as REALM_MIGRATIONS
from agentkit.platform.realm.signing import load_signing_keys
from agentkit.platform.schema import MIGRATIONS as PLATFORM_MIGRATIONS
from agentkit.platform.settings import PlatformSettings
from agentkit.platform.stored_secrets import StoredSecrets
from agentkit.platform.tools.connections import Connections
from agentkit.platform.tools.registration import Registrations
from agentkit.platform.tools.remotes import Remotes
from agentkit.platform.traces import Traces
from agentkit.platform.traces.otlp import OtlpExporter
from agentkit.platform.traces.rows import MIGRATIONS as TRACE_MIGRATIONS
from agentkit.reasoning import RuleReasoner
from agentkit.storage import Database
from agentkit.storage.files import is_postgres, parse
from agentkit.storage.sealing import KEY_VARIABLE, Sealer, find_key
from agentkit.tasks import MIGRATIONS as TASK_MIGRATIONS
from agentkit.tasks import Limits as TaskLimits
from agentkit.tasks import Scope as TaskScope
from agentkit.tasks import SqlRepository, TaskService
from agentkit.tasks.contexts import Contexts

STATE: Final = "services"
"""The key of the lifespan's state under which the services are kept."""

_LATE: Final = 60.0
"""Seconds behind the end of its own time at which a turn that did not end is cut off."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may need."""

    settings: PlatformSettings
    realms: Realms
    registry: Registry
    agents: AgentStore
    tasks: TaskService
    workshop: Workshop
    database: Database
    contexts: Contexts
    feedback: FeedbackStore
    traces: Traces
    housekeeping: Housekeeping


@asynccontextmanager
async def open_services(settings: PlatformSettings, clients: Directory) -> AsyncGenerator[Services, None]:
    """Open the database, end what a crash left at work, and close everything in reverse order.

    Args:
        settings: What the platform was told.
        clients: Who may fetch tokens, and who may sign in.

    Raises:
        StorageError: The database cannot be used.
        ConfigurationError: The key that seals tokens cannot be used, the time zone is none, or an embedder is given and
            numpy is missing.
        SpecError: An installed expert does not fit.
    """
    limits = settings.limits
    await check_zone(settings.time_zone)
    async with AsyncExitStack() as stack:
        database = await Database.open(
            settings.database,
            (
                *(*TASK_MIGRATIONS, *MEMORY_MIGRATIONS, *PLATFORM_MIGRATIONS, *REALM_MIGRATIONS),
                *(*TRACE_MIGRATIONS, *FEEDBACK_MIGRATIONS, *INTERVIEW_MIGRATIONS),
            ),
        )
        stack.push_async_callback(database.close)
        sealer = Sealer(await asyncio.to_thread(find_key, settings.secret_key, _key_place(settings)))
        realms = Realms(settings, await load_signing_keys(database, sealer), clients, database)
        await realms.load()
        agents = AgentStore(database, sealer, ephemeral_lifetime=limits.ephemeral_lifetime, clock=settings.clock)
        installed = await asyncio.to_thread(installed_experts, settings.expert_urls, settings.servers_url)
        registry = Registry((MEMORY_EXPERT, INTERVIEWING_EXPERT, *installed, *settings.registry))
        http = await stack.enter_async_context(
            await asyncio.to_thread(settings.http or new_pool)
        )  # makes a TLS context
        connections = Connections(http, timeout=settings.mcp_timeout, capacity=limits.connected_contexts)
        stack.push_async_callback(connections.aclose)
        there = has_task(database)
        memory = ContextMemory(database, settings.embedder, clock=settings.clock, has_task=there)
        stack.push_async_callback(memory.aclose)
        registrations = Registrations(limits.contexts, StoredSecrets(settings.secrets))
        remotes = Remotes(settings.remote_agents, http)
        stack.push_async_callback(remotes.aclose)
        repository = SqlRepository(database)
        interviews = InterviewStore(database)
        erase_with_tasks(repository, database, memory)
        exporter = None if settings.otlp_endpoint is None else await OtlpExporter.open(settings.otlp_endpoint)
        if exporter is not None:
            stack.push_async_callback(exporter.close)
        traces = Traces(database, settings.clock, content=settings.trace_content, exporter=exporter)
        bounds = TaskLimits(runs_per_owner=limits.turns_per_caller, seconds=limits.turn_seconds + _LATE)
        durable = await _durable_engine(settings)
        tasks = TaskService(repository, InlineEngine(), durable=durable, limits=bounds, clock=settings.clock)
        stack.push_async_callback(tasks.close)

        async def forget(owned: TaskScope, context_id: str) -> None:
            scope = Scope(owned.tenant, owned.owner, context_id)
            registrations.forget(scope)
            await connections.forget(scope)
            await memory.forget(scope)

        tasks.forgetting.on_context_deleted(forget)
        await tasks.forgetting.resume()
        workshop = Workshop(
            Planner(agents, registry, depth=limits.agent_depth),
            memory,
            registrations,
            connections,
            remotes,
            settings.reasoner or RuleReasoner(),
            limits,
            Interviews(interviews, settings.interpreter, zone=settings.time_zone, clock=settings.clock),
            settings.clock,
            traces,
            settings.durable,
        )

        async def resolve(scope: TaskScope) -> Orchestrator | None:
            record = await agents.find(Ownership(scope.tenant, scope.owner), scope.agent_id)
            return None if record is None else Orchestrator(workshop, record, first=False)

        await tasks.recover(resolve if settings.durable else None)
        contexts = Contexts(database)
        housekeeping = Housekeeping(tasks, contexts, agents, settings.clock, limits.context_lifetime)
        await stack.enter_async_context(housekeeping.going_on())
        yield Services(
            *(settings, realms, registry, agents, tasks, workshop),
            *(database, contexts, FeedbackStore(database), traces, housekeeping),
        )


def _key_place(settings: PlatformSettings) -> Path | None:
    """The file beside which the key of what is sealed lies; None in memory, and where the key must be given.

    Raises:
        ConfigurationError: A PostgreSQL database is used without a key.
    """
    if not (isinstance(settings.database, str) and is_postgres(settings.database)):
        return parse(settings.database)
    if not (settings.secret_key or os.environ.get(KEY_VARIABLE)):
        raise ConfigurationError(
            KEY_VARIABLE,
            "is needed with a PostgreSQL database, which all processes unseal with the same key",
            remedy="Make one with: head -c 32 /dev/urandom | base64 | tr +/ -_",
        )
    return None


async def _durable_engine(settings: PlatformSettings) -> Engine | None:
    """What turns survive the process with; None where they need not.

    Raises:
        EngineError: The extra `durable` is not installed, or the database cannot be used.
    """
    if not settings.durable or settings.database is None:
        return None
    return await DbosEngine.acquire(settings.database, service="platform")


def services_of(request: Request) -> Services:
    """What the lifespan opened, as a request finds it."""
    return cast(Services, getattr(request.state, STATE))

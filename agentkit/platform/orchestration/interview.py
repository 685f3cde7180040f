"""The interviewing expert: it asks a questionnaire's questions, one turn after the other (section 13)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from agentkit.compose import RunContext
from agentkit.errors import ConfigurationError, ConversationBusy
from agentkit.interviewing import (
    Answered,
    DeterministicInterpreter,
    Event,
    Interpreter,
    Outcome,
    Output,
    Questionnaire,
    QuestionnaireInvalid,
    Session,
    begin,
    inquiry,
    load,
    notices,
    pending,
    step,
)
from agentkit.memory import Scope
from agentkit.models import Message
from agentkit.platform.agents.registry import INTERVIEWING_EXPERT
from agentkit.platform.orchestration.interview_parts import (
    InterviewParts,
    InterviewRefused,
    name_of,
    read_event,
    same_document,
)
from agentkit.platform.orchestration.interview_store import InterviewStore, StoredInterview
from agentkit.platform.orchestration.interview_turn import InterviewTurn, refused, result, without_questionnaire
from agentkit.platform.orchestration.plan import MemberPlan
from agentkit.tasks import TIMESTAMP_KEY
from agentkit.tracing import span

_TRIES: Final = 5
_ZONES: Final = 64
_LARGE: Final = 32_768
"""Characters of a questionnaire that is read in a thread."""


@dataclass(frozen=True, slots=True, repr=False)
class _Interview:
    """One interview at work."""

    stored: StoredInterview
    questionnaire: Questionnaire
    session: Session
    output: Output
    opening: bool = False
    fresh: bool = False


class Interviews:
    """Leads all interviews of a platform; which one a message belongs to is kept by context."""

    def __init__(
        self, store: InterviewStore, interpreter: Interpreter | None, *, zone: str, clock: Callable[[], datetime]
    ) -> None:
        """Lead interviews.

        Args:
            store: Keeps them between turns.
            interpreter: Reads the answers; None takes the deterministic one (QN-E2).
            zone: Of people who do not tell theirs.
            clock: The time.
        """
        self._store = store
        self._interpreter = interpreter or DeterministicInterpreter()
        self._zone = zone
        self._clock = clock
        self._zones: dict[str, tzinfo | None] = {}

    async def turn(self, plan: MemberPlan, message: Message, context: RunContext) -> InterviewTurn | None:
        """Take one turn of an interview.

        Args:
            plan: Of the agent: an interviewing expert, or one that has it (QNC-01).
            message: What the person sent.
            context: Of the run; an interview belongs to its conversation.

        Returns:
            The turn; None for a message that is not part of an interview.

        Raises:
            ConversationBusy: Other turns of the conversation are faster all the time.
            AgentKitError: The interpreter or the store cannot go on.
        """
        if not (plan.interviews or any(member.interviews for member in plan.members)):
            return None
        try:
            parts = InterviewParts.of(message)
            for _ in range(_TRIES):
                turn, kept = await self._try(plan, parts, message, context)
                if kept:
                    return turn
        except InterviewRefused as error:
            return refused(error)
        raise ConversationBusy("Several answers came at once; send one after the other.")

    async def _try(
        self, plan: MemberPlan, parts: InterviewParts, message: Message, context: RunContext
    ) -> tuple[InterviewTurn | None, bool]:
        """One turn from what is kept now, and whether it could be kept."""
        scope = Scope(context.caller.tenant, context.caller.owner, context.context_id)
        known = await self._store.of(scope)
        if parts.sent or (known and len(known[0].document) > _LARGE):
            # To read and check megabytes of conditions takes seconds, and others wait for the event loop.
            found = await asyncio.to_thread(self._find, parts, known, message, context)
        else:
            found = self._find(parts, known, message, context)
        if found is None:
            return (without_questionnaire() if plan.interviews and not context.resumed else None), True
        over = not parts.sent and parts.event is None and pending(found.questionnaire, found.session) is None
        if over and not plan.interviews:
            return None, True
        before = notices(found.questionnaire, found.session)
        with span("expert.work", {"agentkit.expert.name": INTERVIEWING_EXPERT.name}) as hop:
            hop.content(asked=message.text)
            after = await self._step(found, parts, message)
        stored = replace(
            found.stored,
            touched=max([0, *(one.touched for one in known)]) + 1,
            task_id=context.task_id,
            message_id=message.message_id,
            session=after.session.model_dump_json(),
            before=None if found.fresh else found.session.model_dump_json(),
        )
        kept = await self._store.put(scope, stored)
        raised = [notice for notice in notices(after.questionnaire, after.session) if notice not in before]
        turn = result(after.questionnaire, after.session, after.output, raised, f"{context.task_id}/{stored.name}")
        return turn, kept

    def _find(
        self, parts: InterviewParts, known: Sequence[StoredInterview], message: Message, context: RunContext
    ) -> _Interview | None:
        """The interview a message belongs to: that of its questionnaire, else the present one (QN-23)."""
        if parts.sent:
            document = json.dumps(parts.document, ensure_ascii=False)
            name = name_of(parts.document)
            place = next((place for place, one in enumerate(known) if one.name == name), None)
            if place is None:
                return _fresh(StoredInterview(name, 0, "", "", document, None, None, 0), opening=True)
            if not same_document(known[place].document, document):
                text = "This questionnaire has another content than before under the same id and version."
                raise InterviewRefused("questionnaire_changed", text)
            return _resumed(known[place], message, context, opening=place > 0)
        if not known:
            return None
        # An answer to what another expert asked in a task of its own is not for the interview.
        if context.resumed and known[0].task_id != context.task_id:
            return None
        return _resumed(known[0], message, context, opening=False)

    async def _step(self, found: _Interview, parts: InterviewParts, message: Message) -> _Interview:
        zone = _told(message, "timeZone") or _noted(found.questionnaire, "timeZone") or self._zone
        at, known = await self._moment(message, zone)
        if found.fresh:
            session, output = begin(found.questionnaire, at)
            found = replace(found, session=session, output=output)
        if parts.event is not None:
            return self._stepped(found, read_event(parts.event, at))
        if not parts.text.strip():
            return found
        event = Answered(at=at, text=parts.text, zone=zone if known else None, opening=found.opening)
        asked = inquiry(found.questionnaire, found.session, event)
        if asked is not None:
            event = event.model_copy(update={"reading": await self._interpreter.interpret(asked)})
        return self._stepped(found, event)

    def _stepped(self, found: _Interview, event: Event) -> _Interview:
        session, output = step(found.questionnaire, found.session, event)
        return replace(found, session=session, output=output)

    async def _moment(self, message: Message, zone: str) -> tuple[str, bool]:
        """When the message came, in the person's zone where it is known (QN-17)."""
        told = _told(message, TIMESTAMP_KEY)
        at = datetime.fromisoformat(told) if told else self._clock()
        if zone not in self._zones:
            # Reads a file, the first time.
            found = await asyncio.to_thread(find_zone, zone)
            if len(self._zones) >= _ZONES:
                self._zones.clear()
            self._zones[zone] = found
        there = self._zones[zone]
        return (at if there is None else at.astimezone(there)).isoformat(), there is not None


def find_zone(name: str) -> tzinfo | None:
    """The time zone of an IANA name; None where nobody knows it. Reads a file."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


async def check_zone(name: str) -> None:
    """Refuse a zone that could only fail later.

    Raises:
        ConfigurationError: Nobody knows it.
    """
    if await asyncio.to_thread(find_zone, name) is None:
        raise ConfigurationError("time_zone", "is no time zone", remedy="Use an IANA name, such as Europe/Berlin.")


def _fresh(stored: StoredInterview, *, opening: bool) -> _Interview:
    questionnaire = _loaded(stored.document)
    session, output = begin(questionnaire)
    return _Interview(stored, questionnaire, session, output, opening, fresh=True)


def _resumed(stored: StoredInterview, message: Message, context: RunContext, *, opening: bool) -> _Interview:
    kept = stored.present(context.task_id, message.message_id)
    if kept is None:
        return _fresh(stored, opening=True)
    questionnaire, session = _loaded(stored.document), Session.model_validate_json(kept)
    question = pending(questionnaire, session)
    outcome = Outcome.ASKED if question is not None else Outcome.OVER
    return _Interview(stored, questionnaire, session, Output(question, outcome), opening)


@lru_cache(maxsize=32)
def _loaded(document: str) -> Questionnaire:
    try:
        return load(json.loads(document))
    except QuestionnaireInvalid as error:
        raise InterviewRefused(
            "questionnaire_invalid",
            "The questionnaire cannot be used.\n" + "\n".join(f"- {finding}" for finding in error.findings[:20]),
            tuple({"code": finding.code.value, "path": finding.path} for finding in error.findings[:20]),
        ) from None


def _told(message: Message, key: str) -> str | None:
    found = (message.metadata or {}).get(key)
    return found if isinstance(found, str) and found else None


def _noted(questionnaire: Questionnaire, key: str) -> str | None:
    found = questionnaire.meta.get(key)
    return found if isinstance(found, str) and found else None

"""The questionnaire server: lists, shows and asks bundled questionnaires, one question at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic.config import JsonDict

from agentkit.interviewing import Answered, Outcome, Output, Session, begin, step
from agentkit.mcp import ToolError, ToolServer
from agentkit_servers.questionnaires import library, turns
from agentkit_servers.questionnaires.library import Instrument
from agentkit_servers.questionnaires.sessions import Sessions
from agentkit_servers.questionnaires.turns import QuestionnaireDocument, QuestionnaireList, Turn, turn
from agentkit_servers.release import VERSION
from agentkit_servers.schemas import optional

INSTRUCTIONS = (
    "Asks validated questionnaires. Ask each question word for word, pass on what the person answered word for word,"
    " and never choose an answer for them. A result is a screening result, never a diagnosis."
)


def _with_choices(schema: JsonDict) -> None:
    schema["examples"] = [*library.BUNDLED]
    schema["enum"] = [*library.BUNDLED]


def _known_id(value: object) -> object:
    found = library.find(value) if isinstance(value, str) else None
    return found.id if found else value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


QuestionnaireName = Annotated[
    str,
    Field(
        title=turns.QUESTIONNAIRE_TITLE,
        description="Which questionnaire: its id, for example phq-2 or gad-2.",
        pattern=turns.QUESTIONNAIRE_PATTERN,
        json_schema_extra=_with_choices,
    ),
    BeforeValidator(_known_id),
]
Version = Annotated[
    str | None,
    Field(
        title="Questionnaire version",
        description="Which version of the questionnaire; the newest when left out.",
        max_length=32,
        examples=["1.0"],
        json_schema_extra=optional,
    ),
]
SessionId = Annotated[
    str,
    Field(
        title=turns.SESSION_TITLE,
        description="Which interview: the session of an interview that has been started.",
        pattern=turns.SESSION_PATTERN,
        examples=["qs_0123456789abcdefABCDEF"],
    ),
]


def build_server(database: str | None = None, *, clock: Callable[[], datetime] | None = None) -> ToolServer:
    """Build the questionnaire server.

    Args:
        database: A path or `sqlite:///path` for the interviews; None keeps them in memory.
        clock: Tells the time of an answer; None is the time of the machine.

    Raises:
        StorageError: The database is neither a path nor a `sqlite:///` URL.
    """
    sessions = Sessions(database)
    server = ToolServer(
        "questionnaires",
        title="Questionnaires",
        instructions=INSTRUCTIONS,
        version=VERSION,
        lifespan=sessions.opened,
    )
    _register_library(server)
    _register_interview(server, sessions, clock or _now)
    return server


def _register_library(server: ToolServer) -> None:
    @server.tool(title="List questionnaires")
    async def list_questionnaires() -> QuestionnaireList:
        """List the questionnaires (screening instruments, surveys) on offer."""
        return QuestionnaireList(items=[_listed(instrument) for instrument in library.BUNDLED.values()])

    @server.tool(title="Get questionnaire")
    async def get_questionnaire(questionnaire: QuestionnaireName, version: Version = None) -> QuestionnaireDocument:
        """Show the text of one questionnaire without asking anybody: questions, options, license, source and notice."""
        instrument = _instrument(questionnaire, version)
        return QuestionnaireDocument(
            questionnaire_id=instrument.id,
            license=instrument.license,
            source=instrument.source,
            notice=instrument.notice,
            cutoff=instrument.scoring.cutoff,
            questionnaire=instrument.questionnaire,
        )


def _register_interview(server: ToolServer, sessions: Sessions, clock: Callable[[], datetime]) -> None:
    @server.tool(title="Start interview", read_only=False)
    async def start_interview(questionnaire: QuestionnaireName, version: Version = None) -> Turn:
        """Start an interview: do, take, run or begin a questionnaire (screening, survey, test) with a person.

        Returns the session and the first question.
        """
        instrument = _instrument(questionnaire, version)
        now = clock()
        session, output = begin(instrument.questionnaire, now.isoformat())
        identity = await sessions.add(session, now)
        return turn(identity, instrument, session, output)

    @server.tool(title="Answer the question", read_only=False)
    async def answer(
        session: SessionId,
        answer: Annotated[
            str,
            Field(
                title="Answer of the person",
                description="What the person answered to the question asked last, word for word.",
                min_length=1,
                max_length=1000,
                examples=["several days", "2"],
            ),
            BeforeValidator(_as_text),
        ],
        question: Annotated[
            str | None,
            Field(
                title=turns.QUESTION_TITLE,
                description="Which question was answered; guards against the same answer being counted twice.",
                pattern=turns.QUESTION_PATTERN,
                examples=["phq-2-1"],
                json_schema_extra=optional,
            ),
        ] = None,
    ) -> Turn:
        """Answer the question asked last in a running interview.

        Returns the next question, or the score when the interview is complete. An unclear answer is never guessed: the
        same question is asked again with its options.
        """
        now = clock()
        event = Answered(text=answer, at=now.isoformat(), question=question)

        def change(stored: Session) -> tuple[Session, tuple[Instrument, Session, Output]]:
            instrument = _instrument(stored.questionnaire_id, str(stored.version))
            after, output = step(instrument.questionnaire, stored, event)
            return after, (instrument, after, output)

        result = await sessions.change(session, now, change)
        if result is None:
            raise ToolError(
                "There is no such interview, or it has expired.",
                code="not-found",
                hint="Start the interview again; an interview is kept for thirty days.",
            )
        _refuse_misplaced(result[2])
        return turn(session, *result)


def _refuse_misplaced(output: Output) -> None:
    if output.outcome is Outcome.OVER:
        raise ToolError(
            "The interview is complete and takes no further answer.",
            code="invalid-input",
            hint="Start a new interview to ask again.",
        )
    if output.outcome is Outcome.STALE:
        present = f"the present question is {output.question.id}" if output.question else "the interview is complete"
        raise ToolError(
            f"question: is not the question to be answered now; {present}.",
            code="invalid-input",
            hint="Leave question out to answer the present question, for example with answer='several days'.",
        )


def _instrument(name: str, wanted: str | None) -> Instrument:
    found = library.find(name)
    if found is None:
        raise ToolError(
            "questionnaire: there is no such questionnaire.",
            code="not-found",
            hint=f"On offer are {', '.join(library.BUNDLED)}, for example questionnaire='phq-2'.",
        )
    if wanted is not None and wanted != found.version:
        raise ToolError(
            f"version: {found.id} is not on offer in that version.",
            code="not-found",
            hint=f"On offer is version {found.version}; leave version out to get it.",
        )
    return found


def _listed(instrument: Instrument) -> turns.ListedQuestionnaire:
    return turns.ListedQuestionnaire(
        questionnaire_id=instrument.id,
        version=instrument.version,
        title=instrument.title,
        description=instrument.questionnaire.description or "",
        question_count=len(instrument.questionnaire.questions),
        license=instrument.license,
    )


def _now() -> datetime:
    return datetime.now(UTC)

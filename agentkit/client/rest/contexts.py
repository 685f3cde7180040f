"""What Corti's models are given to read: texts, facts, transcripts, documents (REST-08, REST-09, REST-12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast

from agentkit.errors import SpecError
from agentkit.models import Json
from agentkit.models.fact import ExtractedFact, Fact, NewFact
from agentkit.models.rest import RestModel
from agentkit.models.transcript import TranscriptContent, TranscriptSegment
from agentkit.wire.reader import put
from agentkit.wire.rest import encode

AnyFact: TypeAlias = Fact | NewFact | ExtractedFact
"""A fact of an interaction, of the caller's own, or found in a text."""

DocumentContext: TypeAlias = str | TranscriptContent | Sequence[AnyFact] | Sequence[TranscriptSegment]
"""What a document is made of: one text, a transcript or its utterances, or facts (REST-09)."""


def text_contexts(text: str | Sequence[str]) -> list[Json]:
    """Texts as the stateless endpoints take them.

    Raises:
        SpecError: There is none, or one is blank.
    """
    remedy = "Pass the text to be read, or several in a list."
    given = _items(text, "text", remedy)
    texts = [each for each in given if isinstance(each, str)]
    if len(texts) < len(given):
        raise SpecError("text", "must be text", remedy=remedy)
    if not texts or not all(each.strip() for each in texts):
        raise SpecError("text", "is empty", remedy=remedy)
    return [{"type": "text", "text": each} for each in texts]


def document_contexts(context: DocumentContext) -> list[Json]:
    """What a document is made of, as its endpoint takes it; discarded facts are left out (REST-07).

    Raises:
        SpecError: Nothing is left, or it is something else, or a mixture.
    """
    if isinstance(context, str):
        if not context.strip():
            raise SpecError("context", "is empty", remedy="Pass the text to be read.")
        return [{"type": "string", "data": context}]
    remedy = "Pass one text, one transcript, a list of its segments, or a list of facts."
    items = context.segments if isinstance(context, TranscriptContent) else _items(context, "context", remedy)
    if items and all(isinstance(item, TranscriptSegment) for item in items):
        segments = cast("tuple[TranscriptSegment, ...]", items)
        return [{"type": "transcript", "data": encode(segment)} for segment in segments]
    if not all(isinstance(item, Fact | NewFact | ExtractedFact) for item in items):
        raise SpecError("context", "holds other things than facts, or segments of a transcript", remedy=remedy)
    facts = cast("tuple[AnyFact, ...]", items)
    kept: list[Json] = [_fact(fact) for fact in facts if not (isinstance(fact, Fact) and fact.is_discarded)]
    if not kept:
        remedy = "Pass a transcript that is complete, or facts that are not discarded."
        raise SpecError("context", "holds nothing to make a document of", remedy=remedy)
    return [{"type": "facts", "data": kept}]


def _items(given: object, field: str, remedy: str) -> tuple[object, ...]:
    if isinstance(given, str):
        return (given,)
    if isinstance(given, RestModel | Mapping | bytes) or not isinstance(given, Iterable):
        kind = type(cast("object", given)).__name__
        raise SpecError(field, f"must not be a {kind}", remedy=remedy)
    return tuple(cast("Iterable[object]", given))


def _fact(fact: AnyFact) -> Json:
    source = None if isinstance(fact, ExtractedFact) else fact.source
    return put({"text": fact.text}, {"group": fact.group, "source": source and str(source)})

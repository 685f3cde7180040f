"""What Corti's models are given to read: texts, facts, transcripts, documents (REST-08, REST-09, REST-12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

from agentkit.errors import SpecError
from agentkit.models import Json
from agentkit.models.fact import ExtractedFact, Fact, NewFact
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
    texts = (text,) if isinstance(text, str) else tuple(text)
    if not texts or not all(each.strip() for each in texts):
        raise SpecError("text", "is empty", remedy="Pass the text to be read.")
    return [{"type": "text", "text": each} for each in texts]


def document_contexts(context: DocumentContext) -> list[Json]:
    """What a document is made of, as its endpoint takes it; discarded facts are left out (REST-07).

    Raises:
        SpecError: Nothing is left, or facts and utterances are mixed.
    """
    if isinstance(context, str):
        if not context.strip():
            raise SpecError("context", "is empty", remedy="Pass the text to be read.")
        return [{"type": "string", "data": context}]
    items = context.segments if isinstance(context, TranscriptContent) else tuple(context)
    if items and all(isinstance(item, TranscriptSegment) for item in items):
        segments = cast("tuple[TranscriptSegment, ...]", items)
        return [{"type": "transcript", "data": encode(segment)} for segment in segments]
    if not all(isinstance(item, Fact | NewFact | ExtractedFact) for item in items):
        raise SpecError("context", "mixes facts and utterances", remedy="Pass one text, one transcript, or facts.")
    facts = cast("tuple[AnyFact, ...]", items)
    kept: list[Json] = [_fact(fact) for fact in facts if not (isinstance(fact, Fact) and fact.is_discarded)]
    if not kept:
        remedy = "Pass a transcript that is complete, or facts that are not discarded."
        raise SpecError("context", "holds nothing to make a document of", remedy=remedy)
    return [{"type": "facts", "data": kept}]


def _fact(fact: AnyFact) -> Json:
    source = None if isinstance(fact, ExtractedFact) else fact.source
    return put({"text": fact.text}, {"group": fact.group, "source": source and str(source)})

"""Medical codes (REST-12); the codes of an interaction, open to few customers, are not part of this client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from agentkit.client.answers import read_json
from agentkit.client.operation import Operation
from agentkit.client.rest.contexts import text_contexts
from agentkit.errors import SpecError
from agentkit.models import Json
from agentkit.models.code import CodeFilter, CodePrediction, CodingSystem
from agentkit.wire.reader import put
from agentkit.wire.rest import decode, encode


def predict_codes(
    systems: Sequence[CodingSystem | str],
    *,
    text: str | Sequence[str] | None = None,
    document_id: str | Sequence[str] | None = None,
    only: CodeFilter | None = None,
) -> Operation[CodePrediction]:
    """Predict codes for texts or for documents.

    Args:
        systems: The coding systems.
        text: One text or several; evidences count them from 0.
        document_id: One document or several, in place of texts.
        only: Which codes may be predicted.

    Raises:
        SpecError: There is no system, or not exactly one of texts and documents.
    """
    named: list[object] = [systems] if isinstance(systems, str) else [*systems]
    system: list[Json] = [str(each) for each in named if isinstance(each, str) and each.strip()]
    if not named or len(system) < len(named):
        raise SpecError(
            "systems",
            "is empty, or holds what is no word",
            remedy="Name at least one coding system, for example icd10cm-outpatient.",
        )
    if (text is None) == (document_id is None):
        why = "or document_id is needed" if text is None else "and document_id exclude each other"
        raise SpecError("text", why, remedy="Pass exactly one of them.")
    context = text_contexts(text) if text is not None else _documents(document_id or ())
    return Operation(
        name="client.codes.predict",
        method="POST",
        root="base",
        path="/tools/coding/",
        body=put(
            {"system": system, "context": context}, {"filter": encode(only, "only") if only is not None else None}
        ),
        parse=read_json(lambda value: decode(CodePrediction, value)),
    )


def _documents(document_id: str | Sequence[str]) -> list[Json]:
    ids = (document_id,) if isinstance(document_id, str) else tuple(cast("Sequence[object]", document_id))
    known: list[str] = [each for each in ids if isinstance(each, str) and each]
    if not ids or len(known) < len(ids):
        raise SpecError("document_id", "is empty", remedy="Pass the id of a document.")
    return [{"type": "documentId", "documentId": each} for each in known]

"""`corti.codes`: medical codes for a text.

The codes of an interaction, open to few customers, are not part of this client (REST-12).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentkit.client.rest import codes

if TYPE_CHECKING:
    from agentkit.client.session import AsyncSession
    from agentkit.models.code import CodeFilter, CodePrediction, CodingSystem


class Codes:
    """Medical codes for a text: `corti.codes` (REST-12).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: AsyncSession) -> None:
        """Made by `AsyncCorti`."""
        self._session = session

    async def predict(
        self,
        systems: Sequence[CodingSystem | str],
        *,
        text: str | Sequence[str] | None = None,
        document_id: str | Sequence[str] | None = None,
        only: CodeFilter | None = None,
    ) -> CodePrediction:
        """Predict codes for texts or for documents; nothing is stored.

        Args:
            systems: The coding systems, for example `icd10cm-outpatient`.
            text: One text or several; evidences count them from 0.
            document_id: One document or several, in place of texts.
            only: Which codes may be predicted; all of the systems where nothing is said.

        Raises:
            SpecError: There is no system, or not exactly one of texts and documents; nothing was sent.
        """
        return await self._session.call(codes.predict_codes(systems, text=text, document_id=document_id, only=only))

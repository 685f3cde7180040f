"""Make a calculator of a table of items."""

from __future__ import annotations

from datetime import date

from agentkit_servers.calculator.core.definition import Alerts, Bands, Calculator, Category, Citation, Option, Valid
from agentkit_servers.calculator.core.items import Item
from agentkit_servers.calculator.core.scoring import Finish, added, inputs_of

AUTHORED = date(2026, 11, 21)


def score(
    *,
    id: str,  # noqa: A002  (the same word as in `Calculator`)
    title: str,
    category: Category,
    summary: str,
    items: tuple[Item, ...],
    citations: tuple[Citation, ...],
    validity: str,
    synonyms: tuple[str, ...] = (),
    bands: Bands | None = None,
    valid: tuple[Valid, ...] = (),
    options: tuple[Option, ...] = (),
    finish: Finish | None = None,
    alerts: Alerts | None = None,
    decimals: int = 0,
    superseded: str | None = None,
    authored: date = AUTHORED,
) -> Calculator:
    """A score: the sum of its items.

    Args:
        id: Slug and version, the version being the year of the publication.
        title: Its name for people.
        category: Its topic.
        summary: One sentence: what it estimates.
        items: What gives points.
        citations: Its sources, the original first.
        validity: For whom it was derived.
        synonyms: Other names.
        bands: What ranges of the total are called.
        valid: Checked ranges of validity.
        options: Settings.
        finish: Flags, a band or further results that depend on more than the total.
        alerts: Flags from the inputs alone, told even while others are missing.
        decimals: Of the rounded total; 1 where half points exist.
        superseded: What to use instead.
        authored: When it was written.

    Raises:
        ValueError: The definition is not sound.
    """
    return Calculator(
        id=id,
        title=title,
        category=category,
        summary=summary,
        inputs=inputs_of(items),
        compute=added(items, finish),
        formula="Sum of: " + "; ".join(f"{item.title} ({item.text})" for item in items),
        unit="points",
        decimals=decimals,
        citations=citations,
        validity=validity,
        synonyms=synonyms,
        valid=valid,
        bands=bands,
        options=options,
        alerts=alerts,
        items=items,
        authored=authored,
        superseded=superseded,
    )

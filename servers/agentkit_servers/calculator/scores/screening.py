"""Screening questionnaires as scores: PHQ-9, GAD-7 and AUDIT-C; the wording of the questions is not part of them.

Every item is needed and none is ever assumed (rule QN-I2).
"""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import SEX, Bands, Citation, Tally, Values, Working, rule, scale, score

_FREQUENCY: Final = "0 not at all, 1 several days, 2 more than half the days, 3 nearly every day."


def _safety(values: Values, working: Working) -> None:
    # Whatever else is missing (rule QN-I1).
    if (values.optional("self_harm") or 0) > 0:
        working.flag(
            "self-harm",
            "Item 9 (thoughts of death or self-harm) is above 0: a clinician looks at this now, whatever the total is.",
        )


PHQ_9: Final = score(
    id="phq-9@2001",
    title="PHQ-9",
    category="general",
    summary="Severity of depressive symptoms in the last two weeks; a screening result, no diagnosis.",
    synonyms=("depression", "patient health questionnaire", "PHQ9"),
    items=tuple(
        scale(name, f"Item {number}: {title}", 0, 3, _FREQUENCY)
        for number, (name, title) in enumerate(
            (
                ("interest", "little interest or pleasure"),
                ("mood", "feeling down"),
                ("sleep", "sleep"),
                ("energy", "tiredness"),
                ("appetite", "appetite"),
                ("self_esteem", "feeling bad about oneself"),
                ("concentration", "concentration"),
                ("psychomotor", "slowed or restless"),
                ("self_harm", "thoughts of death or self-harm"),
            ),
            start=1,
        )
    ),
    citations=(
        Citation(
            "Kroenke K, Spitzer RL, Williams JBW. J Gen Intern Med 2001;16:606-613.",
            "10.1046/j.1525-1497.2001.016009606.x",
        ),
    ),
    validity="Adults. By Spitzer, Williams, Kroenke and colleagues, with an educational grant from Pfizer Inc.",
    bands=Bands(
        "Kroenke 2001",
        (
            (">= 20", "severe"),
            (">= 15", "moderately severe"),
            (">= 10", "moderate"),
            (">= 5", "mild"),
            ("else", "minimal"),
        ),
    ),
    alerts=_safety,
)

GAD_7: Final = score(
    id="gad-7@2006",
    title="GAD-7",
    category="general",
    summary="Severity of anxiety in the last two weeks; a screening result, no diagnosis.",
    synonyms=("anxiety", "generalised anxiety disorder", "GAD7"),
    items=tuple(
        scale(name, f"Item {number}: {title}", 0, 3, _FREQUENCY)
        for number, (name, title) in enumerate(
            (
                ("nervous", "nervous or on edge"),
                ("control", "unable to stop worrying"),
                ("worry", "worrying too much"),
                ("relax", "trouble relaxing"),
                ("restless", "restlessness"),
                ("irritable", "irritability"),
                ("afraid", "afraid of something awful"),
            ),
            start=1,
        )
    ),
    citations=(
        Citation(
            "Spitzer RL, Kroenke K, Williams JBW, Loewe B. Arch Intern Med 2006;166:1092-1097.",
            "10.1001/archinte.166.10.1092",
        ),
    ),
    validity="Adults. By Spitzer, Williams, Kroenke and colleagues, with an educational grant from Pfizer Inc.",
    bands=Bands("Spitzer 2006", ((">= 15", "severe"), (">= 10", "moderate"), (">= 5", "mild"), ("else", "minimal"))),
)


def _cut_off(tally: Tally, working: Working) -> None:
    if tally.values.has("sex"):
        working.band = "positive" if tally.total >= (3 if tally.values.female else 4) else "negative"


AUDIT_C: Final = score(
    id="audit-c@1998",
    title="AUDIT-C",
    category="general",
    summary="Screening for hazardous drinking by three questions; no diagnosis.",
    synonyms=("alcohol", "hazardous drinking", "AUDIT"),
    items=(
        scale("frequency", "How often a drink", 0, 4, "0 never to 4 four times a week or more."),
        scale("typical_amount", "Drinks on a typical day", 0, 4, "0 for 1 or 2 drinks to 4 for 10 or more."),
        scale("heavy_occasions", "How often six drinks or more", 0, 4, "0 never to 4 daily or almost daily."),
        rule("sex", "Sex", (SEX,), lambda _: 0, "no points; decides the cut-off", normal=None),
    ),
    citations=(
        Citation(
            "Bush K, Kivlahan DR, McDonell MB, et al. Arch Intern Med 1998;158:1789-1795.",
            "10.1001/archinte.158.16.1789",
        ),
    ),
    validity="Adults. The cut-off is 4 for men and 3 for women.",
    finish=_cut_off,
)

CALCULATORS: Final = (PHQ_9, GAD_7, AUDIT_C)

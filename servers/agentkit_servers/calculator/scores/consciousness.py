"""The Glasgow Coma Scale."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Bands, Citation, scale, score

_UNTESTABLE: Final = "Not testable (NT) is missing, not a number."

GLASGOW_COMA_SCALE: Final = score(
    id="glasgow-coma-scale@1974",
    title="Glasgow Coma Scale",
    category="neurology",
    summary="Level of consciousness by eye, verbal and motor response.",
    synonyms=("GCS", "coma", "consciousness", "head injury"),
    items=(
        scale(
            "eye",
            "Eye opening",
            1,
            4,
            f"4 spontaneous, 3 to sound, 2 to pressure, 1 none. {_UNTESTABLE}",
            normal=4,
        ),
        scale(
            "verbal",
            "Verbal response",
            1,
            5,
            f"5 orientated, 4 confused, 3 words, 2 sounds, 1 none. {_UNTESTABLE}",
            normal=5,
        ),
        scale(
            "motor",
            "Best motor response",
            1,
            6,
            f"6 obeys commands, 5 localising, 4 normal flexion, 3 abnormal flexion, 2 extension, 1 none. {_UNTESTABLE}",
            normal=6,
        ),
    ),
    citations=(
        Citation("Teasdale G, Jennett B. Lancet 1974;304:81-84.", "10.1016/S0140-6736(74)91639-0"),
        Citation("Teasdale G, Maas A, Lecky F, et al. Lancet Neurol 2014;13:844-854.", "10.1016/S1474-4422(14)70120-6"),
    ),
    validity="Adults and children from 5 years on. The components say more than the sum.",
    bands=Bands("Teasdale 2014 (head injury)", ((">= 13", "mild"), (">= 9", "moderate"), ("else", "severe"))),
)

CALCULATORS: Final = (GLASGOW_COMA_SCALE,)

"""Acid-base: anion gap, delta gap and delta ratio, compensation, and the alveolar-arterial gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from agentkit_servers.calculator.core import Calculator, Citation, NotApplicable, Valid, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.inputs import Input
from agentkit_servers.calculator.core.numbers import shown

_NORMAL_GAP: Final = 12
_NORMAL_BICARBONATE: Final = 24
_WATER_VAPOUR: Final = 47

_EMMETT: Final = Citation(
    "Emmett M, Narins RG. Clinical use of the anion gap. Medicine (Baltimore) 1977;56:38-54",
    "10.1097/00005792-197756010-00002",
)
_FIGGE: Final = Citation(
    "Figge J et al. Anion gap and hypoalbuminemia. Crit Care Med 1998;26:1807-10", "10.1097/00003246-199811000-00019"
)
_WRENN: Final = Citation(
    "Wrenn K. The delta gap: an approach to mixed acid-base disorders. Ann Emerg Med 1990;19:1310-3",
    "10.1016/S0196-0644(05)82292-9",
)
_RASTEGAR: Final = Citation(
    "Rastegar A. Use of the delta AG/delta HCO3 ratio in the diagnosis of mixed acid-base disorders. J Am Soc Nephrol"
    " 2007;18:2429-31",
    "10.1681/ASN.2006121408",
)
_IONS: Final[tuple[Input, ...]] = (quantity(m.SODIUM), quantity(m.CHLORIDE), quantity(m.BICARBONATE))
_WITH_ALBUMIN: Final[tuple[Input, ...]] = (*_IONS, quantity(m.ALBUMIN))

Gap = Callable[[Values, Working], float]


def _gap(values: Values, working: Working) -> float:
    sodium, chloride, bicarbonate = (values.number(name) for name in ("sodium", "chloride", "bicarbonate"))
    result = sodium - (chloride + bicarbonate)
    working.step(f"anion gap = {shown(sodium)} - ({shown(chloride)} + {shown(bicarbonate)}) = {shown(result)} mmol/L")
    return result


def _corrected_gap(values: Values, working: Working) -> float:
    gap, albumin = _gap(values, working), values.number("albumin")
    result = gap + 2.5 * (4.0 - albumin)
    working.step(f"corrected for albumin = {shown(gap)} + 2.5 x (4.0 - {shown(albumin)}) = {shown(result)} mmol/L")
    return result


def _delta_gap(gap: Gap) -> Gap:
    def compute(values: Values, working: Working) -> float:
        known = gap(values, working)
        working.step(f"delta gap = {shown(known)} - {_NORMAL_GAP} = {shown(known - _NORMAL_GAP)} mmol/L")
        return known - _NORMAL_GAP

    return compute


def _delta_ratio(gap: Gap) -> Gap:
    def compute(values: Values, working: Working) -> float:
        known, bicarbonate = gap(values, working), values.number("bicarbonate")
        if bicarbonate == _NORMAL_BICARBONATE:
            raise NotApplicable("bicarbonate is 24 mmol/L, so the ratio would divide by zero")
        result = (known - _NORMAL_GAP) / (_NORMAL_BICARBONATE - bicarbonate)
        working.step(
            f"delta ratio = ({shown(known)} - {_NORMAL_GAP}) / ({_NORMAL_BICARBONATE} - {shown(bicarbonate)})"
            f" = {shown(result)}"
        )
        return result

    return compute


def _winters(values: Values, working: Working) -> float:
    bicarbonate = values.number("bicarbonate")
    result = 1.5 * bicarbonate + 8
    working.step(f"1.5 x {shown(bicarbonate)} + 8 = {shown(result)} mmHg, plus or minus 2")
    working.also("Expected range, low", result - 2, "mmHg")
    working.also("Expected range, high", result + 2, "mmHg")
    return result


def _gradient(values: Values, working: Working) -> float:
    oxygen, pressure = values.number("fio2") / 100, values.number("atmospheric_pressure")
    carbon, arterial, age = values.number("paco2"), values.number("pao2"), values.optional("age")
    alveolar = oxygen * (pressure - _WATER_VAPOUR) - carbon / 0.8
    working.step(
        f"alveolar oxygen = {shown(oxygen)} x ({shown(pressure)} - 47) - {shown(carbon)} / 0.8 = {shown(alveolar)} mmHg"
    )
    working.step(f"{shown(alveolar)} - {shown(arterial)} = {shown(alveolar - arterial)} mmHg")
    if age is not None:
        working.also("Expected for age", age / 4 + 4, "mmHg")
    return alveolar - arterial


CALCULATORS: Final = (
    Calculator(
        id="anion-gap@1977",
        title="Anion gap",
        category="electrolytes and acid-base",
        summary="Unmeasured anions in plasma, without potassium.",
        synonyms=("metabolic acidosis", "ag"),
        inputs=_IONS,
        compute=_gap,
        formula="Na - (Cl + HCO3)",
        unit="mmol/L",
        decimals=0,
        citations=(_EMMETT,),
        validity="The normal range depends on the laboratory; a low albumin lowers the gap.",
    ),
    Calculator(
        id="anion-gap-albumin-corrected@1998",
        title="Anion gap, corrected for albumin",
        category="electrolytes and acid-base",
        summary="Anion gap corrected for a low albumin.",
        synonyms=("metabolic acidosis", "albumin corrected anion gap", "corrected anion gap"),
        inputs=_WITH_ALBUMIN,
        compute=_corrected_gap,
        formula="Na - (Cl + HCO3) + 2.5 x (4.0 - albumin); albumin in g/dL",
        unit="mmol/L",
        decimals=1,
        citations=(_FIGGE, _EMMETT),
        validity="The normal range depends on the laboratory.",
    ),
    Calculator(
        id="delta-gap@1990",
        title="Delta gap",
        category="electrolytes and acid-base",
        summary="How far the anion gap lies above 12; a difference, not the delta ratio.",
        synonyms=("mixed acid-base disorder",),
        inputs=_IONS,
        compute=_delta_gap(_gap),
        formula="anion gap - 12",
        unit="mmol/L",
        decimals=0,
        citations=(_WRENN,),
        validity="Metabolic acidosis with a high anion gap.",
    ),
    Calculator(
        id="delta-gap-albumin-corrected@1998",
        title="Delta gap, corrected for albumin",
        category="electrolytes and acid-base",
        summary="How far the albumin-corrected anion gap lies above 12; a difference, not the delta ratio.",
        synonyms=("mixed acid-base disorder", "albumin corrected delta gap"),
        inputs=_WITH_ALBUMIN,
        compute=_delta_gap(_corrected_gap),
        formula="albumin-corrected anion gap - 12",
        unit="mmol/L",
        decimals=1,
        citations=(_WRENN, _FIGGE),
        validity="Metabolic acidosis with a high anion gap.",
    ),
    Calculator(
        id="delta-ratio@2007",
        title="Delta ratio",
        category="electrolytes and acid-base",
        summary="Rise of the anion gap in relation to the fall of bicarbonate; a ratio, not the delta gap.",
        synonyms=("delta delta", "mixed acid-base disorder"),
        inputs=_IONS,
        compute=_delta_ratio(_gap),
        formula="(anion gap - 12) / (24 - HCO3)",
        unit="",
        decimals=1,
        citations=(_RASTEGAR, _WRENN),
        validity="Metabolic acidosis with a high anion gap; a bicarbonate of 24 has no ratio.",
        valid=(Valid("bicarbonate", "< 24", "The ratio is meant for a bicarbonate below 24 mmol/L."),),
    ),
    Calculator(
        id="delta-ratio-albumin-corrected@2007",
        title="Delta ratio, corrected for albumin",
        category="electrolytes and acid-base",
        summary="Rise of the albumin-corrected anion gap in relation to the fall of bicarbonate.",
        synonyms=("delta delta", "mixed acid-base disorder", "albumin corrected delta ratio"),
        inputs=_WITH_ALBUMIN,
        compute=_delta_ratio(_corrected_gap),
        formula="(albumin-corrected anion gap - 12) / (24 - HCO3)",
        unit="",
        decimals=1,
        citations=(_RASTEGAR, _FIGGE),
        validity="Metabolic acidosis with a high anion gap; a bicarbonate of 24 has no ratio.",
        valid=(Valid("bicarbonate", "< 24", "The ratio is meant for a bicarbonate below 24 mmol/L."),),
    ),
    Calculator(
        id="winters-formula@1967",
        title="Winters' formula",
        category="electrolytes and acid-base",
        summary="Carbon dioxide pressure that is expected in metabolic acidosis.",
        synonyms=("winters", "expected pco2", "respiratory compensation"),
        inputs=(quantity(m.BICARBONATE),),
        compute=_winters,
        formula="expected PaCO2 = 1.5 x HCO3 + 8, plus or minus 2",
        unit="mmHg",
        decimals=1,
        citations=(
            Citation("Albert MS et al. Quantitative displacement of acid-base equilibrium in metabolic acidosis. Ann"
                     " Intern Med 1967;66:312-22", "10.7326/0003-4819-66-2-312"),
        ),
        validity="Metabolic acidosis.",
        valid=(Valid("bicarbonate", "<= 22", "The formula is meant for metabolic acidosis, a bicarbonate up to 22."),),
    ),
    Calculator(
        id="aa-gradient@1966",
        title="Alveolar-arterial oxygen gradient",
        category="lung",
        summary="Difference of oxygen pressure between alveoli and arterial blood.",
        synonyms=("a-a gradient", "alveolar arterial gradient", "hypoxaemia", "hypoxemia"),
        inputs=(
            quantity(m.FIO2),
            quantity(m.PAO2),
            quantity(m.PACO2),
            quantity(m.ATMOSPHERIC_PRESSURE, description="At the place of measurement; 760 mmHg (1 atm) at sea level."),
            quantity(m.AGE, description="For the expected gradient; may be left out.", required=False),
        ),
        compute=_gradient,
        formula="FiO2 x (Patm - 47) - PaCO2 / 0.8 - PaO2; expected for age: age / 4 + 4",
        unit="mmHg",
        decimals=0,
        citations=(
            Citation("Mellemgaard K. The alveolar-arterial oxygen difference: its size and components in normal man. "
                     "Acta Physiol Scand 1966;67:10-20", "10.1111/j.1748-1716.1966.tb03281.x"),
        ),
        validity="Steady state; the expected gradient is for room air.",
    ),
)  # fmt: skip

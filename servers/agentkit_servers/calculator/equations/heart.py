"""Circulation: mean arterial pressure and the QT interval corrected for heart rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from agentkit_servers.calculator.core import Calculator, Citation, Valid, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import shown

Correction = Callable[[float, float], float]
"""From QT in ms and heart rate per minute to the corrected QT in ms."""


def _mean_pressure(values: Values, working: Working) -> float:
    systolic, diastolic = values.number("sbp"), values.number("dbp")
    result = (systolic + 2 * diastolic) / 3
    working.step(f"({shown(systolic)} + 2 x {shown(diastolic)}) / 3 = {shown(result)} mmHg")
    return result


def _corrected(
    identity: str,
    name: str,
    formula: str,
    correction: Correction,
    citation: Citation,
    valid: tuple[Valid, ...] = (),
) -> Calculator:
    def compute(values: Values, working: Working) -> float:
        qt, rate = values.number("qt"), values.number("heart_rate")
        result = correction(qt, rate)
        working.step(f"RR = 60 / {shown(rate)} = {shown(60 / rate)} s")
        working.step(f"{formula} with QT {shown(qt)} ms = {shown(result)} ms")
        return result

    return Calculator(
        id=identity,
        title=f"QTc ({name})",
        category="cardiovascular",
        summary="QT interval corrected for heart rate.",
        synonyms=("qt interval", "corrected qt", "long qt", name.lower()),
        inputs=(quantity(m.QT), quantity(m.HEART_RATE)),
        compute=compute,
        formula=f"{formula}; RR = 60 / heart rate [s], QT in ms",
        unit="ms",
        decimals=0,
        citations=(citation,),
        validity="Sinus rhythm with a narrow QRS complex.",
        valid=valid,
    )


CALCULATORS: Final = (
    Calculator(
        id="mean-arterial-pressure@1",
        title="Mean arterial pressure (MAP)",
        category="cardiovascular",
        summary="Mean of the blood pressure over a heart beat.",
        synonyms=("map", "blood pressure"),
        inputs=(quantity(m.SBP), quantity(m.DBP)),
        compute=_mean_pressure,
        formula="MAP = (systolic + 2 x diastolic) / 3",
        unit="mmHg",
        decimals=0,
        citations=(Citation("DeMers D, Wachs D. Physiology, mean arterial pressure. StatPearls, NBK538226"),),
        validity="Resting heart rates; at high rates the mean lies higher.",
    ),
    _corrected(
        "qtc-bazett@1920", "Bazett", "QTc = QT / sqrt(RR)",
        lambda qt, rate: qt / (60 / rate) ** 0.5,
        Citation("Bazett HC. An analysis of the time-relations of electrocardiograms. Heart 1920;7:353-70, reprinted in"
                 " Ann Noninvasive Electrocardiol 1997;2:177-94", "10.1111/j.1542-474X.1997.tb00325.x"),
        (Valid("heart_rate", ">= 60", "Bazett's correction is too low below 60 beats per minute."),
         Valid("heart_rate", "<= 100", "Bazett's correction is too high above 100 beats per minute.")),
    ),
    _corrected(
        "qtc-fridericia@1920", "Fridericia", "QTc = QT / RR^(1/3)",
        lambda qt, rate: qt / (60 / rate) ** (1 / 3),
        Citation("Fridericia LS. Die Systolendauer im Elektrokardiogramm bei normalen Menschen und bei Herzkranken."
                 " Acta Med Scand 1920;53:469-86", "10.1111/j.0954-6820.1920.tb18266.x"),
    ),
    _corrected(
        "qtc-framingham@1992", "Framingham", "QTc = QT + 154 x (1 - RR)",
        lambda qt, rate: qt + 154 * (1 - 60 / rate),
        Citation("Sagie A et al. An improved method for adjusting the QT interval for heart rate (the Framingham Heart"
                 " Study). Am J Cardiol 1992;70:797-801", "10.1016/0002-9149(92)90562-D"),
    ),
    _corrected(
        "qtc-hodges@1983", "Hodges", "QTc = QT + 1.75 x (heart rate - 60)",
        lambda qt, rate: qt + 1.75 * (rate - 60),
        Citation("Hodges M et al. Bazett's QT correction reviewed: evidence that a linear QT correction for heart rate"
                 " is better. J Am Coll Cardiol 1983;1:694 (abstract)"),
    ),
    _corrected(
        "qtc-rautaharju@2002", "Rautaharju", "QTc = QT x (120 + heart rate) / 180",
        lambda qt, rate: qt * (120 + rate) / 180,
        Citation("Rautaharju PM, Zhang ZM. Linearly scaled, rate-invariant normal limits for QT interval. J Cardiovasc"
                 " Electrophysiol 2002;13:1211-8", "10.1046/j.1540-8167.2002.01211.x"),
    ),
)  # fmt: skip

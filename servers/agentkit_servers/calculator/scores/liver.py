"""Upper gastrointestinal bleeding and cirrhosis: Glasgow-Blatchford and Child-Pugh."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import SEX, Bands, Citation, Values, graded, pick, quantity, rule, score, yes_no
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import points_of, probes
from agentkit_servers.calculator.scores.items import met

_HEMOGLOBIN_MEN: Final = (("< 10", 6), ("< 12", 3), ("< 13", 1))
_HEMOGLOBIN_WOMEN: Final = (("< 10", 6), ("< 12", 1))


def _hemoglobin(values: Values) -> float:
    return points_of(_HEMOGLOBIN_WOMEN if values.female else _HEMOGLOBIN_MEN, values.number("hemoglobin"))


GLASGOW_BLATCHFORD: Final = score(
    id="glasgow-blatchford@2000",
    title="Glasgow-Blatchford bleeding score",
    category="gastroenterology",
    summary="Need for intervention in upper gastrointestinal bleeding, before endoscopy.",
    synonyms=("GBS", "Blatchford", "upper GI bleeding", "haematemesis", "melaena"),
    items=(
        graded(m.UREA_NITROGEN, (("> 70", 6), (">= 28", 4), (">= 22.4", 3), (">= 18.2", 2))),
        rule(
            "hemoglobin",
            "Haemoglobin",
            (quantity(m.HEMOGLOBIN), SEX),
            _hemoglobin,
            "men < 13 g/dL 1, < 12 3, < 10 6; women < 12 1, < 10 6",
            probes={"hemoglobin": tuple(probes(_HEMOGLOBIN_MEN))},
        ),
        graded(m.SBP, (("< 90", 3), ("< 100", 2), ("< 110", 1))),
        met(m.HEART_RATE, ">= 100", 1, "Heart rate >= 100/min"),
        yes_no("melena", 1, "Melaena", synonyms=("melaena",)),
        yes_no("syncope", 2, "Presentation with syncope"),
        yes_no("liver_disease", 2, "Liver disease", "Known, or clinical or laboratory evidence of it."),
        yes_no("heart_failure", 2, "Heart failure", "Known, or clinical or echocardiographic evidence of it."),
    ),
    citations=(
        Citation("Blatchford O, Murray WR, Blatchford M. Lancet 2000;356:1318-1321.", "10.1016/S0140-6736(00)02816-6"),
        Citation("Stanley AJ, Laine L, Dalton HR, et al. BMJ 2017;356:i6432.", "10.1136/bmj.i6432"),
    ),
    validity="Adults with acute upper gastrointestinal bleeding.",
    bands=Bands("Stanley 2017", (("<= 1", "very low risk"), ("else", "not very low risk"))),
)

CHILD_PUGH: Final = score(
    id="child-pugh@1973",
    title="Child-Pugh score",
    category="liver",
    summary="Severity of liver cirrhosis.",
    synonyms=("Child-Turcotte-Pugh", "CTP", "cirrhosis", "liver failure"),
    items=(
        graded(m.BILIRUBIN, (("< 2", 1), ("<= 3", 2), ("else", 3)), normal=1),
        graded(m.ALBUMIN, (("> 3.5", 1), (">= 2.8", 2), ("else", 3)), normal=1),
        graded(m.INR, (("< 1.7", 1), ("<= 2.3", 2), ("else", 3)), normal=1),
        pick(
            "ascites",
            "Ascites",
            {"none": (1, "none"), "slight": (2, "slight"), "moderate": (3, "moderate or severe")},
            normal="none",
            spellings={"no": "none", "absent": "none", "mild": "slight", "severe": "moderate"}
            | {"moderate to severe": "moderate"},
        ),
        pick(
            "encephalopathy",
            "Hepatic encephalopathy",
            {"none": (1, "none"), "1-2": (2, "grade 1 or 2"), "3-4": (3, "grade 3 or 4")},
            "By West Haven grade.",
            normal="none",
            spellings={"no": "none", "absent": "none", "0": "none", "1": "1-2", "2": "1-2", "3": "3-4", "4": "3-4"}
            | {"grade 1-2": "1-2", "grade 3-4": "3-4", "grade 1": "1-2", "grade 2": "1-2"}
            | {"grade 3": "3-4", "grade 4": "3-4"},
        ),
    ),
    citations=(
        Citation("Pugh RNH, Murray-Lyon IM, Dawson JL, et al. Br J Surg 1973;60:646-649.", "10.1002/bjs.1800600817"),
    ),
    validity="Cirrhosis; not for primary biliary cholangitis, which has other bilirubin limits.",
    bands=Bands("Pugh 1973", (("<= 6", "class A"), ("<= 9", "class B"), ("else", "class C"))),
)

CALCULATORS: Final = (GLASGOW_BLATCHFORD, CHILD_PUGH)

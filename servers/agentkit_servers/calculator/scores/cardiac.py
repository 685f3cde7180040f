"""Scores of the heart: CHA2DS2-VASc, HAS-BLED, HEART and RCRI."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import (
    SEX,
    Bands,
    Citation,
    Values,
    YesNo,
    graded,
    pick,
    rule,
    score,
    yes_no,
)
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.scores.items import ADULTS, DRINKS, TROPONIN_RATIO, excluded, holds, met

CHA2DS2_VASC: Final = score(
    id="cha2ds2-vasc@2010",
    title="CHA2DS2-VASc score",
    category="cardiovascular",
    summary="Risk of stroke and thromboembolism in atrial fibrillation.",
    synonyms=("stroke risk", "atrial fibrillation", "AF", "AFib", "CHADS-VASc", "CHADS2"),
    items=(
        yes_no("heart_failure", 1, "Congestive heart failure or left ventricular dysfunction"),
        yes_no("hypertension", 1, "Hypertension", "History of hypertension, treated or not."),
        graded(m.AGE, ((">= 75", 2), (">= 65", 1))),
        yes_no("diabetes", 1, "Diabetes mellitus"),
        yes_no("stroke", 2, "Stroke, TIA or thromboembolism", "Previous stroke, TIA or systemic thromboembolism."),
        yes_no(
            "vascular_disease",
            1,
            "Vascular disease",
            "Previous myocardial infarction, peripheral artery disease or aortic plaque.",
        ),
        rule("sex", "Sex", (SEX,), lambda v: 1 if v.female else 0, "female 1", normal=None),
    ),
    citations=(
        Citation("Lip GYH, Nieuwlaat R, Pisters R, et al. Chest 2010;137:263-272.", "10.1378/chest.09-1584"),
        Citation("Hindricks G, et al. 2020 ESC guideline. Eur Heart J 2021;42:373-498.", "10.1093/eurheartj/ehaa612"),
    ),
    validity=(
        "Adults with atrial fibrillation without mechanical valve or moderate to severe mitral stenosis."
        " The 2024 ESC guideline uses CHA2DS2-VA, the same table without sex."
    ),
    valid=(ADULTS,),
    bands=Bands("Lip 2010 (points 0, 1, 2 and more)", ((">= 2", "high"), ("= 1", "intermediate"), ("else", "low"))),
)

HAS_BLED: Final = score(
    id="has-bled@2010",
    title="HAS-BLED score",
    category="cardiovascular",
    summary="One-year risk of major bleeding under anticoagulation in atrial fibrillation.",
    synonyms=("bleeding risk", "anticoagulation", "atrial fibrillation", "HASBLED"),
    items=(
        met(m.SBP, "> 160", 1, "Uncontrolled hypertension: systolic pressure > 160 mmHg"),
        yes_no(
            "abnormal_renal_function",
            1,
            "Abnormal renal function",
            "Chronic dialysis, renal transplantation or serum creatinine >= 200 umol/L (2.26 mg/dL).",
        ),
        yes_no(
            "abnormal_liver_function",
            1,
            "Abnormal liver function",
            "Cirrhosis, or bilirubin > 2 times and AST, ALT or AP > 3 times the upper limit of normal.",
        ),
        yes_no("stroke", 1, "Stroke", "Previous stroke."),
        yes_no("bleeding", 1, "Bleeding", "Previous major bleeding or predisposition (bleeding diathesis, anaemia)."),
        yes_no(
            "labile_inr",
            1,
            "Labile INR",
            "Unstable or high INR, or time in therapeutic range < 60 %; no without a vitamin K antagonist.",
        ),
        met(m.AGE, "> 65", 1, "Elderly: age > 65"),
        yes_no("drugs", 1, "Drugs", "Antiplatelet agents or non-steroidal anti-inflammatory drugs."),
        met(DRINKS, ">= 8", 1, "Alcohol: 8 drinks a week or more"),
    ),
    citations=(Citation("Pisters R, Lane DA, Nieuwlaat R, et al. Chest 2010;138:1093-1100.", "10.1378/chest.10-0134"),),
    validity="Adults with atrial fibrillation, with or before anticoagulation.",
    valid=(ADULTS,),
    bands=Bands("Pisters 2010 (high from 3)", ((">= 3", "high"), ("else", "low to moderate"))),
)

_RISK_FACTORS: Final = (
    YesNo(name="hypertension", title="Hypertension"),
    YesNo(name="hypercholesterolaemia", title="Hypercholesterolaemia", synonyms=("hypercholesterolemia",)),
    YesNo(name="diabetes", title="Diabetes mellitus"),
    YesNo(name="obesity", title="Obesity", description="BMI > 30 kg/m2."),
    YesNo(name="smoking", title="Smoking", description="Current, or stopped at most one month ago."),
    YesNo(name="family_history", title="Family history of coronary artery disease"),
)
_ATHEROSCLEROSIS: Final = YesNo(
    name="atherosclerotic_disease",
    title="Known atherosclerotic disease",
    description="Coronary revascularisation, myocardial infarction, stroke or peripheral arterial disease.",
)


def _heart_risk(values: Values) -> float:
    # First of all, so that a few other risk factors do not hide it (clinical reference 3.7).
    if values.yes(_ATHEROSCLEROSIS.name):
        return 2
    count = sum(values.yes(one.name) for one in _RISK_FACTORS)
    return 2 if count >= 3 else 1 if count >= 1 else 0


HEART: Final = score(
    id="heart@2008",
    title="HEART score",
    category="cardiovascular",
    summary="Risk of a major adverse cardiac event within six weeks in chest pain.",
    synonyms=("chest pain", "MACE", "acute coronary syndrome", "troponin"),
    items=(
        pick(
            "history",
            "History",
            {
                "slightly": (0, "slightly suspicious"),
                "moderately": (1, "moderately suspicious"),
                "highly": (2, "highly suspicious"),
            },
            "How suspicious of an acute coronary syndrome the history is.",
            normal="slightly",
            spellings={"slightly suspicious": "slightly", "moderately suspicious": "moderately"}
            | {"highly suspicious": "highly", "0": "slightly", "1": "moderately", "2": "highly"},
        ),
        pick(
            "ecg",
            "ECG",
            {
                "normal": (0, "normal"),
                "nonspecific": (1, "nonspecific repolarisation disturbance, bundle branch block or pacemaker rhythm"),
                "st-deviation": (2, "significant ST deviation"),
            },
            normal="normal",
            spellings={"0": "normal", "1": "nonspecific", "2": "st-deviation", "st deviation": "st-deviation"}
            | {"significant st deviation": "st-deviation", "nonspecific repolarisation disturbance": "nonspecific"},
        ),
        graded(m.AGE, ((">= 65", 2), (">= 45", 1))),
        rule(
            "risk_factors",
            "Risk factors",
            (_ATHEROSCLEROSIS, *_RISK_FACTORS),
            _heart_risk,
            "1 or 2 risk factors 1, 3 or more or known atherosclerotic disease 2",
        ),
        rule(
            "troponin",
            TROPONIN_RATIO.title,
            (excluded(TROPONIN_RATIO, "> 1"),),
            lambda v: 2 if holds(v, "troponin_ratio", "> 3") else 1 if holds(v, "troponin_ratio", "> 1") else 0,
            "> 1 to 3 times 1, > 3 times 2",
            probes={"troponin_ratio": (0.5, 2.0, 4.0)},
        ),
    ),
    citations=(
        Citation("Six AJ, Backus BE, Kelder JC. Neth Heart J 2008;16:191-196.", "10.1007/BF03086144"),
        Citation(
            "Backus BE, Six AJ, Kelder JC, et al. Int J Cardiol 2013;168:2153-2158.", "10.1016/j.ijcard.2013.01.255"
        ),
    ),
    validity="Adults with chest pain in the emergency department; not with ST-elevation infarction or in shock.",
    valid=(ADULTS,),
    bands=Bands(
        "Backus 2013 (observed events within six weeks 1.7 %, 16.6 %, 50.1 %)",
        (("<= 3", "low"), ("<= 6", "intermediate"), ("else", "high")),
    ),
)

_LEE_CLASSES: Final = ((">= 3", "class IV"), ("= 2", "class III"), ("= 1", "class II"), ("else", "class I"))


RCRI: Final = score(
    id="rcri@1999",
    title="Revised Cardiac Risk Index (Lee)",
    category="cardiovascular",
    summary="Risk of major cardiac complications of major noncardiac surgery.",
    synonyms=("Lee index", "perioperative cardiac risk", "preoperative", "noncardiac surgery"),
    items=(
        yes_no(
            "high_risk_surgery", 1, "High-risk surgery", "Intraperitoneal, intrathoracic or suprainguinal vascular."
        ),
        yes_no(
            "ischaemic_heart_disease",
            1,
            "Ischaemic heart disease",
            "Myocardial infarction, positive exercise test, current angina, nitrate therapy or pathological Q waves.",
            synonyms=("ischemic_heart_disease",),
        ),
        yes_no("heart_failure", 1, "History of congestive heart failure"),
        yes_no("cerebrovascular_disease", 1, "Cerebrovascular disease", "History of stroke or TIA."),
        yes_no("insulin", 1, "Insulin therapy", "Insulin for diabetes before the operation."),
        met(m.CREATININE, "> 2", 1, "Creatinine > 2 mg/dL"),
    ),
    citations=(
        Citation(
            "Lee TH, Marcantonio ER, Mangione CM, et al. Circulation 1999;100:1043-1049.", "10.1161/01.CIR.100.10.1043"
        ),
    ),
    validity="Adults of 50 years and more with elective major noncardiac surgery.",
    bands=Bands("Lee 1999 (classes I to IV: 0.4 %, 0.9 %, 6.6 %, 11.0 % in the validation cohort)", _LEE_CLASSES),
)

CALCULATORS: Final = (CHA2DS2_VASC, HAS_BLED, HEART, RCRI)

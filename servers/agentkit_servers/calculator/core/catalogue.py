"""What calculators measure: unit of the formulas, conversions, plausible ranges (clinical reference 3.2 and 3.3)."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core.measures import Bridge, Measure

_CHOLESTEROL: Final = (Bridge("mmol/L", "mg/dL", "x 38.67"),)
_CHARGE: Final = (Bridge("mEq/L", "mmol/L", "x 1"),)


def _lipid(name: str, title: str, sample: str, low: float, high: float, *synonyms: str) -> Measure:
    return Measure(
        name=name, title=title, sample=sample, unit="mg/dL", us="mg/dL", si="mmol/L",
        plausible=(low, high), bridges=_CHOLESTEROL, synonyms=synonyms,
    )  # fmt: skip


def _ion(name: str, title: str, sample: str, low: float, high: float, *synonyms: str) -> Measure:
    return Measure(
        name=name, title=title, sample=sample, unit="mmol/L", us="mEq/L", si="mmol/L",
        plausible=(low, high), bridges=_CHARGE, synonyms=synonyms,
    )  # fmt: skip


def _pressure(name: str, title: str, sample: str, low: float, high: float, *synonyms: str) -> Measure:
    return Measure(
        name=name, title=title, sample=sample, unit="mmHg", us="mmHg", si="mmHg",
        plausible=(low, high), synonyms=synonyms,
    )  # fmt: skip


# --- The person -------------------------------------------------------------------------------------------------------
AGE: Final = Measure(
    name="age", sample="61 a", title="Age", unit="a", us="a", si="a", plausible=(0, 130), completed=True,
    assumable=False, synonyms=("age_years",),
)  # fmt: skip
HEIGHT: Final = Measure(
    name="height", sample="175 cm", title="Height", unit="cm", us="in", si="cm", plausible=(20, 272), assumable=False,
    synonyms=("body_height", "length"),
)  # fmt: skip
WEIGHT: Final = Measure(
    name="weight", sample="70 kg", title="Weight", unit="kg", us="lb", si="kg", plausible=(0.2, 650), assumable=False,
    synonyms=("body_weight", "mass"),
)  # fmt: skip
BMI: Final = Measure(
    name="bmi", sample="27 kg/m2", title="Body mass index", unit="kg/m2", us="kg/m2", si="kg/m2", plausible=(5, 150),
    synonyms=("body_mass_index",),
)  # fmt: skip

# --- Vital signs ------------------------------------------------------------------------------------------------------
TEMPERATURE: Final = Measure(
    name="temperature", sample="37.8 Cel", title="Body temperature", unit="Cel", us="[degF]", si="Cel",
    plausible=(13, 47), synonyms=("temp", "body_temperature"),
)  # fmt: skip
HEART_RATE: Final = Measure(
    name="heart_rate", sample="88 /min", title="Heart rate", unit="/min", us="/min", si="/min", plausible=(10, 350),
    synonyms=("pulse", "hr"),
)  # fmt: skip
RESPIRATORY_RATE: Final = Measure(
    name="respiratory_rate", sample="18 /min", title="Respiratory rate", unit="/min", us="/min", si="/min",
    plausible=(2, 120), synonyms=("respiration", "rr", "respiration_rate"),
)  # fmt: skip
SBP: Final = _pressure("sbp", "Systolic blood pressure", "128 mmHg", 20, 350, "systolic", "systolic_blood_pressure")
DBP: Final = _pressure("dbp", "Diastolic blood pressure", "76 mmHg", 5, 250, "diastolic", "diastolic_blood_pressure")
MAP: Final = _pressure("map", "Mean arterial pressure", "85 mmHg", 10, 285, "mean_arterial_pressure")
SPO2: Final = Measure(
    name="spo2", sample="96 %", title="Oxygen saturation", unit="%", plausible=(20, 100), unit_always=True,
    synonyms=("oxygen_saturation", "sao2", "o2_sat"),
)  # fmt: skip
FIO2: Final = Measure(
    name="fio2", sample="40 %", title="Inspired oxygen fraction", unit="%", plausible=(21, 100), unit_always=True,
    synonyms=("inspired_oxygen",),
)  # fmt: skip
QT: Final = Measure(
    name="qt", sample="400 ms", title="QT interval", unit="ms", us="ms", si="ms", plausible=(150, 800),
    synonyms=("qt_interval",),
)  # fmt: skip
URINE_OUTPUT: Final = Measure(
    name="urine_output", sample="1500 mL/d", title="Urine output", unit="mL/d", us="mL/d", si="mL/d",
    plausible=(0, 20000),
)  # fmt: skip

# --- Kidney and electrolytes ------------------------------------------------------------------------------------------
CREATININE: Final = Measure(
    name="creatinine", sample="97 umol/L", title="Serum creatinine", unit="mg/dL", us="mg/dL", si="umol/L",
    plausible=(0.1, 40), bridges=(Bridge("umol/L", "mg/dL", "/ 88.42"),), synonyms=("serum_creatinine", "cr", "scr"),
)  # fmt: skip
UREA_NITROGEN: Final = Measure(
    name="urea_nitrogen", sample="18 mg/dL", title="Blood urea nitrogen", unit="mg/dL", us="mg/dL", si="mmol/L",
    plausible=(1, 300), bridges=(Bridge("mmol/L", "mg/dL", "/ 0.357"),), synonyms=("bun", "blood_urea_nitrogen"),
)  # fmt: skip
EGFR: Final = Measure(
    name="egfr", sample="75 mL/min/1.73 m2", title="Estimated glomerular filtration rate", unit="mL/min/1.73 m2",
    us="mL/min/1.73 m2", si="mL/min/1.73 m2", plausible=(1, 250), synonyms=("gfr",),
)  # fmt: skip
CYSTATIN_C: Final = Measure(
    name="cystatin_c", sample="1.1 mg/L", title="Cystatin C", unit="mg/L", us="mg/L", si="mg/L", plausible=(0.2, 12),
    synonyms=("cystatin",),
)  # fmt: skip
SODIUM: Final = _ion("sodium", "Sodium", "138 mmol/L", 80, 220, "na", "serum_sodium")
POTASSIUM: Final = _ion("potassium", "Potassium", "4.2 mmol/L", 0.8, 14, "k", "serum_potassium")
CHLORIDE: Final = _ion("chloride", "Chloride", "102 mmol/L", 50, 170, "cl")
BICARBONATE: Final = _ion("bicarbonate", "Bicarbonate", "22 mmol/L", 1, 70, "hco3", "bicarb", "total_co2")
CALCIUM: Final = Measure(
    name="calcium", sample="2.3 mmol/L", title="Total calcium", unit="mg/dL", us="mg/dL", si="mmol/L",
    plausible=(2, 25), bridges=(Bridge("mmol/L", "mg/dL", "x 4.008"), Bridge("mEq/L", "mg/dL", "x 2.004")),
    synonyms=("ca",),
)  # fmt: skip
MAGNESIUM: Final = Measure(
    name="magnesium", sample="0.85 mmol/L", title="Magnesium", unit="mg/dL", us="mg/dL", si="mmol/L",
    plausible=(0.1, 20), bridges=(Bridge("mmol/L", "mg/dL", "x 2.431"),),
)  # fmt: skip
PHOSPHATE: Final = Measure(
    name="phosphate", sample="1.1 mmol/L", title="Phosphate", unit="mg/dL", us="mg/dL", si="mmol/L",
    plausible=(0.1, 30), bridges=(Bridge("mmol/L", "mg/dL", "x 3.097"),),
)  # fmt: skip
URIC_ACID: Final = Measure(
    name="uric_acid", sample="320 umol/L", title="Uric acid", unit="mg/dL", us="mg/dL", si="umol/L",
    plausible=(0.1, 50), bridges=(Bridge("umol/L", "mg/dL", "/ 59.48"),), synonyms=("urate",),
)  # fmt: skip
PH: Final = Measure(
    name="ph", sample="7.38", title="Arterial pH", unit="1", plausible=(6.5, 8.0), synonyms=("arterial_ph",),
)  # fmt: skip
PAO2: Final = Measure(
    name="pao2", sample="80 mmHg", title="Arterial oxygen pressure", unit="mmHg", us="mmHg", si="kPa",
    plausible=(10, 700), synonyms=("po2",),
)  # fmt: skip
PACO2: Final = Measure(
    name="paco2", sample="40 mmHg", title="Arterial carbon dioxide pressure", unit="mmHg", us="mmHg", si="kPa",
    plausible=(5, 200), synonyms=("pco2",),
)  # fmt: skip
LACTATE: Final = Measure(
    name="lactate", sample="1.6 mmol/L", title="Lactate", unit="mmol/L", us="mmol/L", si="mmol/L", plausible=(0.1, 40),
    bridges=(Bridge("mg/dL", "mmol/L", "/ 9.01"),),
)  # fmt: skip

URINE_SODIUM: Final = _ion("urine_sodium", "Urine sodium", "35 mmol/L", 1, 400)
URINE_CREATININE: Final = Measure(
    name="urine_creatinine", sample="90 mg/dL", title="Urine creatinine", unit="mg/dL", us="mg/dL", si="umol/L",
    plausible=(1, 1000), bridges=(Bridge("umol/L", "mg/dL", "/ 88.42"),),
)  # fmt: skip
ATMOSPHERIC_PRESSURE: Final = _pressure("atmospheric_pressure", "Atmospheric pressure", "760 mmHg", 230, 830, "patm")

# --- Liver and proteins -----------------------------------------------------------------------------------------------
ALBUMIN: Final = Measure(
    name="albumin", sample="38 g/L", title="Serum albumin", unit="g/dL", us="g/dL", si="g/L", plausible=(0.3, 8),
    synonyms=("serum_albumin",),
)  # fmt: skip
BILIRUBIN: Final = Measure(
    name="bilirubin", sample="20 umol/L", title="Total bilirubin", unit="mg/dL", us="mg/dL", si="umol/L",
    plausible=(0.05, 80), bridges=(Bridge("umol/L", "mg/dL", "/ 17.10"),), synonyms=("total_bilirubin",),
)  # fmt: skip
INR: Final = Measure(
    name="inr", sample="1.2", title="INR", unit="1", plausible=(0.5, 25),
    synonyms=("international_normalized_ratio", "pt_inr"),
)  # fmt: skip
AST: Final = Measure(
    name="ast", sample="45 U/L", title="AST", unit="U/L", us="U/L", si="U/L", plausible=(1, 30000),
    synonyms=("aspartate_aminotransferase",),
)  # fmt: skip
ALT: Final = Measure(
    name="alt", sample="40 U/L", title="ALT", unit="U/L", us="U/L", si="U/L", plausible=(1, 30000),
    synonyms=("alanine_aminotransferase",),
)  # fmt: skip
CRP: Final = Measure(
    name="crp", sample="12 mg/L", title="C-reactive protein", unit="mg/L", us="mg/L", si="mg/L", plausible=(0.01, 1000),
    synonyms=("c_reactive_protein",),
)  # fmt: skip

# --- Blood ------------------------------------------------------------------------------------------------------------
PLATELETS: Final = Measure(
    name="platelets", sample="210 10*9/L", title="Platelet count", unit="10*9/L", us="10*3/uL", si="10*9/L",
    plausible=(1, 5000), per_volume=True, synonyms=("platelet_count", "plt"),
)  # fmt: skip
WBC: Final = Measure(
    name="wbc", sample="9.5 10*9/L", title="White blood cell count", unit="10*9/L", us="10*3/uL", si="10*9/L",
    plausible=(0.05, 1000), per_volume=True, synonyms=("white_blood_cells", "leukocytes", "white_cell_count"),
)  # fmt: skip
HEMOGLOBIN: Final = Measure(
    name="hemoglobin", sample="13.2 g/dL", title="Haemoglobin", unit="g/dL", us="g/dL", si="g/L", plausible=(1, 27),
    bridges=(Bridge("mmol/L", "g/dL", "x 1.611"),), synonyms=("haemoglobin", "hb", "hgb"),
)  # fmt: skip
HEMATOCRIT: Final = Measure(
    name="hematocrit", sample="40 %", title="Haematocrit", unit="%", us="%", si="%", plausible=(3, 80),
    synonyms=("haematocrit", "hct"),
)  # fmt: skip
D_DIMER: Final = Measure(
    name="d_dimer", sample="450 ng/mL", title="D-dimer in fibrinogen equivalent units", unit="ng/mL", us="ng/mL",
    si="ug/L", plausible=(1, 500000), bridges=(Bridge("ng/mL DDU", "ng/mL", "x 2"),), synonyms=("d-dimer",),
)  # fmt: skip

# --- Metabolism -------------------------------------------------------------------------------------------------------
GLUCOSE: Final = Measure(
    name="glucose", sample="5.6 mmol/L", title="Glucose", unit="mg/dL", us="mg/dL", si="mmol/L", plausible=(5, 2500),
    bridges=(Bridge("mmol/L", "mg/dL", "x 18.016"),), synonyms=("blood_glucose", "blood_sugar"),
)  # fmt: skip
INSULIN: Final = Measure(
    name="insulin", sample="9 uU/mL", title="Fasting insulin", unit="uU/mL", us="uU/mL", si="pmol/L",
    plausible=(0.1, 1000), bridges=(Bridge("pmol/L", "uU/mL", "/ 6.0"),), synonyms=("fasting_insulin",),
)  # fmt: skip
HBA1C: Final = Measure(
    name="hba1c", sample="6.4 %", title="HbA1c", unit="%", us="%", si="mmol/mol", plausible=(3, 20),
    bridges=(Bridge("mmol/mol", "%", "x 0.09148", plus="2.152"),), synonyms=("a1c", "hemoglobin_a1c"),
)  # fmt: skip
TOTAL_CHOLESTEROL: Final = _lipid("total_cholesterol", "Total cholesterol", "200 mg/dL", 20, 1200, "cholesterol", "tc")
HDL: Final = _lipid("hdl", "HDL cholesterol", "45 mg/dL", 2, 250, "hdl_cholesterol", "hdl_c")
LDL: Final = _lipid("ldl", "LDL cholesterol", "120 mg/dL", 2, 1000, "ldl_cholesterol", "ldl_c")
TRIGLYCERIDES: Final = Measure(
    name="triglycerides", sample="150 mg/dL", title="Triglycerides", unit="mg/dL", us="mg/dL", si="mmol/L",
    plausible=(10, 20000), bridges=(Bridge("mmol/L", "mg/dL", "x 88.57"),), synonyms=("triglyceride", "tg"),
)  # fmt: skip

# --- Medicines --------------------------------------------------------------------------------------------------------
DOSE_MG: Final = Measure(
    name="dose", sample="10 mg", title="Dose", unit="mg", us="mg", si="mg", plausible=(0.001, 20000),
)  # fmt: skip
DOSE_UG: Final = Measure(name="dose", sample="100 ug", title="Dose", unit="ug", us="ug", si="ug", plausible=(1, 20000))
PATCH_RATE: Final = Measure(
    name="patch", sample="25 ug/h", title="Patch", unit="ug/h", us="ug/h", si="ug/h", plausible=(1, 1000),
)  # fmt: skip
PER_DAY: Final = Measure(
    name="doses_per_day", sample="3 /d", title="Doses per day", unit="/d", us="/d", si="/d", plausible=(0.01, 48),
    unit_in_name=True,
)  # fmt: skip
DOSE_PER_WEIGHT: Final = Measure(
    name="dose_per_weight", sample="15 mg/kg", title="Dose per kilogram", unit="mg/kg", us="mg/kg", si="mg/kg",
    plausible=(0.0001, 1000), synonyms=("dose_per_kg", "mg_per_kg"),
)  # fmt: skip
VASOPRESSOR: Final = Measure(
    name="vasopressor", sample="0.1 ug/kg/min", title="Vasopressor rate", unit="ug/kg/min", us="ug/kg/min",
    si="ug/kg/min", plausible=(0, 100),
)  # fmt: skip
"""Pass it with a name of its own: `quantity(VASOPRESSOR, "dopamine", "Dopamine")`; 0 is none."""

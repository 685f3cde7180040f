"""Medical codes that Corti predicts for a text (REST-12).

The codes that belong to an interaction are open to few customers, and not part of this client.
"""

from __future__ import annotations

from enum import StrEnum

from agentkit.models.rest import RestModel, UsageInfo


class CodingSystem(StrEnum):
    """The coding systems known today; others are sent as they are."""

    ICD10CM_INPATIENT = "icd10cm-inpatient"
    ICD10CM_OUTPATIENT = "icd10cm-outpatient"
    ICD10PCS = "icd10pcs"
    CPT = "cpt"
    ICD10INT_INPATIENT = "icd10int-inpatient"
    ICD10INT_OUTPATIENT = "icd10int-outpatient"
    ICD10UK_INPATIENT = "icd10uk-inpatient"
    ICD10UK_OUTPATIENT = "icd10uk-outpatient"
    CIM10FR_INPATIENT = "cim10fr-inpatient"
    CIM10FR_OUTPATIENT = "cim10fr-outpatient"
    ICD10GM_INPATIENT = "icd10gm-inpatient"
    ICD10GM_OUTPATIENT = "icd10gm-outpatient"
    OPCS4 = "opcs4"
    OPS = "ops"
    CCAM = "ccam"
    SNOMEDCT_INT = "snomedctint"
    SNOMEDCT_DE = "snomedctde"
    SNOMEDCT_FR = "snomedctfr"
    SNOMEDCT_UK = "snomedctuk"
    SNOMEDCT_ES = "snomedctes"
    SNOMEDCT_DK = "snomedctdk"
    SNOMEDCT_SE = "snomedctse"
    SNOMEDCT_US = "snomedctus"


class CodeFilter(RestModel):
    """Which codes may be predicted.

    Attributes:
        include: Codes or categories to choose from; all where none is given.
        exclude: Codes or categories to leave out of these.
        expand: Whether a category stands for the codes in it; Corti takes it so where nothing is said.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    expand: bool | None = None


class CodeEvidence(RestModel):
    """What a code rests on.

    Attributes:
        context_index: Which of the texts given, counted from 0.
        text: The words there.
        start: Where they begin, in characters counted from 0.
        end: Where they end; the character there is no part of them.
    """

    context_index: int | None = None
    text: str | None = None
    start: int | None = None
    end: int | None = None


class CodeAlternative(RestModel):
    """A code that was considered in place of another.

    Attributes:
        code: The code.
        display: What it means.
    """

    code: str
    display: str | None = None


class MedicalCode(RestModel):
    """A code.

    Attributes:
        system: The coding system; known ones compare equal to a `CodingSystem`.
        code: The code.
        display: What it means.
        evidences: What it rests on.
        alternatives: What was considered in its place.
    """

    system: str | None = None
    code: str
    display: str | None = None
    evidences: tuple[CodeEvidence, ...] = ()
    alternatives: tuple[CodeAlternative, ...] = ()


class CodePrediction(RestModel):
    """The codes of a text.

    Attributes:
        codes: What is predicted.
        candidates: What may be relevant too, best first; at most 50.
        usage_info: What it cost.
    """

    codes: tuple[MedicalCode, ...] = ()
    candidates: tuple[MedicalCode, ...] = ()
    usage_info: UsageInfo | None = None

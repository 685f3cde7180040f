"""Sore throat: Centor score as modified by McIsaac, and FeverPAIN."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Bands, Citation, Valid, graded, score, yes_no
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.scores.items import met

CENTOR: Final = score(
    id="centor-mcisaac@1998",
    title="Centor score, modified by McIsaac",
    category="infection",
    summary="Probability of group A streptococci in sore throat.",
    synonyms=("sore throat", "strep throat", "pharyngitis", "tonsillitis", "McIsaac", "Centor"),
    items=(
        yes_no("exudate", 1, "Tonsillar exudate or swelling"),
        yes_no("tender_nodes", 1, "Tender anterior cervical lymph nodes"),
        met(m.TEMPERATURE, "> 38", 1, "Temperature > 38 Cel"),
        yes_no("cough_absent", 1, "Absence of cough"),
        graded(m.AGE, ((">= 45", -1), (">= 15", 0), (">= 3", 1))),
    ),
    citations=(
        Citation("McIsaac WJ, White D, Tannenbaum D, Low DE. CMAJ 1998;158:75-83."),
        Citation("McIsaac WJ, Kellner JD, Aufricht P, et al. JAMA 2004;291:1587-1595.", "10.1001/jama.291.13.1587"),
        Citation("Centor RM, et al. Med Decis Making 1981;1:239-246.", "10.1177/0272989X8100100304"),
    ),
    validity="Patients of 3 years and more with acute sore throat.",
    valid=(Valid("age", ">= 3", "The score was derived from the age of 3 years."),),
    bands=Bands(
        "McIsaac 1998 (group A streptococci)",
        (
            (">= 4", "51-53 % probability"),
            ("= 3", "28-35 % probability"),
            ("= 2", "11-17 % probability"),
            ("= 1", "5-10 % probability"),
            ("else", "1-2.5 % probability"),
        ),
    ),
)

FEVERPAIN: Final = score(
    id="feverpain@2013",
    title="FeverPAIN score",
    category="infection",
    summary="Probability of streptococci in acute sore throat.",
    synonyms=("sore throat", "strep throat", "pharyngitis", "tonsillitis", "fever pain"),
    items=(
        yes_no("fever", 1, "Fever in the last 24 hours"),
        yes_no("purulence", 1, "Purulence: pus on the tonsils"),
        yes_no("attend_rapidly", 1, "Attended within 3 days of onset"),
        yes_no("inflamed_tonsils", 1, "Severely inflamed tonsils"),
        yes_no("no_cough_or_coryza", 1, "No cough or coryza"),
    ),
    citations=(
        Citation("Little P, Moore M, Hobbs FDR, et al. BMJ Open 2013;3:e003943.", "10.1136/bmjopen-2013-003943"),
        Citation("Little P, Hobbs FDR, Moore M, et al. BMJ 2013;347:f5806.", "10.1136/bmj.f5806"),
    ),
    validity="Patients of 3 years and more with acute sore throat in primary care.",
    bands=Bands(
        "NICE NG84 (isolation of streptococci)", ((">= 4", "62-65 %"), (">= 2", "34-40 %"), ("else", "13-18 %"))
    ),
)

CALCULATORS: Final = (CENTOR, FEVERPAIN)

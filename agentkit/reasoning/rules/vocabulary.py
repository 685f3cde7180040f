"""The English the rules know: function words, small synonym groups, roles of words, dates and numbers in words.

Generic on purpose. It holds no name of a tool, server, parameter or person, and nothing in it is needed for a server to
be usable: what a tool is about is told by its own name, description and schema. The groups only bridge everyday words
that mean the same to a person who asks and to a person who writes tool descriptions.
"""

from __future__ import annotations

from typing import Final


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS: Final = _set(
    """
    a an the this that these those some any all each every both either neither no not none only just also too very
    i me my mine myself you your yours we us our ours he him his she her hers it its they them their theirs
    who whom whose what which when where why how there here one ones other another same such
    is are was were be been being am do does did done doing have has had having can could may might must shall should
    will would let lets s t re ve ll d m dont doesnt isnt whats
    and or but nor so if then than as at by for from in into of off on onto out over per to toward until till up upon
    with within without about above after again against before below between during since through under while because
    please thanks thank hello hi hey ok okay yes yeah well now today currently present right away still yet already ever
    give get show tell list see look say know want need like make made take takes taking taken use uses using go goes
    going come came put try mean means called named regarding concerning based further more most much many
    few less least lot lots something anything everything nothing somebody someone anybody anyone
    mr mrs ms miss dr prof etc eg ie
    """
)
"""Words that say nothing about what is wanted."""

FILLER_WORDS: Final = _set(
    """
    data name names detail details entry entries record records
    recorded information info item items history value values level
    levels result results reading readings number numbers amount course development trend change changes develop
    developed evolve evolved look looked last latest recent recently newest current past previous previously year years
    including included month months week weeks day days
    time times date dates ago available known exist exists existing check checked
    whether kind type sort overview first second third find search
    """
)
"""Words that shape a request without being what is searched for."""

PRONOUNS: Final = _set("he him his she her hers it its they them their theirs")
"""Words that point back to whoever or whatever was spoken of last."""

CONTINUATIONS: Final = ("and", "also", "what about", "how about", "same for", "the same for", "now for", "for")
"""Beginnings that continue what was asked before."""

REQUEST_OPENERS: Final = _set(
    """
    what which who whose whom when where why how is are was were do does did can could would will has have may
    please show list find give get tell look search check run start begin open make create add book renew cancel order
    conduct let read summarise summarize explain compare update delete remove i'd
    """
)
"""First words of a message that asks for something, as against one that answers a question."""

STOP_PHRASES: Final = _set("stop cancel quit abort exit enough nevermind forget")
"""Words that end an exchange when a message holds little else."""

AFFIRMATIONS: Final = _set("yes yep yeah correct right exactly sure ok okay please indeed true that one it is this")
"""Words that confirm, when a message holds nothing else."""

CHANGE_VERBS: Final = _set(
    """
    add append book cancel change correct create delete discontinue discard drop edit enter erase insert modify order
    overwrite prescribe register remove rename replace schedule send set stop store submit update wipe write
    admit approve assign buy discharge email fax forward mail notify pay print refer remind sign transfer translate
    upload
    """
)
"""Verbs that ask for a change: what only reads does not do it."""

IMPERATIVE_CUES: Final = _set("please you to and then now also just let lets us be get")
"""Words in front of a verb that asks for something to be done."""

ASKING_VERBS: Final = _set("ask asked interview question quiz examine survey screen test")
"""Verbs of somebody who wants questions to be put."""

RESUMING_WORDS: Final = _set("continue proceed go answer answering anymore more further")
"""What a person who wants an exchange to end does not want."""

HE: Final = _set("he him his")
SHE: Final = _set("she her hers")
"""Pronouns that say of whom they speak."""

NEGATIONS: Final = _set("no not without except excluding exclude never non don't doesn't isn't")
"""Words that turn what follows into its opposite."""

INCLUDING: Final = _set("including include also even plus with")
"""Words that add to what is wanted, instead of limiting it."""

NAME_PARTICLES: Final = _set("van von de der den del della di da dos du la le el al bin ibn ten ter zu zum")
"""Small words inside of personal names."""

RELATIVES: Final = _set(
    """
    twin twins sibling siblings brother brothers sister sisters mother mum mom father dad parent parents child children
    baby son sons daughter daughters wife husband spouse partner fiance fiancee uncle aunt cousin nephew niece
    grandmother grandfather grandparent grandson granddaughter friend neighbour neighbor roommate boss colleague
    """
)
"""Words for people by whom they belong to."""

HONORIFICS: Final = _set("mr mrs ms miss dr prof professor doctor sir madam family") | RELATIVES
"""Titles and words for people in front of personal names."""

SYNONYMS: Final = (
    "medication medicine medicament drug pharmaceutical med",
    "allergy allergic",
    "result value measurement observation reading",
    "laboratory lab",
    "disease illness condition diagnosis",
    "find search lookup locate",
    "start begin run launch conduct",
    "stop end finish",
    "answer reply respond response",
    "summary summarise summarize",
    "person people",
    "male man boy",
    "female woman girl",
    "born birth birthday birthdate",
    "latest last newest recent",
    "renew extend prolong",
    "urgent stat asap emergency",
    "open opening",
    "close closing",
)
"""Words that count as the same when a message is held against a tool; everyday English, by meaning, not by tool."""

NAME_WORDS: Final = _set("name surname firstname lastname fullname forename author called")
FAMILY_WORDS: Final = _set("family last surname lastname")
GIVEN_WORDS: Final = _set("given first forename firstname")
TEXT_WORDS: Final = _set("text query term keyword word phrase wording topic subject title free")
DATE_WORDS: Final = _set("date day when timestamp")
FROM_WORDS: Final = _set("from since start after earliest begin beginning lower")
UNTIL_WORDS: Final = _set("to until till end before latest upper")
BIRTH_WORDS: Final = _set("birth born birthday birthdate dob")
LIMIT_WORDS: Final = _set("limit maximum max most count size many page")
QUESTION_WORDS: Final = _set("question prompt ask")
IDENTIFIER_WORDS: Final = _set("id identifier reference ref key handle uuid number code")
"""What words in a schema say about the role of a field."""

FROM_CUES: Final = _set("since from after starting beginning")
UNTIL_CUES: Final = _set("until till before to through ending")
BIRTH_CUES: Final = _set("born birth birthday birthdate dob")
WITHIN_CUES: Final = _set("in during")
"""What words in a message say about the date that follows."""

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
"""Months by name."""

WEEKDAYS: Final = _set("monday tuesday wednesday thursday friday saturday sunday")
"""Days that are written with a capital and are no names."""

ORDINALS: Final = {
    word: number
    for number, words in enumerate(
        (
            "first 1st",
            "second 2nd",
            "third 3rd",
            "fourth 4th",
            "fifth 5th",
            "sixth 6th",
            "seventh 7th",
            "eighth 8th",
            "ninth 9th",
            "tenth 10th",
        ),
        start=1,
    )
    for word in words.split()
}
"""Places in a list."""

NO_VERBS: Final = _set("the a an this that it its one for to in of by with from when if all any or")
"""Words a description may begin with that are no verb."""

SUBJECT_CUES: Final = _set("of for does do has have is was with about did")
"""Words in front of what a message is about."""

TOPIC_CUES: Final = _set("the a an of for her his their its my latest last recent any which what and about")
"""Words in front of what is searched for."""

OUTDATED_WORDS: Final = _set("superseded deprecated obsolete outdated retired replaced withdrawn")
"""Words of a field that says whether something newer has taken a thing's place."""

INPUT_FAULTS: Final = _set("invalid missing required few insufficient criteria argument input unclear ambiguous")
"""Words in an error code that blame the input, which the user can mend."""

DENIALS: Final = NEGATIONS | _set("denies denied denying negative none absent nor neither absence free")
"""Words that deny what follows them in a note."""

SYMBOLS: Final[dict[str, str]] = {
    "na": "sodium",
    "k": "potassium",
    "ca": "calcium",
    "cl": "chloride",
    "mg": "magnesium",
    "fe": "iron",
    "hco3": "bicarbonate",
    "cr": "creatinine",
    "crea": "creatinine",
    "scr": "creatinine",
    "hb": "haemoglobin",
    "hgb": "hemoglobin",
    "plt": "platelets",
}
"""Symbols of elements and of what is measured in blood: chemistry, as it is written everywhere."""

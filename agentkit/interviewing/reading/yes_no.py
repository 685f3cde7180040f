"""Yes and no: polarity, change of state and doubt come before any keyword (QN-P4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agentkit.interviewing.interpreter import Inquiry, Reason, Understood
from agentkit.interviewing.reading.words import CHANGE, NEGATIONS, Token, corrected, doubts, extent, spoken, words
from agentkit.interviewing.schema import Question

_YES_PHRASES: Final = (
    "yes|yeah|yep|yup|y|aye|sure|correct|right|true|absolutely|definitely|certainly|of course|indeed|affirmative"
    "|exactly|that's right|that's correct|that's true|that is right|that is correct|that is true|it's true|yes please"
    "|for sure|yes that's right|yes that's correct|yes of course|yes definitely|yes absolutely|yes indeed|yes correct"
    "|yes sure|yes yes"
)
_NO_PHRASES: Final = (
    "no|nope|nah|n|never|not at all|negative|false|absolutely not|definitely not|certainly not|of course not|no way"
    "|incorrect|wrong|that's wrong|that's not true|that's not right|that's not correct|that is not true|no never"
    "|no not at all|never ever|no definitely not|no absolutely not|no none|none"
)
_YES: Final = frozenset(_YES_PHRASES.split("|"))
_NO: Final = frozenset(_NO_PHRASES.split("|"))
_AUXILIARIES: Final = {
    word: family
    for family in (
        "do does don't dont doesn't",
        "did didn't",
        "am are is aren't isn't",
        "was were wasn't weren't",
        "have has haven't hasn't",
        "can cannot can't",
    )
    for word in family.split()
}
_REPLY: Final = re.compile(
    r"(?:(yes|no) )?(?:i|it)(?:( do| does| did| am| is| was| have| has| can)( not)?( definitely| certainly| indeed)?"
    r"|( don't| dont| doesn't| didn't| isn't| wasn't| haven't| hasn't| can't| cannot)|('m not|'s not))"
)
_CERTAIN: Final = frozenset({"certainly", "definitely", "sure", "really", "totally"})
_POLITE: Final = frozenset(words("sir madam ma'am doctor doc nurse um uh well oh ok okay er hmm"))
_THANKS: Final = frozenset({"thanks", "thank you", "no thanks", "no thank you", "yes thanks"})
_WEAK: Final = frozenset(
    words(
        "hardly barely rarely seldom scarcely sometimes occasionally used almost nearly mostly usually partly except"
        " if when only depending right ago was were had last childhood child kid young younger past he she they his her"
        " father mother dad mum mom brother sister son daughter wife husband family parents uncle aunt grandfather"
        " grandmother friend everyone everybody somebody once twice someone neighbour neighbor colleague boss cat dog"
        " kidding joking joke dreams wrong trying try hope wish next soon later tomorrow yesterday half most some few"
        " part partially wait actually unless technically theoretically whatever supposed"
    )
)
_SUBJECTS: Final = frozenset(words("i you do does have has am are is the a an any my your to been be can it of ever"))
_ELABORATED: Final = frozenset(words("yes yeah yep yup"))


def read_yes_no(inquiry: Inquiry, parts: Sequence[Token]) -> Understood | Reason:
    """True or false, when an utterance says nothing but yes or no, or says it and goes on in the same sense."""
    kept = corrected(parts)
    value = polarity(inquiry.question, kept)
    if isinstance(value, Reason):
        return value
    return Understood(question_id=inquiry.question.id, value=value, evidence=extent(kept), method="yes-no")


def polarity(question: Question, parts: Sequence[Token]) -> bool | Reason:
    """Whether an utterance says yes."""
    said = [token.text for token in parts if (token.is_word or token.is_number) and token.text not in _POLITE]
    text, present = " ".join(said), set(said)
    if "?" in {token.text for token in parts}:
        return Reason.UNCERTAIN
    if asks_negatively(question):
        return _negative(question, said)
    if text in _YES:
        return True
    if text in _NO:
        return False
    reply = _reply(question, text)
    if reply is not None:
        return reply
    if doubts(parts) or present & {"sometimes", "partly"}:
        return Reason.UNCERTAIN
    if present & (CHANGE | _WEAK) or text in _THANKS:
        return Reason.AMBIGUOUS
    negations = [word for word in said if word in NEGATIONS]
    if said and said[0] in _ELABORATED and not negations and not present & {"no", "and"} and len(said) <= 30:
        return True
    echo = _echo(question, said)
    if echo is not None:
        return echo
    return Reason.NEGATED if negations else Reason.AMBIGUOUS if said else Reason.NO_ANSWER


def asks_negatively(question: Question) -> bool:
    """Whether a plain yes or no leaves open what it means: "Are you not able to walk?"."""
    return bool({*words(question.text)[:4]} & NEGATIONS)


def _negative(question: Question, said: Sequence[str]) -> bool | Reason:
    """Only the whole statement answers such a question, with its negation or without."""
    asked = [word for word in words(question.text) if word not in _SUBJECTS]
    given = [word for word in said if word not in _SUBJECTS]
    if given and given == asked:
        return True
    if given and given == [word for word in asked if word not in NEGATIONS]:
        return False
    return Reason.NEGATED if said else Reason.NO_ANSWER


def _reply(question: Question, text: str) -> bool | Reason | None:
    """`I do`, `No, it isn't`: it counts when it takes up the verb of the question, so that the tense is the same."""
    match = _REPLY.fullmatch(text)
    if match is None:
        return None
    leading, verb, negation, _, contracted, short = match.groups()
    positive = verb is not None and negation is None
    if leading is not None and positive is not (leading == "yes"):
        return Reason.NEGATED
    used = "am" if short else (verb or contracted).strip()
    asked = next((word for word in words(question.text) if word in _AUXILIARIES), None)
    fits = asked is None or _AUXILIARIES[asked] == _AUXILIARIES[used]
    return positive if fits else Reason.AMBIGUOUS


def _echo(question: Question, said: Sequence[str]) -> bool | None:
    """The question's own statement with or without one negation: "I don't smoke" to "Do you smoke?"."""
    asked = [word for word in words(question.text) if word not in _SUBJECTS]
    if not asked or len(words(question.text)) > 12:
        return None
    rest = [*said]
    leading = rest[0] if rest and rest[0] in {"yes", "no"} else None
    rest = rest[1:] if leading else rest
    negated = [word for word in rest if word in NEGATIONS]
    if [word for word in rest if word not in _SUBJECTS and word not in negated] != asked or len(negated) > 1:
        return None
    if leading == "yes" and negated:
        return None
    if leading == "no" and not negated:
        return None
    if negated and not negated[0].startswith(("no", "never", "don't", "dont", "haven't", "didn't", "am", "isn't")):
        return None
    return not negated


def says_yes(text: Sequence[Token]) -> bool:
    """Whether an utterance is a plain yes, for a value that was offered to be confirmed."""
    return spoken([token for token in text if token.is_word]) in _YES

"""Yes and no: polarity, change of state and doubt come before any keyword (QN-P4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.interviewing.interpreter import Inquiry, Reason, Understood
from agentkit.interviewing.reading.words import CHANGE, NEGATIONS, Token, corrected, doubts, extent, spoken, words
from agentkit.interviewing.schema import Question

_YES: Final = frozenset(
    [
        "yes",
        "yeah",
        "yep",
        "yup",
        "y",
        "aye",
        "sure",
        "correct",
        "right",
        "true",
        "absolutely",
        "definitely",
        "certainly",
        "of course",
        "indeed",
        "affirmative",
        "exactly",
        "that's right",
        "that's correct",
        "that's true",
        "that is right",
        "that is correct",
        "that is true",
        "i do",
        "i am",
        "i have",
        "i did",
        "i was",
        "i can",
        "i will",
        "i would",
        "it is",
        "it does",
        "it has",
        "it did",
        "it was",
        "they are",
        "they do",
        "we do",
        "we are",
        "it's true",
        "yes please",
        "for sure",
        "sure do",
        "yes i do",
        "yes i am",
        "yes i have",
        "yes i did",
        "yes i was",
        "yes i can",
        "yes it is",
        "yes it does",
        "yes it has",
        "yes it did",
        "yes that's right",
        "yes that's correct",
        "yes of course",
        "yes definitely",
        "yes absolutely",
        "yes indeed",
        "yes correct",
        "yes sure",
        "i sure do",
        "i certainly do",
        "i definitely do",
    ]
)
_NO: Final = frozenset(
    [
        "no",
        "nope",
        "nah",
        "n",
        "never",
        "not at all",
        "negative",
        "false",
        "absolutely not",
        "definitely not",
        "certainly not",
        "of course not",
        "no way",
        "i don't",
        "i do not",
        "i'm not",
        "i am not",
        "i haven't",
        "i have not",
        "i didn't",
        "i did not",
        "i wasn't",
        "i was not",
        "i can't",
        "i cannot",
        "i won't",
        "it isn't",
        "it's not",
        "it is not",
        "it doesn't",
        "it does not",
        "it hasn't",
        "it didn't",
        "it wasn't",
        "they don't",
        "they aren't",
        "incorrect",
        "wrong",
        "that's wrong",
        "that's not true",
        "that's not right",
        "that's not correct",
        "that is not true",
        "no never",
        "no not at all",
        "never ever",
        "no i don't",
        "no i do not",
        "no i'm not",
        "no i am not",
        "no i haven't",
        "no i have not",
        "no i didn't",
        "no i did not",
        "no i wasn't",
        "no i was not",
        "no i can't",
        "no it isn't",
        "no it doesn't",
        "no it's not",
        "no it does not",
        "no definitely not",
        "no absolutely not",
        "no none",
        "i never do",
        "i never did",
        "i never have",
        "no i never have",
        "none",
    ]
)
_POLITE: Final = frozenset(words("sir madam ma'am doctor doc nurse um uh well oh ok okay er hmm"))
_THANKS: Final = frozenset({"thanks", "thank you", "no thanks", "no thank you", "yes thanks"})
_WEAK: Final = frozenset(
    words(
        "hardly barely rarely seldom scarcely sometimes occasionally used almost nearly mostly usually partly except"
        " if when only depending right ago was were had last childhood child kid young younger past he she they his her"
        " father mother dad mum mom brother sister son daughter wife husband family parents uncle aunt grandfather"
        " grandmother friend everyone everybody somebody once twice"
    )
)
_SUBJECTS: Final = frozenset(
    words("i you do does did have has had am are is was were the a an any my your to been be can will would it of ever")
)
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
    if text in _YES:
        return True
    if text in _NO:
        return False
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


def _echo(question: Question, said: Sequence[str]) -> bool | None:
    """The question's own statement with or without one negation: "I don't smoke" to "Do you smoke?"."""
    asked = [word for word in words(question.text) if word not in _SUBJECTS]
    if not asked or set(words(question.text)) & NEGATIONS or len(words(question.text)) > 12:
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

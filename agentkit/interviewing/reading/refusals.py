"""Utterances that are no answer by intention: refusals, questions back, nothing at all (QN-P6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agentkit.interviewing.interpreter import Reason
from agentkit.interviewing.reading.words import Token, spoken

_FILLER: Final = (
    r"(?:(?:please|just|sorry|well|um|uh|no|ok|okay|thanks|thank you|thx|i'd like to|can we|can i|let's|let us) )*"
)
_TAIL: Final = r"(?: (?:please|thanks|thank you|sorry|now|here|for now))*"
_THIS: Final = r"(?: (?:it|that|this|that one|this one|(?:the|that|this) (?:question|item)))?"
_REFUSALS: Final = re.compile(
    _FILLER
    + r"(?:(?:skip|pass(?: on)?|decline|ignore|leave out|move on from)"
    + _THIS
    + r"|(?:next|next one|next question|move on|go on|continue)"
    + r"|(?:stop|quit|cancel|enough|i want to stop|stop the (?:interview|questionnaire|survey|questions))"
    + r"|no comment|none of your business|not your business|that's private|it's private|private"
    + r"|i(?:'d)?(?: would)? (?:prefer|rather) not(?: to)?(?: (?:say|answer|tell|share|talk about|discuss|disclose))?"
    + _THIS
    + r"|(?:prefer|rather|would rather|would prefer) not(?: to)?(?: (?:say|answer|tell|share|disclose))?"
    + _THIS
    + r"|i (?:won't|will not|refuse to|decline to|(?:don't|do not|dont) (?:want|wish|like|care) to)"
    + r"(?: (?:say|answer|tell|share|talk about|discuss|disclose|go on|continue))"
    + _THIS
    + r"|i refuse)"
    + _TAIL
)
_BACK: Final = re.compile(
    r"(?:(?:sorry|wait|hm|hmm|um|uh|i'm sorry|excuse me|please|and|but|ok|okay) )*"
    r"(?:(?:what|how) (?:do|does|did|is|are|should|would|exactly|kind|sort|if)\b.*"
    r"|what|huh|pardon|come again|help|why|why (?:do|does|are|is|should)\b.*|which (?:one|ones|options?|scale|unit)\b.*"
    r"|(?:can|could|would|will) you (?:please )?(?:explain|repeat|say|clarify|rephrase|tell|elaborate|help)\b.*"
    r"|(?:repeat|explain|rephrase|clarify)\b(?: (?:it|that|this|please|the question|again))*"
    r"|i (?:don't|do not|dont|didn't) (?:understand|get it|get that|follow)\b.*"
    r"|i (?:don't|do not|dont) know what (?:you|that|this) (?:mean|means)\b.*"
    r"|what's (?:that|this)\b.*|what (?:are|were) (?:the|my) (?:options|choices)|(?:options|choices)"
    r"|(?:i'm )?not sure what (?:you|that|this) (?:mean|means)\b.*|meaning)"
)


def intention(parts: Sequence[Token]) -> Reason | None:
    """`refusal`, `question` or `no-answer`; None for what may be an answer.

    Only whole utterances count: "skip it" is a refusal, "I skip meals" is not.
    """
    said = [token for token in parts if token.is_word or token.is_number]
    if not said:
        return Reason.NO_ANSWER
    text = spoken(said)
    if _REFUSALS.fullmatch(text):
        return Reason.REFUSAL
    if len(said) <= 20 and _BACK.fullmatch(text):
        return Reason.QUESTION
    return None

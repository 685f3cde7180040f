"""How an orchestrator decides: which expert gets which piece of a message, and what to make of their answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.models import Role
from agentkit.reasoning.protocol import Act, Answer, Ask, Decline, Delegate, DelegateTogether, Situation
from agentkit.reasoning.rules import phrases
from agentkit.reasoning.rules.manner import Manner
from agentkit.reasoning.rules.open_questions import answering, waiting
from agentkit.reasoning.rules.panel import Panel
from agentkit.reasoning.rules.reading import Reading, read
from agentkit.reasoning.rules.rendering import joined
from agentkit.reasoning.rules.turn import asked

_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|;\s*")
_CLAUSE: Final = re.compile(r"\b(?:and then|then also|then|and also|and|also)\b[\s,]+", re.IGNORECASE)
_AROUND: Final = " ,;\t\r\n"
"""What stands around a clause and is no part of it."""

_MOST_TRIED: Final = 3
"""Experts who are asked about one message, one after the other."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a message and the expert who gets it."""

    expert: str
    text: str


def decide_with_experts(situation: Situation) -> Act:
    """Decide for an orchestrator that has experts."""
    plan = _plan(situation)
    done = situation.delegations
    if not plan and not done:
        return _unclear(situation) or _unable(situation)
    if not done and len(plan) > 1 and not any(_depends(piece) for piece in plan[1:]):
        return DelegateTogether(tuple(_delegate(piece) for piece in plan))
    if len(done) < len(plan):
        return _delegate(plan[len(done)])
    return (_next(situation) if len(plan) == 1 else None) or _summed_up(situation)


def _delegate(piece: Piece) -> Delegate:
    return Delegate(piece.expert, piece.text, reason="its description and tools fit best")


def _depends(piece: Piece) -> bool:
    """A piece speaks of what comes of another one: it has to wait for it."""
    return Manner(piece.text).refers_back


def _summed_up(situation: Situation) -> Act:
    done = situation.delegations
    if all(one.declined for one in done):
        return _unable(situation)
    # Who cannot do such a thing has nothing to say beside who can. Questions stand at the end, where the user answers.
    ordered = sorted((one for one in done if not one.declined or len(_plan(situation)) > 1), key=lambda one: one.asks)
    text = joined([one.text for one in ordered])
    if any(one.asks for one in done):
        return Ask(text)
    return Answer(text, tuple(item for one in done for item in one.data))


def _plan(situation: Situation) -> list[Piece]:
    """Who gets what: the whole message to one expert, or its pieces to several, in order."""
    panel = Panel(situation.experts, _last_expert(situation))
    reading = panel.read(situation.text)
    if _answers(reading, situation):
        asking = panel.last if situation.history[-1].expert == panel.last else None
        answered = [asking] if asking else answering(situation)
        if answered or waiting(situation):
            return [Piece(answered[0], situation.text)] if len(answered) == 1 else []
    clauses = _clauses(situation.text, reading.known)
    pieces = _pieces(situation.text, [(clause, panel.best(one) if own else None) for clause, one, own in clauses])
    if len({piece.expert for piece in pieces}) > 1:
        return pieces
    chosen = panel.best(reading) or (pieces[0].expert if pieces else None) or panel.introducer(reading)
    chosen = chosen or _waiting(situation) or panel.last
    return [Piece(chosen, situation.text)] if chosen else []


def _next(situation: Situation) -> Delegate | None:
    """Whom to ask instead, when whoever was asked about the whole message cannot do such a thing."""
    tried = [one.expert for one in situation.delegations]
    if len(tried) >= _MOST_TRIED or not all(one.declined for one in situation.delegations):
        return None
    panel = Panel(situation.experts, None)
    others = panel.others(panel.read(situation.text), tried)
    return Delegate(others[0], situation.text, reason="who was asked before cannot do it") if others else None


def _clauses(text: str, known: frozenset[str]) -> list[tuple[str, Reading, bool]]:
    """The clauses of a message, and whether each may be work of its own.

    A sentence that states something beside one that asks for something only tells more about that.
    """
    sentences = [sentence for sentence in _SENTENCE.split(text) if sentence.strip(_AROUND)]
    asks = [Manner(sentence).requests for sentence in sentences]
    return [
        (clause, Reading(clause, known), asking or not any(asks))
        for sentence, asking in zip(sentences, asks, strict=True)
        for clause in (piece.strip(_AROUND) for piece in _CLAUSE.split(sentence))
        if clause
    ]


def _pieces(text: str, clauses: Sequence[tuple[str, str | None]]) -> list[Piece]:
    """Neighbouring clauses of one expert together; a clause that speaks for nobody goes with the one before it."""
    groups: list[tuple[str | None, list[str]]] = []
    for clause, expert in clauses:
        if groups and (expert is None or groups[-1][0] in {expert, None}):
            held, parts = groups[-1]
            groups[-1] = (held or expert, [*parts, clause])
        else:
            groups.append((expert, [clause]))
    return [Piece(expert, _joined(text, parts)) for expert, parts in groups if expert]


def _joined(text: str, parts: Sequence[str]) -> str:
    start = text.find(parts[0])
    end = text.find(parts[-1], start) + len(parts[-1])
    return text[start:end] if 0 <= start < end else " and ".join(parts)


def _answers(reading: Reading, situation: Situation) -> bool:
    """The last expert asked something, and this is no request: it is the answer."""
    return asked(situation) and not reading.requests


def _last_expert(situation: Situation) -> str | None:
    known = {expert.name for expert in situation.experts}
    for utterance in reversed(situation.history):
        if utterance.role is Role.AGENT and utterance.expert in known:
            return utterance.expert
    return None


def _unclear(situation: Situation) -> Ask | None:
    """Several experts asked at once, and it cannot be told whom the message answers."""
    if not _answers(read(situation.text, ()), situation) or not waiting(situation):
        return None
    return Ask("I asked more than one question and cannot tell which one that answers. Say it in words that fit one.")


def _waiting(situation: Situation) -> str | None:
    """The expert whose question was put last and not answered since."""
    known = {expert.name for expert in situation.experts}
    heard: set[str] = set()
    for utterance in reversed(situation.history):
        if utterance.role is not Role.AGENT or utterance.expert is None or utterance.expert in heard:
            continue
        if (utterance.asks or "?" in utterance.text) and utterance.expert in known:
            return utterance.expert
        heard.add(utterance.expert)
    return None


def _unable(situation: Situation) -> Decline:
    experts = situation.experts
    offers = [expert.description.strip().split("\n", 1)[0].split(". ", 1)[0].rstrip(".") for expert in experts]
    told = [offer or expert.name for offer, expert in zip(offers, experts, strict=True)]
    return Decline(phrases.cannot(told, understood=bool(read(situation.text, ()).content)))

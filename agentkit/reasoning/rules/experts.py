"""How an orchestrator decides: which expert gets which piece of a message, and what to make of their answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.models import Role
from agentkit.reasoning.protocol import Act, Answer, Ask, Candidate, Decline, Delegate, Situation
from agentkit.reasoning.rules import phrases
from agentkit.reasoning.rules.choice import (
    ENOUGH,
    Profile,
    introducing,
    merged,
    needed,
    profile,
    rarities,
    score,
    searching,
)
from agentkit.reasoning.rules.open_questions import answering, waiting
from agentkit.reasoning.rules.reading import Reading, read
from agentkit.reasoning.rules.rendering import joined
from agentkit.reasoning.rules.turn import asked
from agentkit.reasoning.rules.words import name_stems, schema_stems

_CLAUSE: Final = re.compile(
    r"(?<=[.!?;])\s+|;\s*|\s*,?\s*\b(?:and then|then also|then|and also|and|also)\b[\s,]+", re.IGNORECASE
)
_FIRST: Final = 2.0
_BODY: Final = 1.2
_SWITCH: Final = 1.5


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
    if len(done) < len(plan):
        piece = plan[len(done)]
        return Delegate(piece.expert, piece.text, reason="its description and tools fit best")
    return _summed_up(situation)


def _summed_up(situation: Situation) -> Act:
    done = situation.delegations
    if all(one.declined for one in done):
        return _unable(situation)
    # Questions stand at the end, where the user will answer.
    ordered = sorted(done, key=lambda one: one.asks)
    text = joined([one.text for one in ordered])
    if any(one.asks for one in done):
        return Ask(text)
    return Answer(text, tuple(item for one in done for item in one.data))


def _plan(situation: Situation) -> list[Piece]:
    """Who gets what: the whole message to one expert, or its pieces to several, in order."""
    experts = situation.experts
    tools = [tool for expert in experts for tool in expert.tools]
    reading = read(situation.text, tools)
    last = _last_expert(situation)
    if _answers(reading, situation):
        asking = last if situation.history[-1].expert == last else None
        answered = [asking] if asking else answering(situation)
        if answered or waiting(situation):
            return [Piece(answered[0], situation.text)] if len(answered) == 1 else []
    profiles = [_profile(expert) for expert in experts]
    rarity = rarities(profiles)
    names = [expert.name for expert in experts]

    def best(part: Reading) -> str | None:
        # "The capital of Somewhere" is anybody's question; with a full name or a pronoun it is about somebody known.
        owned = part.refers_back or any(" " in span.value for span in part.names)
        worth = needed(part) if owned else ENOUGH
        topics = [part.only_topic and searching(expert.tools) is not None for expert in experts]
        scores = [
            sum(score(part.stems, one, rarity).values()) + (worth if topic else 0.0)
            for one, topic in zip(profiles, topics, strict=True)
        ]
        top = max(scores, default=0.0)
        if top < needed(part):
            return None
        equal = [name for name, one in zip(names, scores, strict=True) if top - one < 1e-9]
        return last if last in equal else equal[0]

    pieces = _pieces(situation.text, [(clause, best(read(clause, tools))) for clause in _clauses(situation.text)])
    if len({piece.expert for piece in pieces}) > 1:
        return pieces
    chosen = best(reading) or (pieces[0].expert if pieces else None)
    if not chosen and reading.introduces:
        able = [expert.name for expert in experts if introducing(expert.tools)]
        chosen = last if last in able else able[0] if len(able) == 1 else None
    if chosen:
        return [Piece(chosen, situation.text)]
    waits = _waiting(situation) or last
    return [Piece(waits, situation.text)] if waits else []


def _clauses(text: str) -> list[str]:
    return [clause.strip(" ,;") for clause in _CLAUSE.split(text) if clause.strip(" ,;")]


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


def _profile(expert: Candidate) -> Profile:
    first, _, rest = expert.description.partition(". ")
    own = dict.fromkeys(schema_stems(rest), _BODY) | dict.fromkeys(schema_stems(first), _FIRST)
    own |= dict.fromkeys(name_stems(expert.name), _FIRST)
    return merged([Profile(own), *(profile(tool) for tool in expert.tools)])


def _unable(situation: Situation) -> Decline:
    experts = situation.experts
    offers = [expert.description.strip().split("\n", 1)[0].split(". ", 1)[0].rstrip(".") for expert in experts]
    told = [offer or expert.name for offer, expert in zip(offers, experts, strict=True)]
    return Decline(phrases.cannot(told, understood=bool(read(situation.text, ()).content)))

"""What the user wants of an expert: the tools a message asks for, or those an earlier message asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agentkit.models import Role
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.choice import Evidence, gives_values, introducing, rank, searching
from agentkit.reasoning.rules.described import described_by, is_open
from agentkit.reasoning.rules.directories import directory_of
from agentkit.reasoning.rules.facts import chosen
from agentkit.reasoning.rules.filling import fill
from agentkit.reasoning.rules.follow_ups import follow
from agentkit.reasoning.rules.links import Record, suppliers
from agentkit.reasoning.rules.parameters import Kind, parameters
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.topics import topic
from agentkit.reasoning.rules.turn import Found, Turn, asked
from agentkit.reasoning.rules.values import Span

_STRONG: Final = 1.1
_ALONE: Final = 0.7
"""The share of the best evidence for every single word that makes one tool, which has them all, the one meant."""

_NEAR: Final = 0.8
"""The share of the best evidence from which another tool fits nearly as well."""

_AS_WELL: Final = 0.999
_SEVERAL: Final = 2
_MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Goal:
    """A tool to be called.

    Attributes:
        tool: The tool.
        reading: The message whose words become arguments.
        carried: An earlier message that still counts for what the present one leaves out.
        picked: The thing the user chose among those that were asked about.
        confirmed: The user said yes to the thing that was found.
        completes: The message only gives what the earlier one lacked.
        elsewhere: Words of the message that ask for another tool.
        introduces: The message only names the thing, so what is wanted of it is still to be said.
    """

    tool: Tool
    reading: Reading
    carried: Reading | None = None
    picked: Record | None = None
    confirmed: bool = False
    introduces: bool = False
    completes: bool = False
    elsewhere: tuple[Span, ...] = ()


def goals(turn: Turn) -> list[Goal]:
    """What the user wants, in the order in which it was said; empty when nothing on offer fits."""
    supplied = _supplied(turn)
    if supplied:
        return [supplied]
    own = several(rank(turn.reading, turn.tools), turn)
    choice = _choice(turn, own)
    if choice is not None:
        return choice
    if own:
        return [
            Goal(evidence.tool, turn.reading, _before(evidence.tool, turn), elsewhere=_elsewhere(evidence, own, turn))
            for evidence in own
        ]
    return _continued(turn) or _introduced(turn) or _searched(turn) or _asked_again(turn)


def _before(tool: Tool, turn: Turn) -> Reading | None:
    """The earlier message that a message continues which asks for the same once more, in part: `and on Monday?`."""
    if not (turn.reading.continues or (asked(turn.situation) and not turn.reading.requests)):
        return None
    base = _asked_before(turn)
    return base[1] if base and base[0].name == tool.name else None


def _elsewhere(evidence: Evidence, all_of_them: Sequence[Evidence], turn: Turn) -> tuple[Span, ...]:
    stems = {stem for other in all_of_them for stem in other.stems} - evidence.stems.keys()
    return tuple(Span(word.text, word.start, word.end) for word in turn.reading.content if word.stem in stems)


def _supplied(turn: Turn) -> Goal | None:
    """The message gives what was asked for: an argument the earlier request lacked."""
    if not asked(turn.situation) or turn.reading.requests:
        return None
    base = _asked_before(turn)
    if base is None:
        return None
    tool, before = base
    lacking = {one.name for one in parameters(tool) if one.required} - fill(tool, before).arguments.keys()
    filling = fill(tool, turn.reading)
    follow(tool, turn.reading, before, filling)
    yes_or_no = bool(turn.reading.words) and turn.reading.words[0].lower in {"yes", "no"}
    gives = any(one.required and is_open(one) for one in parameters(tool)) and (yes_or_no or gives_values(turn.reading))
    return (
        Goal(tool, turn.reading, carried=before, completes=True)
        if gives or lacking & filling.arguments.keys()
        else None
    )


def several(ranked: Sequence[Evidence], turn: Turn) -> list[Evidence]:
    """The tools a message asks for: for each of its telling words the tool that it fits best, else the best of all."""
    stems = dict.fromkeys(stem for evidence in ranked for stem in evidence.stems)
    winners = [max(ranked, key=lambda one: one.stems.get(stem, 0.0)) for stem in stems]
    best = sum(one.stems[stem] for one, stem in zip(winners, stems, strict=True))
    if ranked and len(ranked[0].stems) == len(stems) and (ranked[0].score >= _ALONE * best or _stands_out(ranked)):
        return [_completable(ranked[0], ranked, turn)]
    telling = [one for one, stem in zip(winners, stems, strict=True) if one.stems[stem] >= _STRONG]
    picked = [one for one in ranked if any(one is other for other in telling)][:_MOST] or list(ranked[:1])
    helpers = {name for one in picked for name in _helpers(one.tool, turn)}
    needed = [one for one in picked if one.tool.name not in helpers] or picked[:1]
    if len(needed) == 1:
        needed = [_completable(needed[0], ranked, turn)]
    order = list(turn.reading.stems)
    return sorted(needed, key=lambda one: min((order.index(s) for s in one.stems if s in order), default=len(order)))


def _stands_out(ranked: Sequence[Evidence]) -> bool:
    """The best tool has a telling word of its own besides all that speaks for the others."""
    others = {stem for one in ranked[1:] for stem in one.stems}
    return any(weight >= _STRONG for stem, weight in ranked[0].stems.items() if stem not in others)


def _completable(best: Evidence, ranked: Sequence[Evidence], turn: Turn) -> Evidence:
    """The best tool; of several that fit as well, the one that lacks nothing and takes most of what the message says.

    Where the best lacks something, others that fit nearly as well count too.
    """
    lacking = _lacks(best.tool, turn)
    share = _NEAR if lacking else _AS_WELL
    near = [one for one in ranked if one is best or (one.tool.read_only and one.score >= share * best.score)]
    if len(near) < _SEVERAL:
        return best
    able = [one for one in near if not _lacks(one.tool, turn)]
    return max(able, key=lambda one: len(fill(one.tool, turn.reading).used)) if able else best


def _lacks(tool: Tool, turn: Turn) -> bool:
    """The message does not say something the tool must have and only a message can say."""
    said = fill(tool, turn.reading).arguments
    for one in parameters(tool):
        if not one.required or one.name in said or one.identifies:
            continue
        if not (is_open(one) and gives_values(turn.reading)):
            return True
    return False


def _helpers(tool: Tool, turn: Turn) -> list[str]:
    """The tools that are only called for what another one needs: its ids, its choices, or what an object holds."""
    found: list[Tool] = []
    for one in parameters(tool):
        if one.identifies:
            found += [link.tool for link in suppliers(one, turn.tools)]
        elif one.required and is_open(one):
            description = described_by(tool, one, turn.tools)
            found += [description.tool] if description else []
            found += [kept.tool for name in parameters(tool) if (kept := directory_of(name, tool, turn.tools))]
    return [one.name for one in found]


def _choice(turn: Turn, own: Sequence[Evidence]) -> list[Goal] | None:
    """The message answers the question which of several things was meant."""
    if turn.ambiguity is None:
        return None
    finder = turn.ambiguity.observation.tool
    requests = [evidence for evidence in own if evidence.tool.name != finder]
    record = chosen(turn.ambiguity.records, turn.reading, pointing=not requests)
    if record is None:
        asks_again = not own and not turn.reading.names and not turn.reading.requests and not _by_id(finder, turn)
        base = _asked_before(turn) if asks_again else None
        return [Goal(base[0], base[1])] if base else None
    if requests:
        return [Goal(evidence.tool, turn.reading, picked=record) for evidence in requests]
    base = _asked_before(turn)
    if base:
        return [Goal(base[0], base[1], picked=record)]
    tool = turn.tool(finder)
    return [Goal(tool, turn.reading, picked=record)] if tool else None


def _by_id(finder: str, turn: Turn) -> bool:
    """The message holds an id by which the thing can be found after all."""
    tool = turn.tool(finder)
    given = fill(tool, turn.reading).arguments if tool else {}
    return any(one.kind is Kind.ID and one.name in given for one in (parameters(tool) if tool else ()))


def _continued(turn: Turn) -> list[Goal]:
    """The message holds no request of its own but what belongs to the one before."""
    base = _asked_before(turn)
    if base is None:
        return []
    tool, before = base
    reading = turn.reading
    if _another_topic(tool, before, reading):
        return [Goal(tool, replace(reading, known=reading.known | {reading.unexplained[0].stem}), carried=before)]
    if reading.continues and any(one.required and is_open(one) for one in parameters(tool)) and gives_values(reading):
        return [Goal(tool, reading, carried=before)]
    says_more = bool(reading.called or reading.dates or reading.refers_back or fill(tool, reading).arguments)
    ids = any(word.code_like for word in reading.words)
    foreign = [word for word in reading.unexplained if not any(span.holds(word) for span in reading.called)]
    if (says_more or ids) and not [word for word in foreign if not word.code_like]:
        return [Goal(tool, reading, carried=before)]
    texts = [one for one in parameters(tool) if one.kind is Kind.TEXT]
    if reading.continues and len(reading.unexplained) <= 2 and any(topic(one, reading, (), tool) for one in texts):
        return [Goal(tool, reading, carried=before)]
    return []


def _another_topic(tool: Tool, before: Reading, reading: Reading) -> bool:
    """`What about sodium?`, after a search for something else: one word, which is no name then."""
    if not reading.continues or reading.names or reading.quoted or len(reading.unexplained) != 1:
        return False
    texts = [one for one in parameters(tool) if one.kind is Kind.TEXT]
    earlier = fill(tool, before, reserved=before.names).arguments
    return any(one.name in earlier and topic(one, reading, (), tool) for one in texts)


def _asked_again(turn: Turn) -> list[Goal]:
    """The message is no request, but the last turn asked something: it is a yes, or the question stands."""
    base = _asked_before(turn)
    if base is None or not asked(turn.situation) or turn.reading.requests:
        return []
    return [Goal(base[0], base[1], confirmed=turn.reading.affirms)]


def _introduced(turn: Turn) -> list[Goal]:
    """The message only names somebody or something: look it up."""
    reading = turn.reading
    tool = introducing(turn.tools) if reading.introduces else None
    return [Goal(tool, reading, introduces=True)] if tool else []


def _searched(turn: Turn) -> list[Goal]:
    """The message names a topic, and there is one tool that searches by topic."""
    tool = searching(turn.tools)
    return [Goal(tool, turn.reading)] if tool and turn.reading.only_topic else []


def pick_in_history(found: Found, turn: Turn) -> Record | None:
    """Which of several things the user chose in a turn that called no tool."""
    for utterance in reversed(turn.situation.history):
        if utterance.role is not Role.USER:
            continue
        reading = turn.reread(utterance.text)
        record = chosen(found.records, reading, pointing=True)
        if record or reading.names or rank(reading, turn.tools):
            return record
    return None


def _asked_before(turn: Turn) -> tuple[Tool, Reading] | None:
    """The last earlier message that asked for something, and the tool it asked for."""
    fallback: tuple[Tool, Reading] | None = None
    finder = turn.ambiguity.observation.tool if turn.ambiguity else None
    for utterance in reversed(turn.situation.history):
        if utterance.role is not Role.USER:
            continue
        reading = turn.reread(utterance.text)
        found = several(rank(reading, turn.tools), turn)
        if found and found[0].tool.name != finder:
            return found[0].tool, reading
        by_topic = searching(turn.tools) if not found and reading.only_topic else None
        if by_topic:
            return by_topic, reading
        if found and fallback is None:
            fallback = found[0].tool, reading
    return fallback

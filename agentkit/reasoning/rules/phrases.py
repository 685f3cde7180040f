"""What the rules say to a person: questions, word that something was not found, what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.models import Json
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Ask, Decline, Observation, Tool
from agentkit.reasoning.rules.choice import headline
from agentkit.reasoning.rules.facts import flatten, label, tell_apart
from agentkit.reasoning.rules.links import Record, same, suppliers
from agentkit.reasoning.rules.parameters import Kind, Parameter, Role, parameters
from agentkit.reasoning.rules.rendering import listed, parsed, readable
from agentkit.reasoning.rules.vocabulary import IDENTIFIER_WORDS

_MAX_CANDIDATES: Final = 20
_MAX_OFFERS: Final = 12
_MAX_FACT: Final = 80


def noun(parameter: Parameter) -> str:
    """What a parameter's id stands for: its title without the words for an id."""
    kept = [word for word in parameter.title.split() if word not in IDENTIFIER_WORDS]
    return " ".join(kept) or parameter.title


def which(parameter: Parameter, records: Sequence[Record]) -> Ask:
    """Ask which of several things is meant, with what tells them apart."""
    shown = tell_apart(records[:_MAX_CANDIDATES])
    lines = [f"{number}. {line}" for number, line in enumerate(shown, start=1)]
    if len(records) > len(shown):
        lines.append(f"... and {len(records) - len(shown)} more")
    head = f"{len(records)} possible matches for the {noun(parameter)}. Which one do you mean?"
    return Ask("\n".join((head, *lines)), (parameter.name,))


def chosen(record: Record) -> str:
    """Say who or what was chosen, when nothing else was asked."""
    facts = [f"{key}: {value}" for key, value in flatten(record.facts).items() if _is_short(value)]
    return "\n".join((f"{label(record)}.", *facts, "What would you like to know?"))


def is_it(parameter: Parameter, record: Record) -> Ask:
    """Ask whether the one thing found is the one meant."""
    (line,) = tell_apart([record])
    return Ask(f"I only found this {noun(parameter)}: {line}. Do you mean this one?", (parameter.name,))


def is_still(parameter: Parameter, record: Record) -> Ask:
    """Ask whether the thing spoken of last is still the one meant."""
    (line,) = tell_apart([record])
    return Ask(f"Do you mean this {noun(parameter)}: {line}?", (parameter.name,))


def do_not_match(parameter: Parameter, value: Json) -> Ask:
    """Say that a name and an id belong to two."""
    text = f"The name you gave is not that of the {noun(parameter)} {value}. Which one do you mean: give one of them."
    return Ask(text, (parameter.name,))


def introduced(parameter: Parameter, record: Record, told: str, tools: Sequence[Tool]) -> Ask:
    """Tell who or what was found, and ask what is wanted of it."""
    offers = [headline(tool) for tool in tools if any(same(one, parameter) for one in parameters(tool))]
    lines = [f"- {offer}" for offer in dict.fromkeys(offers)][:_MAX_OFFERS]
    return Ask("\n".join((told, "", f"What would you like to know about {label(record)}? I can:", *lines)))


def not_found(parameter: Parameter, observation: Observation) -> str:
    """Say that a search found nothing, and with what it was made."""
    said = listed([str(value) for value in observation.arguments.values()], "and")
    text = readable(observation) if observation.text.strip() and parsed(observation.text) is None else ""
    head = text or f"No {noun(parameter)} was found."
    return f"{head}\nI searched for {said}." if said else head


def missing(tool: Tool, wanted: Sequence[Parameter], tools: Sequence[Tool], called: Sequence[str] = ()) -> Ask:
    """Ask for what a tool cannot be called without; of several that were named it says so, for it takes one."""
    names = tuple(one.name for one in wanted)
    first = wanted[0]
    links = suppliers(first, tools) if first.identifies else []
    if links:
        takes = parameters(links[0].tool)
        whole = any(one.kind is Kind.NAME and one.role is Role.PLAIN for one in takes)
        titles = [one.title for one in takes if _is_way(one, whole)]
        ways = [one for one in titles if not any(other != one and other in one for other in titles)]
        hint = f" Tell me the {listed(list(dict.fromkeys(ways))[:4])}." if ways else ""
        several = f"You named {listed(called, 'and')}; I can do this for one at a time. " if len(called) > 1 else ""
        return Ask(f"{several}Which {noun(first)} do you mean?{hint}", names)
    needs = listed([_need(one) for one in wanted], "and")
    return Ask(f"What is {needs}? I need it for this: {_lower(headline(tool))}.", names)


def needed(spoken: Sequence[str], names: tuple[str, ...]) -> Ask:
    """Ask for the values a tool works on, none of which were given."""
    return Ask("\n".join(("For that I need these values:", *(f"- {one}" for one in spoken))), names)


def declined(tools: Sequence[Tool], *, understood: bool) -> Decline:
    """Say that nothing on offer fits, and what could be asked."""
    return Decline(cannot([headline(tool) for tool in tools], understood=understood))


def cannot(offers: Sequence[str], *, understood: bool = True) -> str:
    """Say that nothing on offer fits, and what could be asked; a message without content needs no refusal."""
    if not offers:
        return "I cannot do that: I have no tools or experts to work with."
    shown = list(dict.fromkeys(offers))
    lines = [f"- {offer}" for offer in shown[:_MAX_OFFERS]]
    if len(shown) > len(lines):
        lines.append(f"- and {len(shown) - len(lines)} more")
    return "\n".join(("I cannot do that. What I can do:" if understood else "What I can do:", *lines))


def too_long(most: int) -> str:
    """Say that a message was not read, for a part of it could hold the opposite of the rest."""
    return f"Your message is longer than the {most} characters I read. Tell me in a few sentences what you need."


def _is_short(value: Json) -> bool:
    return not isinstance(value, bool) and len(str(value)) <= _MAX_FACT


def _is_way(parameter: Parameter, whole: bool) -> bool:
    """A person can name the thing by it."""
    if parameter.role in {Role.FAMILY, Role.GIVEN} and whole:
        return False
    return parameter.kind in {Kind.NAME, Kind.ID, Kind.TEXT} or parameter.role is Role.BIRTH


def _need(parameter: Parameter) -> str:
    described = js.text_of(js.as_object(parameter.whole), "description").split(". ", 1)[0].rstrip(". ")
    choices = f" (one of {listed(parameter.choices)})" if parameter.choices else ""
    about = f" ({_lower(described)})" if described and not choices else ""
    return f"the {parameter.title}{about}{choices}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text

"""Who said what: an answer names the experts it rests on (ORCH-01)."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.reasoning import Delegation


def cited(text: str, delegations: Sequence[Delegation]) -> str:
    """The answer with its sources, where several experts contributed.

    What an expert said stands in the answer as it is, more often than not; then its name follows it in brackets.
    Whoever is not found so is named in a last line.
    """
    done = [one for one in delegations if one.text and not (one.asks or one.failed or one.declined)]
    if len({one.expert for one in done}) < 2:
        return text
    elsewhere: list[str] = []
    place = 0
    for one in done:
        begin = text.find(one.text, place)
        if begin < 0:
            elsewhere.append(one.expert)
            continue
        place = begin + len(one.text)
        mark = f" [{one.expert}]"
        text = text[:place] + mark + text[place:]
        place += len(mark)
    named = ", ".join(dict.fromkeys(elsewhere))
    return f"{text}\n\nSources: {named}." if named else text

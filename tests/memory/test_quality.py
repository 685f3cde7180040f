"""How well the memory finds what is asked in other words, by words alone and with MiniLM."""

from __future__ import annotations

import pytest

from agentkit.memory.minilm import MiniLM
from tests.memory.quality import ask

pytestmark = pytest.mark.anyio


async def test_meaning_finds_paraphrases_and_words_find_names_and_numbers() -> None:
    """CTX-06: searched by meaning; `tests/benchmarks/memory_search.py` prints the figures."""
    lexical, hybrid = await ask(None), await ask(MiniLM())
    assert hybrid[True].first == 1
    assert lexical[True].first == 1
    assert hybrid[False].first >= 0.6
    assert hybrid[False].among_three >= 0.9
    assert lexical[False].among_three < 0.2

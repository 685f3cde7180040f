"""The words that the lexical half compares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.memory import stemming
from agentkit.memory.stemming import stem, words

# Examples of Porter's paper, and what its rules make of them together.
PAIRS = """
    caresses caress  ponies poni  ties ti  cats cat  feed feed  agreed agre  plastered plaster  motoring motor
    sing sing  conflated conflat  troubled troubl  sized size  hopping hop  tanned tan  falling fall  hissing hiss
    fizzed fizz  failing fail  filing file  happy happi  sky sky  relational relat  conditional condit
    valenci valenc  digitizer digit  operator oper  feudalism feudal  hopefulness hope  formaliti formal
    triplicate triplic  formative form  electrical electr  goodness good  revival reviv  allowance allow
    inference infer  airliner airlin  adjustable adjust  defensible defens  irritant irrit  replacement replac
    adoption adopt  homologous homolog  effective effect  bowdlerize bowdler  probate probat  rate rate  cease ceas
    controll control  roll roll  generalizations gener  oscillators oscil  allergic allerg  allergies allergi
"""


@pytest.mark.parametrize(("word", "expected"), list(zip(PAIRS.split()[::2], PAIRS.split()[1::2], strict=True)))
def test_english_endings_go_by_porters_rules(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_names_numbers_and_other_scripts_stay_what_they_are() -> None:
    assert words("MRN-4711: Müller, 5.1 mmol/L, 日本語, vitamin K") == [
        "mrn", "4711", "muller", "5", "1", "mmol", "l", "日本語", "vitamin", "k",
    ]  # fmt: skip


def test_words_that_say_nothing_are_left_out() -> None:
    assert words("What is it that they have? __ !?") == []


@given(st.text(max_size=200))
def test_every_text_has_words_that_both_databases_can_store(text: str) -> None:
    for word in words(text):
        assert word
        assert len(word.encode()) <= 256 * 4
        assert "\x00" not in word


def test_no_more_words_are_indexed_than_is_said() -> None:
    assert len(words(" ".join(str(number) for number in range(5000)))) == 512


def test_a_word_as_long_as_a_text_is_not_kept_among_those_whose_stem_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def kept(word: str) -> str:
        asked.append(word)
        return word

    monkeypatch.setattr(stemming, "stem", kept)
    words(f"{'7' * 30_000} b")
    assert [len(word) for word in asked] == [128, 1]

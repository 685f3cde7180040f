"""The two files of the model, believed by their checksums only; needs numpy."""

from __future__ import annotations

import hashlib
import json
import mmap
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from agentkit.errors import ConfigurationError

WEIGHTS: Final = ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
VOCABULARY: Final = ("vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3")

_LENGTH_BYTES: Final = 8


def read_weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors by name, mapped from the file.

    Raises:
        ConfigurationError: The file is missing, or another one.
    """
    content = _checked(folder, WEIGHTS)
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    head = cast("dict[str, dict[str, object]]", json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length]))
    tensors: dict[str, NDArray[np.float32]] = {}
    for name, tensor in head.items():
        if tensor.get("dtype") == "F32":
            begin, end = cast("list[int]", tensor["data_offsets"])
            start = _LENGTH_BYTES + length + begin
            flat = np.frombuffer(content, np.float32, (end - begin) // 4, start)
            tensors[name] = flat.reshape(cast("list[int]", tensor["shape"]))
    return tensors


def read_vocabulary(folder: Path) -> list[str]:
    """The word pieces in the order of their numbers.

    Raises:
        ConfigurationError: The file is missing, or another one.
    """
    return _checked(folder, VOCABULARY)[:].decode().splitlines()


def _checked(folder: Path, expected: tuple[str, str]) -> mmap.mmap:
    name, digest = expected
    path = folder / name
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        raise ConfigurationError(
            "embedder", f"{path} cannot be read", remedy="Install the model again, or give its folder."
        ) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise ConfigurationError(
            "embedder", f"{path} is not the file that is expected (SHA-256)", remedy="Install the model again."
        )
    return content

"""Corti for the README and the examples where the local platform cannot stand in: the contract double, and its agent.

    python -m tests.stand_in examples/04_stream_and_converse.py

runs a program of yours against it, with the variables set that a client reads.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.contract.corti_double import CortiDouble, Received, Report, Turn, Usage, data_part, in_pieces
from tests.contract.corti_double.turns import Produce
from tests.contract.serving import served_in_thread


def stand_in() -> CortiDouble:
    """A double whose agent knows what the pages ask; the MCP server `ehr` of any agent wants a credential."""
    double = CortiDouble()
    double.mcp.demanding.add("ehr")
    double.default_turn = _answer
    return double


def variables(double: CortiDouble) -> dict[str, str]:
    """What leads a client to it."""
    return {
        "CORTI_BASE_URL": double.url,
        "CORTI_TENANT_NAME": double.tenant,
        "CORTI_CLIENT_ID": double.client_id,
        "CORTI_CLIENT_SECRET": double.client_secret,
    }


def _answer(received: Received) -> Turn:
    usage = Usage(input_tokens=120, output_tokens=30, credits=0.5, model="corti-default")
    text = received.text.lower()
    if "follow-up" in text:
        return Turn("On which day?", "input-required", usage=usage)
    if "medications" in text:
        pieces = in_pieces("medications", "Metformin 500 mg in the morning, ", "Lisinopril 10 mg in the evening.")
        return Turn("She takes two.", steps=[Report("Reading the record."), *pieces], usage=usage)
    if "urgent" in text:
        return Turn(artifacts=[Produce([data_part({"urgency": "routine"})])], usage=usage)
    return Turn("It is noted.", usage=usage)


def main() -> int:
    """Run a Python program against the stand-in."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.stand_in PROGRAM.py [ARGUMENT ...]")
    double = stand_in()
    with served_in_thread(double):
        environment = {**os.environ, **variables(double)}
        return subprocess.run([sys.executable, *sys.argv[1:]], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

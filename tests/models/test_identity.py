"""Ids are random UUIDs, also where they are drawn in blocks."""

from __future__ import annotations

import subprocess
import sys
from uuid import RFC_4122, UUID

from agentkit.models import new_id


def test_ids_are_bare_random_uuids_and_all_different() -> None:
    ids = [new_id() for _ in range(1000)]

    assert len(set(ids)) == 1000
    for one in ids:
        parsed = UUID(one)
        assert str(parsed) == one
        assert (parsed.version, parsed.variant) == (4, RFC_4122)


FORKING = """
import os
from agentkit.models import new_id

new_id()
child = os.fork()
os.write(1, f"{new_id()}\\n".encode())  # in one piece, whatever the buffering
if child:
    os.waitpid(child, 0)
"""


def test_a_forked_process_makes_other_ids() -> None:
    run = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True)

    mine, theirs = run.stdout.split()
    assert mine != theirs

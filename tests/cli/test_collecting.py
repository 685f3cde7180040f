"""A process that only serves sets aside what lives as long as it does."""

from __future__ import annotations

import gc

from agentkit.cli.collecting import COLLECT_AFTER, sparing_collector


def test_the_collector_is_as_it_was_after_serving() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with sparing_collector():
        assert gc.get_threshold() == COLLECT_AFTER
        assert gc.get_freeze_count() > frozen
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0

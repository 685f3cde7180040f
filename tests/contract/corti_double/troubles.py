"""Why a request is refused, before any wire spells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from tests.contract.corti_double.schema import Problem

Kind: TypeAlias = Literal[
    "malformed",
    "invalid",
    "bad_id",
    "bad_query",
    "agent_unknown",
    "task_unknown",
    "context_unknown",
    "artifact_unknown",
    "connector_unknown",
    "expert_unknown",
    "context_mismatch",
    "task_not_continuable",
    "task_settled",
    "not_cancelable",
    "conflict",
    "not_implemented",
    "credentials",
    "missing_inherited_token",
    "version",
    "unauthorized",
    "wrong_tenant",
]


class Trouble(Exception):
    """A request that is refused."""

    def __init__(self, kind: Kind, text: str, *, code: str | None = None, problems: Sequence[Problem] = ()) -> None:
        super().__init__(text)
        self.kind: Kind = kind
        self.text = text
        self.code = code
        self.problems = tuple(problems)


def invalid(problems: Sequence[Problem]) -> Trouble:
    """The body breaks the schema."""
    listed = "; ".join(f"{path or 'body'} {reason}" for path, reason in problems)
    return Trouble("invalid", f"The request is not valid: {listed}.", problems=problems)

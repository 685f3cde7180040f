"""What people think of a task's result (V2-OBJ-20)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, cast

from agentkit.errors import SpecError
from agentkit.models.base import Model, Size

MOST_LABELS: Final = 5
LONGEST_REASON: Final = 1000
LONGEST_METHOD: Final = 100
LONGEST_REFERENCE: Final = 255


class FeedbackLabel(StrEnum):
    """Why a result was good or bad."""

    CORRECT = "correct"
    COMPLETE = "complete"
    HELPFUL = "helpful"
    WELL_PRESENTED = "wellPresented"
    EFFICIENT = "efficient"
    INCORRECT = "incorrect"
    MISSING_INFORMATION = "missingInformation"
    IRRELEVANT = "irrelevant"
    MISUNDERSTOOD_REQUEST = "misunderstoodRequest"
    UNSUPPORTED_CLAIM = "unsupportedClaim"
    UNSAFE_OR_INAPPROPRIATE = "unsafeOrInappropriate"
    POORLY_PRESENTED = "poorlyPresented"
    TOO_VERBOSE = "tooVerbose"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FeedbackSpec:
    """Feedback to be given.

    Attributes:
        is_positive: Thumbs up or down.
        labels: At most 5, each once.
        reason: In words, at most 1000 characters; needed with the label `other`.
        message_id: The message it is about; None for the whole task.
        collection_method: How it was asked for, at most 100 characters.
        client_reference: The caller's own mark, at most 255 characters.
        actor_id: Who gives it, under an id that says nothing about the person, at most 255 characters.
    """

    is_positive: bool
    labels: Sequence[FeedbackLabel | str] = ()
    reason: str | None = field(default=None, repr=False)
    message_id: str | None = None
    collection_method: str | None = None
    client_reference: str | None = field(default=None, repr=False)
    actor_id: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check the limits.

        Raises:
            SpecError: A field is of another type or too long, a label is unknown or doubled, or a reason is missing.
        """
        if not isinstance(cast(object, self.is_positive), bool):
            raise SpecError("FeedbackSpec.is_positive", "must be True or False")
        labels = _labels(self.labels)
        object.__setattr__(self, "labels", labels)
        _at_most("reason", self.reason, LONGEST_REASON)
        _at_most("collection_method", self.collection_method, LONGEST_METHOD)
        _at_most("client_reference", self.client_reference, LONGEST_REFERENCE)
        _at_most("actor_id", self.actor_id, LONGEST_REFERENCE)
        _at_most("message_id", self.message_id, None)
        if FeedbackLabel.OTHER in labels and not (self.reason or "").strip():
            raise SpecError("FeedbackSpec.reason", "is needed with the label 'other'", remedy="Say why in words.")
        if self.message_id is not None and not self.message_id.strip():
            raise SpecError("FeedbackSpec.message_id", "is empty", remedy="Leave it out to mean the whole task.")


class Feedback(Model):
    """Feedback as the API shows it.

    Attributes:
        id: `fb.<uuid>`.
        task_id: The task it is about.
        scale: `binary`; unknown words are kept.
        value: On the scale; 1 is good and 0 is bad where it is binary.
        normalized_score: The value from 0 to 1.
        labels: Known words as `FeedbackLabel`, others as they are.
        reason: In words.
        message_id: The message it is about; None for the whole task.
        collection_method: How it was asked for.
        client_reference: The caller's own mark.
        actor_id: Who gave it, under the caller's id.
        created_at: When.
    """

    id: str
    task_id: str
    scale: str = "binary"
    value: float
    normalized_score: float | None = None
    labels: tuple[FeedbackLabel | str, ...] = ()
    reason: str | None = None
    message_id: str | None = None
    collection_method: str | None = None
    client_reference: str | None = None
    actor_id: str | None = None
    created_at: datetime | None = None

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """As everywhere, but for the actor's id, which the caller chose."""
        for name, value in super().__repr_args__():
            yield name, Size(value) if name == "actor_id" else value

    @property
    def is_positive(self) -> bool:
        """Better than the middle of the scale."""
        return (self.value if self.normalized_score is None else self.normalized_score) > 0.5


def _labels(given: Sequence[FeedbackLabel | str]) -> tuple[FeedbackLabel, ...]:
    if isinstance(given, str) or not isinstance(cast(object, given), Sequence):
        raise SpecError("FeedbackSpec.labels", "must be a sequence of labels", remedy="Put the label in a tuple.")
    labels: list[FeedbackLabel] = []
    for index, word in enumerate(given):
        try:
            label = FeedbackLabel(word)
        except ValueError:
            known = ", ".join(FeedbackLabel)
            raise SpecError(f"FeedbackSpec.labels[{index}]", "is no label", remedy=f"Known are {known}.") from None
        if label in labels:
            raise SpecError(f"FeedbackSpec.labels[{index}]", "is given twice", remedy="Give each label once.")
        labels.append(label)
    if len(labels) > MOST_LABELS:
        raise SpecError("FeedbackSpec.labels", f"has {len(labels)} labels", remedy=f"Give at most {MOST_LABELS}.")
    return tuple(labels)


def _at_most(name: str, text: object, limit: int | None) -> None:
    if text is None:
        return
    if not isinstance(text, str):
        raise SpecError(f"FeedbackSpec.{name}", "must be a text or None")
    if limit is not None and len(text) > limit:
        remedy = f"At most {limit} characters are taken."
        raise SpecError(f"FeedbackSpec.{name}", f"has {len(text)} characters", remedy=remedy)

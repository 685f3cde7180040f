"""Feedback of v2 (V2-OBJ-20)."""

from __future__ import annotations

from typing import Final

from agentkit.models import Feedback, FeedbackLabel, FeedbackSpec, JsonObject
from agentkit.wire.reader import Reader, put, read_time

_LARGEST: Final = 2**53
_FEEDBACK: Final = frozenset(
    {"id", "taskId", "rating", "normalizedScore", "labels", "reason", "target", "metadata", "createdAt"}
)


def encode_create_feedback(spec: FeedbackSpec) -> JsonObject:
    """The body that gives feedback; fields left out by the caller are left out."""
    metadata: JsonObject = put(
        {},
        {
            "collectionMethod": spec.collection_method,
            "clientReference": spec.client_reference,
            "actor": {"externalId": spec.actor_id} if spec.actor_id is not None else None,
        },
    )
    wire: JsonObject = {"rating": {"scale": "binary", "value": int(spec.is_positive)}}
    return put(
        wire,
        {
            "labels": [str(label) for label in spec.labels] or None,
            "reason": spec.reason,
            "target": {"messageId": spec.message_id} if spec.message_id is not None else None,
            "metadata": metadata or None,
        },
    )


def decode_feedback(value: object, path: str = "feedback") -> Feedback:
    """Feedback as the API shows it; unknown labels and scales are kept.

    Raises:
        WireError: An id or the rating is missing, or a field does not fit.
    """
    reader = Reader(value, path)
    rating = Reader(reader.given("rating"), reader.at("rating"))
    target = Reader(reader.optional_object("target") or {}, reader.at("target"))
    metadata = Reader(reader.optional_object("metadata") or {}, reader.at("metadata"))
    actor = Reader(metadata.optional_object("actor") or {}, metadata.at("actor"))
    return reader.build(
        Feedback,
        _FEEDBACK,
        id=reader.words("id"),
        task_id=reader.words("taskId"),
        scale=rating.optional_text("scale") or "binary",
        value=_number(rating, "value", rating.given("value")),
        normalized_score=_number(reader, "normalizedScore", reader.raw("normalizedScore")),
        labels=tuple(_label(word) for word in reader.texts("labels")),
        reason=reader.optional_text("reason"),
        message_id=target.optional_text("messageId"),
        collection_method=metadata.optional_text("collectionMethod"),
        client_reference=metadata.optional_text("clientReference"),
        actor_id=actor.optional_text("externalId"),
        created_at=read_time(reader.optional_text("createdAt")),
    )


def decode_feedbacks(value: object, path: str = "") -> tuple[Feedback, ...]:
    """All feedback of a task, newest first (V2-EP-24).

    Raises:
        WireError: It does not fit.
    """
    return Reader(value, path).items("feedbacks", decode_feedback)


def _label(word: str) -> FeedbackLabel | str:
    return FeedbackLabel(word) if word in FeedbackLabel.__members__.values() else word


def _number(reader: Reader, key: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        reader.fail(key, "type", "must be a number")
    if not -_LARGEST <= value <= _LARGEST:
        reader.fail(key, "value", "is out of range")
    return float(value)

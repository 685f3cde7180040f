"""Feedback of v2 (V2-OBJ-20)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from agentkit.models import Feedback, FeedbackLabel, FeedbackSpec, JsonObject
from agentkit.models.feedback import LONGEST_METHOD, LONGEST_REASON, LONGEST_REFERENCE, MOST_LABELS
from agentkit.wire.reader import Reader, put, read_time, write_time

_LARGEST: Final = 2**53
_LABELS: Final = tuple(str(label) for label in FeedbackLabel)
_CREATE: Final = frozenset({"rating", "labels", "reason", "target", "metadata"})
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


def encode_feedback(spec: FeedbackSpec, *, feedback_id: str, task_id: str, created: datetime) -> JsonObject:
    """Feedback as the API shows it: what was given, and what the server knows of it."""
    return {
        "id": feedback_id,
        "taskId": task_id,
        "labels": [],
        **encode_create_feedback(spec),
        "normalizedScore": float(spec.is_positive),
        "createdAt": write_time(created),
    }


def decode_create_feedback(value: object, path: str = "") -> FeedbackSpec:
    """The body that gives feedback, an object that is closed all the way down.

    Raises:
        WireError: It is no such object; the error names the first field that does not fit.
    """
    reader = Reader(value, path)
    reader.only(_CREATE)
    rating = Reader(reader.given("rating"), reader.at("rating"))
    rating.only(frozenset({"scale", "value"}))
    if rating.text("scale") != "binary":
        rating.fail("scale", "value", "must be binary")
    score = rating.given("value")
    if isinstance(score, bool) or score not in (0, 1):
        rating.fail("value", "value", "must be 0 or 1")
    target = _inner(reader, "target", frozenset({"messageId"}))
    metadata = _inner(reader, "metadata", frozenset({"collectionMethod", "clientReference", "actor"}))
    actor = None if metadata is None else _inner(metadata, "actor", frozenset({"externalId"}))
    labels = _labels(reader)
    reason = _short(reader, "reason", LONGEST_REASON)
    if FeedbackLabel.OTHER in labels and not (reason or "").strip():
        reader.fail("reason", "missing", "is required with the label other")
    return FeedbackSpec(
        is_positive=bool(score),
        labels=labels,
        reason=reason,
        message_id=None if target is None else target.words("messageId"),
        collection_method=None if metadata is None else _short(metadata, "collectionMethod", LONGEST_METHOD),
        client_reference=None if metadata is None else _short(metadata, "clientReference", LONGEST_REFERENCE),
        actor_id=None if actor is None else _short(actor, "externalId", LONGEST_REFERENCE, required=True),
    )


def _inner(reader: Reader, key: str, known: frozenset[str]) -> Reader | None:
    if not reader.has(key):
        return None
    inner = Reader(reader.raw(key), reader.at(key))
    inner.only(known)
    return inner


def _labels(reader: Reader) -> tuple[FeedbackLabel, ...]:
    words = reader.texts("labels")
    if len(words) > MOST_LABELS:
        reader.fail("labels", "value", f"must have at most {MOST_LABELS} items")
    for index, word in enumerate(words):
        if word not in _LABELS:
            reader.fail(f"labels[{index}]", "value", f"must be one of {', '.join(_LABELS)}")
        if word in words[:index]:
            reader.fail(f"labels[{index}]", "value", "is given twice")
    return tuple(FeedbackLabel(word) for word in words)


def _short(reader: Reader, key: str, limit: int, *, required: bool = False) -> str | None:
    text = reader.text(key) if required else reader.optional_text(key)
    if text is not None and len(text) > limit:
        reader.fail(key, "value", f"must have at most {limit} characters")
    return text


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

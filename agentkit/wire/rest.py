"""The REST models as JSON: one codec for all of them (section 19)."""

from __future__ import annotations

from typing import TypeVar, cast

from pydantic import ValidationError

from agentkit.errors import SpecError, WireError
from agentkit.models import JsonObject
from agentkit.models.rest import ANSWER, RestModel, fault
from agentkit.wire.reader import Reader

M = TypeVar("M", bound=RestModel)


def decode(model: type[M], value: object, path: str = "") -> M:
    """A model out of an answer; unknown fields and words are kept, unreadable dates are None (CLI-12).

    Raises:
        WireError: It does not fit; the error names the place and never the value.
    """
    try:
        return model.model_validate(value, context=ANSWER, by_alias=True, by_name=False)
    except ValidationError as error:
        place, why = fault(error)
        missing = why == "is required"
        raise WireError(_joined(path, place), "missing" if missing else "type", why) from None


def decode_all(model: type[M], value: object, key: str, path: str = "") -> tuple[M, ...]:
    """The models under a key of an answer; none where the key is absent or null.

    Raises:
        WireError: It does not fit.
    """
    return Reader(value, path).items(key, lambda item, place: decode(model, item, place))


def encode(model: object, field: str = "value") -> JsonObject:
    """A model as JSON; what was not set is left out, what was set to None is null.

    Args:
        model: A `RestModel`.
        field: The argument it was given for.

    Raises:
        SpecError: It is something else.
    """
    if not isinstance(model, RestModel):
        remedy = "Make it with the class of agentkit.models that this argument takes; several go into a list."
        raise SpecError(field, f"is a {type(model).__name__}", remedy=remedy)
    return cast("JsonObject", model.model_dump(mode="json", by_alias=True, exclude_unset=True))


def _joined(path: str, place: str) -> str:
    return f"{path}.{place}" if path and place else path or place

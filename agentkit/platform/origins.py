"""Origins, as settings and browsers name them: scheme, host and port."""

from __future__ import annotations

from urllib.parse import urlsplit

from agentkit.errors import ConfigurationError
from agentkit.oauth.exchange import origin_of


def check_origins(origins: tuple[str, ...]) -> None:
    """Refuse what is compared with origins and is none, because it would never fit.

    Raises:
        ConfigurationError: There is one; the setting is `origins`.
    """
    if not all(is_origin(one) for one in origins):
        raise ConfigurationError(
            "origins",
            "holds one that is no origin",
            remedy="Write scheme, host and port in lower case, without a path: https://ehr.example.org.",
        )


def is_origin(text: str) -> bool:
    """Whether a text is scheme, host and port as `origin_of` and browsers write them."""
    return has_origin(text) and origin_of(text) == text


def has_origin(url: str) -> bool:
    """Whether a text is the http or https address of a host."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)

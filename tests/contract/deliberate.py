"""The one table of how the platform's answers differ from the double's, and by which rule both are right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Row:
    """A difference that is meant.

    Attributes:
        rules: What the reference says, or leaves open, about it.
        why: What either of them does.
        places: Where in an answer, as a pattern of paths.
        example: A request that shows it.
        requests: In the answers to which requests, as a pattern of their names.
    """

    rules: str
    why: str
    places: str
    example: str
    requests: str = r".*"

    def allows(self, request: str, place: str) -> bool:
        """Whether it covers a difference."""
        return bool(re.fullmatch(self.requests, request) and re.fullmatch(self.places, place))


ROWS: Final = (
    Row(
        "V1-ERR-01, V2-ERR-01",
        "`howToFix` is optional: the platform gives advice, the double none.",
        r"body(\.error)?\.howToFix",
        "v1 get unknown",
    ),
    Row(
        "V1-ERR-06",
        "Codes that the reference does not name: each has its own.",
        r"body(\.error)?\.code",
        "v1 create with broken json",
        r".*(broken json|empty body|without token|wrong token|another tenant|page size (0|201)|token of a page|no range"
        r"|as plain json|as text)",
    ),
    Row(
        "HDR-01, V1-EP-01",
        "A token of another tenant is no valid one here, and 403 is not declared for every endpoint: the platform "
        "says 401.",
        r"status|www-authenticate",
        "v1 create of another tenant",
        r".* of another tenant",
    ),
    Row(
        "V1-OBJ-06, V1-OBJ-08, V1-OBJ-10",
        "Optional lists: the platform shows empty ones; a `redirectUrl` that nobody gave is null at the double.",
        r"body(\[\]\d*)?(\.experts(\[\w+\]\d*\.mcpServers\[\w*\]\d*\.redirectUrl)?|\.mcpServers)",
        "v1 create",
        r"v1 (create|list|get|patch).*",
    ),
    Row(
        "V1-OBJ-12, V1-OBJ-13, V2-OBJ-17",
        "Optional fields of cards.",
        r"body\.(capabilities\.stateTransitionHistory|iconUrl|provider|securitySchemes|skills\[\]\.(tags\[\]|description))",
        "v1 card",
        r"v[12] card",
    ),
    Row(
        "V1-OBJ-11, V2-OBJ-23",
        "Optional fields of registry entries: the platform makes a title of the name.",
        r"body\.(experts\[\]\.display(Name|Description)|title|description)",
        "v1 registry",
        r"v[12] registry.*",
    ),
    Row(
        "V1-OBJ-17, V1-OBJ-21, V2-OBJ-11, V2-OBJ-14, CON-14",
        "Optional fields of tasks: empty lists are left away in one of them, messages of the platform tell their time "
        "in v2, and its usage is told over REST too.",
        r"body.*\.(artifacts|history|metadata)",
        "v2 send",
        r"v[12] (rpc |context |task|send|stream|cancel|subscribe|context).*|v2 (context|tasks|task)",
    ),
    Row(
        "V2-OBJ-03, V2-OBJ-08, V2-OBJ-10",
        "A `model` that nobody chose is null at the platform; it tells the `transition` that holds, and leaves away an "
        "`auth` of type none.",
        r"body(\.agents\[\]\d*)?\.(model|(connectors\[\w+\]\d*\.)?(transition|auth))",
        "v2 create",
        r"v2 (create|list|get|patch|connector).*",
    ),
    Row(
        "V2-MIG-01",
        "The platform has one record for both generations: each one's lists show the agents of the other.",
        r"body(\.agents)?\[\]\d*.*",
        "v1 list",
        r"v[12] list( a page)?",
    ),
    Row(
        "V2-ERR-01",
        "The key of a label is the caller's: the platform tells where it stands, not what it is.",
        r"body\.error\.details\.validationErrors\[\]\.field",
        "v2 create with a bad label",
        r"v2 .*bad label",
    ),
    Row(
        "V1-ERR-05, V2-ERR-02",
        "The platform adds a google.rpc BadRequest that names the field.",
        r"body\.error\.(details|data)\[BadRequest\]",
        "v2 send without message",
    ),
    Row(
        "MCPAUTH-11",
        "The reference has no place for the code on the A2A planes: it is the double's `reason`, and stands in the "
        "platform's `metadata`.",
        r"body\.error\.(details|data)\[ErrorInfo\]\.reason",
        "v1 rpc bad credential",
        r".* bad credential",
    ),
    Row(
        "V2-EP-10",
        "A2A 1.0 wants a `totalSize`, which Corti never fills.",
        r"body\.(result\.)?totalSize",
        "v2 tasks",
        r"v2 (tasks|rpc list).*",
    ),
    Row(
        "V2-OBJ-19",
        "Optional end of a span: the double's last until somebody looks again.",
        r"body\.traces\[\]\.spans\[\]\.end_time",
        "v2 trace",
        r"v2 trace",
    ),
    Row(
        "AUTH-08",
        "Optional: a user whose scope holds `openid` gets an `id_token` of the platform.",
        r"body\.id_token",
        "token of a user",
        r"token of a user",
    ),
    Row(
        "AUTH-09",
        "RFC 6749 wants a challenge with every 401, and a description helps with an unknown realm.",
        r"www-authenticate|body\.error_description",
        "token of a wrong secret",
        r"token .*",
    ),
)

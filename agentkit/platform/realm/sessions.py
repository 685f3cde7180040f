"""Sessions of people: authorization codes, refresh tokens that rotate, and what ended early.

Of a code or refresh token only its SHA-256 hash is kept: both are 256 random bits, so nobody finds them by the hash.
Codes live in memory, for a minute; sessions and refresh tokens survive a restart.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agentkit.storage import Connection, Database

CODE_LIFETIME: Final = 60.0
"""Seconds a code may wait for its client."""

CODES: Final = 10_000
"""So many codes at most wait; the oldest is dropped first."""

SESSIONS: Final = 100
"""So many sessions of one person at most; the oldest ends first."""

RELOAD: Final = 5.0
"""Seconds after which a process hears what another one ended, where several use the database."""

SESSION_LIFETIME: Final = 36_000.0
"""Seconds after which a person has to sign in again, however often tokens were refreshed."""

# Of two processes that find the same token unused, one alone uses it.
_USE: Final = "UPDATE realm_refresh_tokens SET used = 1 WHERE digest = ? AND used = 0"
_KEEP_ENDED: Final = (
    "INSERT INTO realm_ended (id, expires) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET expires = excluded.expires"
)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of a person at one client.

    Attributes:
        id: `session_state` and `sid` of its tokens.
        tenant: Where.
        client_id: For which client.
        username: Who.
        started: When the person signed in; seconds since the epoch, as all times here.
        expires: When it ends at the latest.
    """

    id: str
    tenant: str
    client_id: str
    username: str
    started: float
    expires: float


@dataclass(frozen=True, slots=True)
class Code:
    """What an authorization code stands for.

    Attributes:
        session: The sign-in it came from.
        redirect_uri: Where it was sent.
        challenge: The `S256` challenge of PKCE, or None.
        nonce: Comes back in the id token.
        scopes: What was asked for.
        expires: When it is worth nothing any more.
    """

    session: Session
    redirect_uri: str
    challenge: str | None
    nonce: str | None
    scopes: tuple[str, ...]
    expires: float


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh token stands for.

    Attributes:
        session: The sign-in it belongs to.
        scope: What its tokens may, space separated.
        expires: When it is worth nothing any more.
        used: It was presented before.
    """

    session: Session
    scope: str
    expires: float
    used: bool


class Sessions:
    """All sessions of a platform."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """Keep them in a database opened with the realm's migrations; `load` before use."""
        self._database = database
        self._clock = clock
        self._codes: OrderedDict[str, Code] = OrderedDict()
        self._spent: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._ended: dict[str, float] = {}
        # On SQLite nobody else writes what this process does not know.
        self._reload = RELOAD if database.row_lock else math.inf
        self._loaded = -math.inf

    @property
    def is_stale(self) -> bool:
        """Whether another process may have ended something a while ago: time to `load` again."""
        return self._clock() - self._loaded >= self._reload

    async def load(self) -> None:
        """Read which tokens ended early, so that asking for each call is free."""
        now = self._clock()

        def read(connection: Connection) -> dict[str, float]:
            return dict(connection.execute("SELECT id, expires FROM realm_ended WHERE expires > ?", (now,)).fetchall())

        self._loaded = now
        found = await self._database.read(read)
        # What ended while that was read is not in it.
        self._ended = self._still_ended(now) | found

    def begin(self, tenant: str, client_id: str, username: str) -> Session:
        """A session of somebody who signed in just now; it is kept from its first tokens on."""
        now = self._clock()
        return Session(secrets.token_hex(16), tenant, client_id, username, now, now + SESSION_LIFETIME)

    def hand_out(self, code: Code) -> str:
        """A code that stands for this, once."""
        text = secrets.token_urlsafe(32)
        self._codes[digest_of(text)] = code
        if len(self._codes) > CODES:
            self._codes.popitem(last=False)
        return text

    async def redeem(self, text: str) -> Code | None:
        """What a code stands for; a second time it ends the session that the first one brought (RFC 6749, 4.1.2)."""
        digest, now = digest_of(text), self._clock()
        code = self._codes.pop(digest, None)
        if code is not None:
            self._spent[digest] = code.session.id, code.session.expires
            if len(self._spent) > CODES:
                self._spent.popitem(last=False)
            return code if code.expires > now else None
        spent = self._spent.pop(digest, None)
        if spent is not None and spent[1] > now:
            await self.end_session(*spent)
        return None

    async def open(self, session: Session, scope: str, lifetime: float) -> tuple[str, float]:
        """Keep a session with its first refresh token.

        Args:
            session: Began just now.
            scope: What its tokens may.
            lifetime: Seconds the refresh token may wait.

        Returns:
            The token, and the seconds it lives.
        """
        text, now = secrets.token_urlsafe(48), self._clock()
        expires = min(now + lifetime, session.expires)

        def write(connection: Connection) -> None:
            _prune(connection, session, now)
            connection.execute(
                "INSERT INTO realm_sessions (id, tenant, client, username, started, expires) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    session.id,
                    session.tenant,
                    session.client_id,
                    session.username,
                    session.started,
                    session.expires,
                ),
            )
            _insert(connection, text, session.id, scope, expires)

        await self._database.write(write)
        return text, expires - now

    async def find(self, text: str) -> Refreshed | None:
        """What a refresh token stands for, used or not."""
        digest = digest_of(text)
        return await self._database.read(lambda connection: _find(connection, digest))

    async def rotate(self, text: str, scope: str, lifetime: float) -> tuple[str, float] | None:
        """The token that follows a refresh token, and the seconds it lives; None where another request was faster."""
        digest, following, now = digest_of(text), secrets.token_urlsafe(48), self._clock()

        def write(connection: Connection) -> float | None:
            found = _find(connection, digest)
            if found is None or not connection.execute(_USE, (digest,)).rowcount:
                return None
            expires = min(now + lifetime, found.session.expires)
            _insert(connection, following, found.session.id, scope, expires)
            return expires

        expires = await self._database.write(write)
        return None if expires is None else (following, expires - now)

    async def end_session(self, session_id: str, expires: float) -> None:
        """End a session: its refresh tokens are gone, and its access tokens are refused from now on."""
        await self._end(session_id, expires, "DELETE FROM realm_sessions WHERE id = ?")

    async def end_token(self, token_id: str, expires: float) -> None:
        """End one access token, by its `jti`."""
        await self._end(token_id, expires, None)

    def has_ended(self, *ids: str) -> bool:
        """Whether one of these sessions or tokens ended early."""
        return bool(self._ended) and any(one in self._ended for one in ids)

    async def _end(self, ended: str, expires: float, also: str | None) -> None:
        now = self._clock()
        self._ended = self._still_ended(now) | {ended: expires}

        def write(connection: Connection) -> None:
            connection.execute("DELETE FROM realm_ended WHERE expires <= ?", (now,))
            connection.execute(_KEEP_ENDED, (ended, expires))
            if also is not None:
                connection.execute(also, (ended,))

        await self._database.write(write)

    def _still_ended(self, now: float) -> dict[str, float]:
        return {known: until for known, until in self._ended.items() if until > now}


def digest_of(text: str) -> str:
    """The hash by which a code or token is known."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _find(connection: Connection, digest: str) -> Refreshed | None:
    row = connection.execute(
        "SELECT s.id, s.tenant, s.client, s.username, s.started, s.expires, t.scope, t.expires, t.used"
        " FROM realm_refresh_tokens t JOIN realm_sessions s ON s.id = t.session WHERE t.digest = ?",
        (digest,),
    ).fetchone()
    return None if row is None else Refreshed(Session(*row[:6]), row[6], row[7], bool(row[8]))


def _insert(connection: Connection, text: str, session_id: str, scope: str, expires: float) -> None:
    connection.execute(
        "INSERT INTO realm_refresh_tokens (digest, session, scope, expires, used) VALUES (?, ?, ?, ?, 0)",
        (digest_of(text), session_id, scope, expires),
    )


def _prune(connection: Connection, session: Session, now: float) -> None:
    """Forget what has expired, and the oldest sessions of a person who has too many."""
    connection.execute("DELETE FROM realm_refresh_tokens WHERE expires <= ?", (now,))
    connection.execute("DELETE FROM realm_sessions WHERE expires <= ?", (now,))
    connection.execute(
        "DELETE FROM realm_sessions WHERE tenant = ? AND username = ? AND id NOT IN"
        " (SELECT id FROM realm_sessions WHERE tenant = ? AND username = ? ORDER BY started DESC LIMIT ?)",
        (session.tenant, session.username, session.tenant, session.username, SESSIONS - 1),
    )

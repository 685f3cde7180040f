"""Jobs in transactions: those that write share one, each in its savepoint; those that read share a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from agentkit.errors import AgentKitError, StorageError
from agentkit.storage.connection import Connection
from agentkit.storage.link import Link

ATTEMPTS: Final = 5
"""So often is a job tried whose transaction was beaten by that of another process."""


class Work(NamedTuple):
    """What is to be done: a job on the connection, or something `apart` that belongs into no transaction."""

    job: Callable[[Connection], object] | None
    apart: Callable[[Link], object] | None = None


class Done(NamedTuple):
    """What a job returned, or raised."""

    result: object
    error: BaseException | None


class _Lost(Exception):
    """The database gave up the whole transaction, not one statement."""


class _Beaten(Exception):
    """The transaction lost against one of another process, and may be tried again as it is."""


def do_apart(link: Link, job: Callable[[Link], object]) -> Done:
    """Do something outside of any transaction."""
    try:
        return Done(job(link), None)
    except BaseException as error:
        return Done(None, _seen(link, error))


def write(link: Link, works: list[Work]) -> list[Done]:
    """Do jobs in one transaction; one that raises undoes itself only.

    They are first tried without savepoints, which cost two statements for each of them; a group in which one raises is
    rolled back and done anew, with savepoints.
    """
    try:
        return _together(link, works, savepoints=False) or _together(link, works, savepoints=True) or []
    except _Beaten:
        _roll_back(link)
    return [_alone(link, work) for work in works]


def read(link: Link, works: list[Work]) -> list[Done]:
    """Do jobs that only read on one snapshot; after one that raises, the others read a new one."""
    done: list[Done] = []
    try:
        link.begin()
        for work in works:
            done.append(_attempt(link, work))
            if done[-1].error is not None:
                _roll_back(link)
                link.begin()
        link.connection.execute("COMMIT")
    except (link.refusals, StorageError, _Beaten) as error:
        _roll_back(link)
        return [*done, *(Done(None, _seen(link, error)) for _ in works[len(done) :])]
    return done


def _together(link: Link, works: list[Work], *, savepoints: bool) -> list[Done] | None:
    """What jobs came to; None, and nothing is done, where one of several raised and there are no savepoints."""
    attempt = _attempt_apart if savepoints else _attempt
    done: list[Done] = []
    try:
        link.begin()
        for work in works:
            done.append(attempt(link, work))
            if done[-1].error is not None and not savepoints:
                _roll_back(link)
                return done if len(works) == 1 else None
        link.connection.execute("COMMIT")
    except (link.refusals, StorageError, _Lost) as error:
        failed = [Done(None, _seen(link, error)) for _ in works]
        _roll_back(link)
        return failed
    return done


def _alone(link: Link, work: Work) -> Done:
    for _ in range(ATTEMPTS):
        try:
            if done := _together(link, [work], savepoints=False):
                return done[0]
        except _Beaten:
            _roll_back(link)
    return Done(None, StorageError("The database is too busy: others changed the same rows.", remedy="Try again."))


def _attempt(link: Link, work: Work) -> Done:
    assert work.job is not None  # noqa: S101 - those apart are not grouped
    try:
        return Done(work.job(link.connection), None)
    except link.refusals as error:
        if link.may_repeat(error):
            raise _Beaten from error
        return Done(None, link.explain(error))
    except BaseException as error:
        return Done(None, error)


def _attempt_apart(link: Link, work: Work) -> Done:
    connection = link.connection
    connection.execute("SAVEPOINT job")
    done = _attempt(link, work)
    if done.error is not None:
        if not link.in_transaction():
            raise _Lost from done.error
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")
    return done


def _roll_back(link: Link) -> None:
    with suppress(link.refusals):
        if link.in_transaction():
            link.connection.execute("ROLLBACK")


def _seen(link: Link, error: BaseException) -> BaseException:
    cause = error.__cause__ if isinstance(error, (_Lost, _Beaten)) else error
    if isinstance(cause, AgentKitError) or not isinstance(cause, link.refusals):
        return cause or error
    return link.explain(cause)

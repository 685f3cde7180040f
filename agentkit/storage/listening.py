"""Notifications of a PostgreSQL database, heard on the event loop without a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import psycopg

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0

_log = logging.getLogger("agentkit.storage")


class Listener:
    """Listens on one channel over a connection of its own, and connects again when that breaks."""

    def __init__(self, url: str, channel: str, heard: Callable[[str | None], None]) -> None:
        """Prepare; `start` connects.

        Args:
            url: Of the database.
            channel: A plain lower-case name.
            heard: Called with each payload, and with None when some may have been missed.
        """
        self._url = url
        self._listen = f'LISTEN "{channel}"'.encode()
        self._heard = heard
        self._driver: psycopg.Connection | None = None
        self._socket = -1
        self._closed = False
        self._connecting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect; where that fails, go on trying without holding anybody up."""
        try:
            await self._connect()
        except psycopg.Error:
            self._connect_later()

    async def close(self) -> None:
        """Stop listening."""
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        self._drop()

    async def _connect(self) -> None:
        driver = await asyncio.to_thread(_open, self._url, self._listen)
        if self._closed:
            driver.close()
            return
        self._driver, self._socket = driver, driver.fileno()
        asyncio.get_running_loop().add_reader(self._socket, self._receive, driver)

    def _connect_later(self) -> None:
        self._connecting = asyncio.get_running_loop().create_task(self._connect_again())

    async def _connect_again(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            try:
                await self._connect()
            except psycopg.Error:
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._heard(None)
                return

    def _receive(self, driver: psycopg.Connection) -> None:
        try:
            driver.pgconn.consume_input()
        except psycopg.Error:
            _log.warning("the connection that listens for changes broke")
            self._drop()
            self._connect_later()
            self._heard(None)
            return
        while (notice := driver.pgconn.notifies()) is not None:
            self._heard(notice.extra.decode())

    def _drop(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            # At once, and by the number it had: a broken connection has none, which may be another's a moment later.
            asyncio.get_running_loop().remove_reader(self._socket)
            driver.close()


def _open(url: str, listen: bytes) -> psycopg.Connection:
    driver = psycopg.connect(url, autocommit=True, connect_timeout=10)
    driver.execute(listen)
    return driver

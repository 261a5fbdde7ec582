"""Asking sentinels where the master is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import redis
from redis.connection import Connection

from .redis_connection import BROKEN, connection_to
from .redis_pool import Unfit
from .redis_uri import Address


def way_to(address: Address) -> Callable[[], Connection]:
    """Makes connections, not yet open, to where the server is at that moment."""
    if not address.sentinels:
        return lambda: connection_to(address)
    sentinels = _Sentinels(address)
    return lambda: connection_to(sentinels.master())


class _Sentinels:
    """Those that are asked for the master; who was silent is asked last from then on."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._order = tuple(address.sentinels)

    def master(self) -> Address:
        """Where the first sentinel that answers says that the master is.

        :raises redis.ConnectionError: if none answers.
        :raises Unfit: if one does not know the master.
        """
        gives_up = time.monotonic() + self._address.timeout
        for each in self._order:
            try:
                return self._told(*each)
            except BROKEN:
                # Whoever asks next asks another first.
                self._order = (*(other for other in self._order if other != each), each)
            # Several that are silent must not keep a page waiting, one after the other.
            if time.monotonic() >= gives_up:
                break
        raise redis.ConnectionError("no sentinel answers")

    def _told(self, host: str, port: int) -> Address:
        address = self._address
        asked = replace(
            address,
            host=host,
            port=port,
            db=0,
            username="",
            password=address.sentinel_password,
            sentinels=(),
        )
        connection = connection_to(asked)
        try:
            connection.connect()
            connection.send_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.service)
            told = connection.read_response()
            if told is None:
                raise Unfit(f"the sentinels know no {address.service}")
            name, at = told
            return replace(address, host=name.decode(), port=int(at))
        finally:
            connection.disconnect()

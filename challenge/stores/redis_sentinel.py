"""Asking sentinels where the master is."""

from __future__ import annotations

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
    return lambda: connection_to(_master(address))


def _master(address: Address) -> Address:
    """Where the first sentinel that answers says that the master is.

    :raises redis.ConnectionError: if none answers.
    :raises Unfit: if one does not know the master.
    """
    for host, port in address.sentinels:
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
        except BROKEN:
            continue
        finally:
            connection.disconnect()
    raise redis.ConnectionError("no sentinel answers")

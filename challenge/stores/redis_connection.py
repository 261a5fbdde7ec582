"""A connection to a Redis server as the pool wants it, and what may be said of its errors."""

from __future__ import annotations

from typing import Any

import redis
from redis.connection import Connection, SSLConnection

from .redis_uri import Address

#: errors whose text is the server's
_SAID_BY_SERVER = (
    redis.ResponseError,
    redis.AuthenticationError,
    redis.BusyLoadingError,
    redis.InvalidResponse,
)

#: What a call ends with that has no reply; bytes that are no reply make the parser raise the last.
BROKEN = (redis.RedisError, OSError, ValueError, TypeError)


def connection_to(address: Address) -> Connection:
    """A connection to a server, not yet open."""
    # Version 2 of the protocol: nothing comes that was not asked for. No second tries.
    common: dict[str, Any] = {
        "host": address.host,
        "port": address.port,
        "db": address.db,
        "username": address.username or None,
        "password": address.password or None,
        "socket_timeout": address.timeout,
        "socket_connect_timeout": address.timeout,
        "protocol": 2,
        "driver_info": None,
        "socket_keepalive": True,
    }
    if not address.tls:
        return Connection(**common)
    return SSLConnection(
        **common,
        ssl_cert_reqs="required",
        ssl_check_hostname=True,
        ssl_ca_certs=address.ca or None,
        ssl_certfile=address.cert or None,
        ssl_keyfile=address.key or None,
    )


def said(error: Exception) -> str:
    """An error for the log: its kind, and its first word where that is a code.

    Never the rest of what a server says: some repeat the command, and a command may be AUTH.
    """
    kind = type(error).__name__
    if isinstance(error, _SAID_BY_SERVER):
        return f"{kind} {code(error)}".rstrip()
    return f"{kind}: {error}"


def code(error: Exception) -> str:
    """The code with which a server's error begins, such as OOM; empty without one."""
    first = getattr(error, "status_code", None) or str(error).partition(" ")[0]
    return first if first.isalpha() and first.isupper() else ""

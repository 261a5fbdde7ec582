"""Where state is kept, by URI."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from ..errors import ConfigError
from .base import Store as Store
from .memory import MemoryStore
from .redis_uri import read_address
from .sqlite import SQLiteStore

REDIS_SCHEMES = ("redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster",
                 "rediss+cluster")  # fmt: skip


def from_uri(uri: str, *, folder: Path, max_bytes: int) -> Store:
    """The store that a URI names.

    `memory://`, `sqlite:///name` (beside the app's instance files), `sqlite:////absolute/name`, or
    `redis://host:port/db`, `rediss://`, `redis+sentinel://` and `redis+cluster://` (see
    :func:`challenge.stores.redis_uri.read_address`).

    :param folder: what a relative file name is relative to.
    :param max_bytes: bound of what a store keeps on disk.
    :raises ConfigError: for a URI that names no store, or a store that cannot be used.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise ConfigError("STORE_URI is no URI") from None
    if parts.scheme in REDIS_SCHEMES:
        return _redis(parts)
    if parts.scheme.startswith(("redis+", "rediss+", "valkey")):
        raise ConfigError(
            f"STORE_URI {parts.scheme}://...: not supported; {', '.join(REDIS_SCHEMES)} are"
        )
    path = unquote(parts.path.removeprefix("/"))
    if "\0" in path:
        raise ConfigError("STORE_URI has a NUL")
    if parts.query or parts.fragment or parts.netloc:
        raise ConfigError(f"STORE_URI {parts.scheme}://...: only a path is known")
    if parts.scheme == "memory" and not path:
        return MemoryStore()
    if parts.scheme == "sqlite" and path:
        return SQLiteStore(folder / path, max_bytes=max_bytes)
    raise ConfigError(f"STORE_URI {parts.scheme}://...: no such store")


def _redis(parts: SplitResult) -> Store:
    # Imported only where it is used: the driver is an extra.
    try:
        from .redis import RedisStore
        from .redis_cluster import ClusterStore
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise ConfigError("STORE_URI redis://...: pip install 'tallygate[redis]'") from error
    address = read_address(parts)
    return ClusterStore(address) if address.servers else RedisStore(address)

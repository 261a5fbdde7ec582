"""Where state is kept, by URI."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import ConfigError
from .base import Store as Store
from .memory import MemoryStore
from .sqlite import SQLiteStore


def from_uri(uri: str, *, folder: Path, max_bytes: int) -> Store:
    """The store that a URI names.

    `memory://`, or `sqlite:///name` (beside the app's instance files) and
    `sqlite:////absolute/name`.

    :param folder: what a relative file name is relative to.
    :param max_bytes: bound of what a store keeps on disk.
    :raises ConfigError: for a URI that names no store, or a store that cannot be used.
    """
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise ConfigError("STORE_URI is no URI") from error
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

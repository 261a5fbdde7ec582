"""Changes of the keys file: rotate and revoke, one at a time, each whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import ConfigError
from . import file
from .file import CHALLENGE_KEPT, CLEARANCE_KEPT, Entry, Stored
from .ring import SECRET_BYTES

try:
    import fcntl
except ImportError:  # Windows: one operator at a time
    fcntl = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did.

    :ivar kid: the key that signs now.
    :ivar dropped: ids of keys that nothing valid needs any more.
    """

    kid: str
    dropped: tuple[str, ...]


def rotate(path: Path, random: Callable[[int], bytes], now: float) -> Rotated:
    """Add a clearance key, which signs at once, and a challenge secret; retire the others.

    Retired keys go on verifying what they have signed, until its last day; those past it
    are dropped.

    :raises ConfigError: if the file cannot be read, or not written; it is then unchanged.
    """
    with _changing(path) as change:
        after = change.after = _rotated(change.before, random, int(now))
        kept = {entry.secret for entry in after.clearance}
        dropped = tuple(e.kid for e in change.before.clearance if e.secret not in kept)
    return Rotated(after.clearance[-1].kid, dropped)


def revoke(
    path: Path,
    kid: str,
    random: Callable[[int], bytes],
    now: float,
    *,
    rotating: bool = False,
) -> None:
    """Let a clearance key verify nothing from now on.

    The challenge secrets lie in the same file, so they are replaced too, without overlap:
    a visitor who is solving at this moment is asked once more.

    :param rotating: add a new key first, so that the only one that signs may be revoked.
    :raises ConfigError: `key_unknown`; `last_key` if no other key may sign; or as
        :func:`rotate`.
    """
    with _changing(path) as change:
        stored = change.before
        if kid not in [entry.kid for entry in stored.clearance]:
            raise ConfigError(f"keys file {path} has no key {kid}", code="key_unknown")
        if rotating:
            stored = _rotated(stored, random, int(now))
        clearance = tuple(
            replace(e, revoked=True, retired=int(now) if e.retired is None else e.retired)
            if e.kid == kid
            else e
            for e in stored.clearance
        )
        if not any(entry.active for entry in clearance):
            raise ConfigError(f"{kid} is the only key that may sign", code="last_key")
        change.after = Stored(
            profile=stored.profile,
            challenge=(Entry(random(SECRET_BYTES), int(now)),),
            clearance=clearance,
        )


def _rotated(stored: Stored, random: Callable[[int], bytes], now: int) -> Stored:
    def renew(entries: tuple[Entry, ...], kept: int) -> tuple[Entry, ...]:
        retired = (replace(e, retired=now) if e.retired is None else e for e in entries)
        new = Entry(random(SECRET_BYTES), now)
        return (*(e for e in retired if e.needed(now, kept)), new)

    return Stored(
        profile=stored.profile,
        challenge=renew(stored.challenge, CHALLENGE_KEPT),
        clearance=renew(stored.clearance, CLEARANCE_KEPT),
    )


class _Change:
    def __init__(self, before: Stored) -> None:
        self.before = before
        self.after = before


@contextmanager
def _changing(path: Path) -> Iterator[_Change]:
    """Read the file, and write it again if the block changed it, under an exclusive lock."""
    try:
        # The file itself is replaced, not a link that leads to it.
        path = path.resolve(strict=True)
        with _locked(path):
            before, _ = file.read(path)
            change = _Change(before)
            yield change
            if change.after != before:
                file.replace(path, change.after)
    except OSError as error:
        raise ConfigError(f"keys file {path}: {error.strerror}", code="keys_unwritable") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # A lock on the keys file itself would be on a file that the holder replaces.
    lock = path.with_name(path.name + ".lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        file.adopt(lock, path.stat())
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

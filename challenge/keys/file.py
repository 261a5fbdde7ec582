"""The keys file: JSON, mode 0600, replaced as a whole and never changed in place.

::

    {"version": 1,
     "challenge": [{"d": "<32 bytes, base64url>", "made": 1763900000, "retired": null,
                    "revoked": false}],
     "profile": "<32 bytes, base64url>",
     "clearance": [{"d": ..., "made": ..., "retired": ..., "revoked": ...}]}

Newest last, times in Unix seconds. Also read: one text for `challenge`, and texts in place of
the objects in `clearance`.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .ring import SECRET_BYTES, KeyRing, SigningKey, decode_bytes, encode_bytes

FILE_VERSION = 1
#: Seconds that clearances of a retired key may still be shown: the largest CHALLENGE_LIFETIME
#: (the setting may have been lowered since), the 24 h 30 min in which a browser key may renew
#: one that has ended, and a minute for leeway and for workers that learn of the change later.
CLEARANCE_KEPT = 86_400 + 88_200 + 60
#: The same for challenges: the largest CHALLENGE_QUOTE_LIFETIME and a minute.
CHALLENGE_KEPT = 600 + 60
#: A challenge names no key, so a worker that has not read the new secret yet could not know
#: why it fails. It signs only when every worker has looked at the file again.
CHALLENGE_SIGNS_AFTER = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A secret in the file.

    :ivar made: Unix seconds, like `retired`: since when it signs no more.
    :ivar revoked: it neither signs nor verifies.
    """

    secret: bytes = field(repr=False)
    made: int
    retired: int | None = None
    revoked: bool = False

    @property
    def active(self) -> bool:
        """Whether it may sign."""
        return self.retired is None and not self.revoked

    def needed(self, now: float, kept: int) -> bool:
        """Whether something that it has signed may still be shown, `kept` seconds at most."""
        return self.retired is None or now < self.retired + kept

    def good(self, now: float, kept: int) -> bool:
        """Whether it verifies."""
        return self.needed(now, kept) and not self.revoked

    @property
    def kid(self) -> str:
        """The id under which a clearance key is known."""
        return SigningKey(self.secret).kid


@dataclass(frozen=True, slots=True)
class Stored:
    """All that a keys file holds, also what is retired, ended or revoked."""

    profile: bytes = field(repr=False)
    challenge: tuple[Entry, ...]
    clearance: tuple[Entry, ...]

    def ring(self, now: float) -> KeyRing:
        """The keys that are good at `now`.

        :raises ConfigError: if none may sign, or one of them is weak or known.
        """
        if not all(any(e.active for e in group) for group in (self.challenge, self.clearance)):
            raise ConfigError("no key may sign: all are retired or revoked", code="no_signing_key")
        signers = [e for e in self.clearance if e.good(now, CLEARANCE_KEPT)]
        signers.sort(key=lambda e: e.active)  # stable: the newest that may sign is last
        verifying = [e for e in self.challenge if e.good(now, CHALLENGE_KEPT)]
        ready = [e for e in verifying if now >= e.made + CHALLENGE_SIGNS_AFTER]
        # None is ready in a site's first seconds, and after a revocation.
        signing = ready[-1] if ready else verifying[0]
        return KeyRing(
            challenge_secret=signing.secret,
            profile_secret=self.profile,
            signers=tuple(SigningKey(e.secret) for e in signers),
            other_challenge_secrets=tuple(e.secret for e in verifying if e is not signing),
        )


def make_stored(random: Callable[[int], bytes], now: float) -> Stored:
    """A new set of keys, all different."""
    return Stored(
        profile=random(SECRET_BYTES),
        challenge=(Entry(random(SECRET_BYTES), int(now)),),
        clearance=(Entry(random(SECRET_BYTES), int(now)),),
    )


def load_or_make(
    path: Path, random: Callable[[int], bytes], *, clock: Callable[[], float] = time.time
) -> tuple[KeyRing, bool]:
    """The ring in `path`; if there is no such file, a new one is put there, mode 0600.

    Of several workers that start at once, one makes the file and all read the same.

    :returns: the ring, and whether this call made it.
    :raises ConfigError: if the file cannot be read or made, is open to others, or holds
        weak or known keys.
    """
    try:
        made = not path.exists() and write_new(path, make_stored(random, clock()))
        return load(path, clock=clock), made
    except OSError as error:
        raise ConfigError(
            f"keys file {path}: {error.strerror}; CHALLENGE_KEYS_PATH names another place",
            code="keys_unreadable",
        ) from error


def load(path: Path, *, clock: Callable[[], float] = time.time) -> KeyRing:
    """The ring in `path`.

    :raises ConfigError: see :func:`load_or_make`.
    :raises OSError: if the file cannot be read.
    """
    stored, _ = read(path)
    return stored.ring(clock())


def read(path: Path) -> tuple[Stored, os.stat_result]:
    """What the file holds, and what it was when it was opened.

    :raises ConfigError: `keys_exposed` or `keys_malformed`; weak keys are found in the ring.
    :raises OSError: if the file cannot be read.
    """
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        mode = stat.S_IMODE(status.st_mode)
        if os.name == "posix" and mode & 0o077:
            raise ConfigError(
                f"keys file {path} has mode {mode:04o}; chmod 600 it", code="keys_exposed"
            )
        content = file.read()
    try:
        return _parse(json.loads(content), int(status.st_mtime)), status
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"keys file {path}: {error!r}", code="keys_malformed") from error


def _parse(stored: Any, written: int) -> Stored:
    if stored["version"] != FILE_VERSION:
        raise ValueError(f"version {stored['version']}")
    challenge, clearance = stored["challenge"], stored["clearance"]
    if isinstance(challenge, str):
        challenge = [challenge]
    if not isinstance(challenge, list) or not isinstance(clearance, list):
        raise TypeError("keys are no list")
    return Stored(
        profile=decode_bytes(stored["profile"]),
        challenge=tuple(_entry(item, written) for item in challenge),
        clearance=tuple(_clearance_entry(item, written) for item in clearance),
    )


def _clearance_entry(item: Any, written: int) -> Entry:
    entry = _entry(item, written)
    SigningKey(entry.secret)  # a wrong length is found here, also in a revoked key
    return entry


def _entry(item: Any, written: int) -> Entry:
    if isinstance(item, str):
        # The first form has no times; the file was written once, when its keys were made.
        return Entry(decode_bytes(item), written)
    made, retired, revoked = item["made"], item["retired"], item["revoked"]
    if type(made) is not int or type(revoked) is not bool:
        raise TypeError("made or revoked")
    if retired is not None and type(retired) is not int:
        raise TypeError("retired")
    return Entry(decode_bytes(item["d"]), made, retired, revoked)


def write_new(path: Path, stored: Stored) -> bool:
    """Put a keys file where none is, readable by its owner only.

    :returns: whether it was written; False if there is one, which stays as it is.
    :raises OSError: if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _write_temporary(path.parent, stored)
    try:
        # link() lets exactly one of several workers put a whole file there.
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    _sync_folder(path.parent)
    return True


def replace(path: Path, stored: Stored) -> None:
    """Put a keys file in the place of another, with its owner: readers see one or the other.

    :raises OSError: if it cannot be written; the old one is then still there.
    """
    before = path.stat()
    temporary = _write_temporary(path.parent, stored)
    try:
        adopt(temporary, before)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
    _sync_folder(path.parent)


def adopt(path: Path, before: os.stat_result) -> None:
    """Give a file the owner of another: root may rotate, and the workers must read it then."""
    if os.name == "posix" and os.geteuid() == 0:
        os.chown(path, before.st_uid, before.st_gid)


def _write_temporary(folder: Path, stored: Stored) -> Path:
    content = {
        "version": FILE_VERSION,
        "challenge": [_members(entry) for entry in stored.challenge],
        "profile": encode_bytes(stored.profile),
        "clearance": [_members(entry) for entry in stored.clearance],
    }
    # mkstemp makes it 0600.
    handle, name = tempfile.mkstemp(dir=folder, prefix=".keys-")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


def _members(entry: Entry) -> dict[str, object]:
    return {
        "d": encode_bytes(entry.secret),
        "made": entry.made,
        "retired": entry.retired,
        "revoked": entry.revoked,
    }


def _sync_folder(folder: Path) -> None:
    # A rename lasts through a power cut when its folder is written; not every system can.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

"""class KeyFile: the ring of a running worker, which follows its file."""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import ConfigError, TokenRefused
from . import file
from .ring import KeyRing, SigningKey

log = logging.getLogger("challenge")

#: seconds between two looks at the file, at most one a use
LOOK_EVERY = 1.0
#: Seconds between two looks for an unknown `kid`. Anybody can send those.
LOOK_AGAIN = 0.1

_Mark = tuple[int, int, int, int]


class KeyFile:
    """The keys in a file, as they are now: rotation needs no restart. Safe between threads.

    It has all that a :class:`KeyRing` has (see :class:`challenge.keys.Keys`). Each use looks
    at the file, at most once a second, and reads it if it has changed. A file that has become
    unreadable, open to others or malformed leaves the ring as it was and is logged once.

    :ivar made: whether this process made the file.
    :param random: gives that many unpredictable bytes; used if there is no file yet.
    :param clock: Unix seconds.
    :raises ConfigError: as :func:`challenge.keys.load_or_make`.
    """

    def __init__(
        self, path: Path, *, random: Callable[[int], bytes], clock: Callable[[], float]
    ) -> None:
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        _, self.made = file.load_or_make(path, random, clock=clock)
        self._stored, status = file.read(path)
        self._seen: _Mark | None = _mark_of(status)
        self._looked, self._looked_again = clock(), -math.inf
        self._ring = self._stored.ring(self._looked)

    def ring(self, now: float) -> KeyRing:
        """The keys that are good at `now`, at most a second behind the file."""
        # A clock that was set back must not put off the next look.
        if not 0 <= now - self._looked < LOOK_EVERY and self._lock.acquire(blocking=False):
            try:
                self._look(now)
            finally:
                self._lock.release()
        return self._ring

    @property
    def challenge_secret(self) -> bytes:
        """Signs challenges."""
        return self.ring(self._clock()).challenge_secret

    @property
    def challenge_secrets(self) -> tuple[bytes, ...]:
        """Verify challenges; the one that signs is first."""
        return self.ring(self._clock()).challenge_secrets

    @property
    def profile_secret(self) -> bytes:
        """Keys the digests of charged profiles."""
        return self.ring(self._clock()).profile_secret

    @property
    def signers(self) -> tuple[SigningKey, ...]:
        """Clearance keys that are good now, oldest first."""
        return self.ring(self._clock()).signers

    @property
    def current(self) -> SigningKey:
        """The key that signs new clearances."""
        return self.ring(self._clock()).current

    def signer(self, kid: str) -> SigningKey:
        """The key of this id; before it is refused, the file is looked at once more.

        So a token that another worker has signed with a newer key is accepted at once.

        :raises TokenRefused: `key_unknown` if no good key has this id.
        """
        now = self._clock()
        try:
            return self.ring(now).signer(kid)
        except TokenRefused:
            # Waits for another thread's look: the key may be in what that is reading.
            with self._lock:
                if not 0 <= now - self._looked_again < LOOK_AGAIN:
                    self._looked_again = now
                    self._look(now)
            return self._ring.signer(kid)

    def jwks(self) -> dict[str, Any]:
        """The public halves as a JWK set (RFC 7517), newest last."""
        return self.ring(self._clock()).jwks()

    def _look(self, now: float) -> None:
        self._looked = now
        mark = _mark(self.path)
        if mark == self._seen:
            # Time alone changes the ring too: retired keys end.
            self._ring = self._stored.ring(now)
            return
        # Before it is read: a bad file is read, and spoken of, once.
        self._seen = mark
        try:
            stored, status = file.read(self.path)
            ring = stored.ring(now)
        except (ConfigError, OSError) as error:
            log.error("the keys file has changed and is not used, the keys stay: %s", error)
            return
        self._seen = _mark_of(status)
        self._stored, self._ring = stored, ring
        log.info("the keys file has changed: kid %s signs", ring.current.kid)


def _mark(path: Path) -> _Mark | None:
    try:
        return _mark_of(path.stat())
    except OSError:
        return None


def _mark_of(status: os.stat_result) -> _Mark:
    return status.st_mtime_ns, status.st_ino, status.st_size, status.st_mode

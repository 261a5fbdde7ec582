"""Spending: of all calls with one challenge, one goes on, and its repetitions are told the same."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import Expired, InProgress
from ..jose import LEEWAY
from ..stores.base import Spending
from .books import Books

#: a call that meets another of the same body looks again this often, for at most a second
WAIT_STEP, WAIT_STEPS = 0.05, 20
#: seconds that may pass between a check and the spending
HALT_SECONDS = 2
#: seconds that a spent row outlives the last moment at which it could be asked for
SPENT_MARGIN = 60


class Spender:
    """Spends challenges, tickets and responses, each once."""

    def __init__(
        self, books: Books, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._books = books
        self._clock = clock
        self._sleep = sleep
        self._waiter = threading.Semaphore(1)

    def spend(
        self, spent: bytes, digest: bytes, claims: bytes, *, epoch: str, expires: int
    ) -> Spending:
        """Spend it, waiting for at most one second if the same body is being redeemed.

        :param spent: the id of what is spent, 16 bytes.
        :param digest: SHA-256 of the exact body.
        :param claims: what the winner is about to grant.
        :param epoch: the one that it names.
        :param expires: the last moment at which it may be spent, but for the leeway.
        :raises InProgress: if the other call takes longer.
        :raises Expired: if that moment has passed meanwhile.
        """
        ends = expires + LEEWAY

        def attempt() -> Spending:
            at = self._clock()
            # A process that was halted since the check: the mark of who came first may be gone.
            if at >= ends + HALT_SECONDS:
                raise Expired("halted between check and spend")
            return self._books.store.spend(
                spent, digest, claims, epoch=epoch, now=at, expires=ends + SPENT_MARGIN
            )

        spending = attempt()
        if spending.state != "pending":
            return spending
        # One waiter a process: a flood of copies must not take every thread.
        if not self._waiter.acquire(blocking=False):
            raise InProgress()
        try:
            for _ in range(WAIT_STEPS):
                self._sleep(WAIT_STEP)
                spending = attempt()
                if spending.state != "pending":
                    return spending
        finally:
            self._waiter.release()
        raise InProgress()

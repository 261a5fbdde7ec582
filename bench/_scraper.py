"""A scraper as somebody would write it, who has read how the gate works and obeys it.

It takes the handles from the public pages, solves what is asked of it with every core, uses what
it has bought to the last unit, renews, waits when told to, and begins as somebody new whenever
that is cheaper or sooner. It comes from one address and talks to loopback only.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, repeat
from multiprocessing import get_context
from typing import Any

from challenge.core import puzzles

from ._site import Site

ASK, REDEEM = "/challenge/v1/challenges", "/challenge/v1/clearances"
#: identities that it keeps at a time
VISITORS_MAX = 8
#: it looks up from waiting this often, to say how it stands
LOOK_UP_S = 1.0


def smallest_nonce(seed: bytes, threshold: int, index: int) -> tuple[int, float]:
    """The answer to one sub-puzzle, and the CPU seconds that it took.

    hashlib's SHA-256 is OpenSSL's; the state after the part that stays the same is copied.
    """
    started = time.process_time()
    prefix = hashlib.sha256(seed + struct.pack("<I", index))
    bound = threshold.to_bytes(8, "big") + b"\xff" * 24
    pack = struct.Struct("<Q").pack
    for nonce in count():
        attempt = prefix.copy()
        attempt.update(pack(nonce))
        if attempt.digest() <= bound:
            break
    return nonce, time.process_time() - started


@dataclass
class Solver:
    """Solves puzzles in as many processes as there are cores, and counts what that took."""

    pool: ProcessPoolExecutor
    puzzles: int = 0
    hashes: int = 0
    cpu_s: float = 0.0

    def solve(self, offer: dict[str, Any]) -> bytes:
        """The body that redeems an offer."""
        seed = puzzles.seed(offer["challenge"])
        puzzle = offer["puzzle"]
        threshold, indices = int(puzzle["threshold"], 16), range(puzzle["count"])
        solved = list(self.pool.map(smallest_nonce, repeat(seed), repeat(threshold), indices))
        answers = [nonce for nonce, _ in solved]
        self.puzzles += 1
        self.hashes += sum(answers) + len(answers)
        self.cpu_s += sum(cpu_s for _, cpu_s in solved)
        return json.dumps({"challenge": offer["challenge"], "answers": answers}).encode()


@contextmanager
def native_solver() -> Iterator[Solver]:
    """A solver whose processes have started."""
    cores = os.cpu_count() or 1
    # Ctrl-C is for the one process that knows what to stop.
    with ProcessPoolExecutor(
        cores,
        mp_context=get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        list(pool.map(time.sleep, [0.2] * cores))
        yield Solver(pool)


@dataclass
class Visitor:
    """Somebody that the scraper pretends to be."""

    cookie: str = ""
    #: monotonic seconds before which it has been told not to come
    turn: float = 0.0
    #: a solved challenge that is not redeemed yet, and until when it may be
    solved: bytes = b""
    solved_until: float = 0.0


class Scraper:
    """Takes profiles until it has them all or its time is up.

    :param until: monotonic seconds.
    :param tell: told how it stands: pages so far, and for how many seconds it has to wait.
    """

    def __init__(
        self,
        site: Site,
        solver: Solver,
        handles: list[str],
        *,
        until: float,
        tell: Callable[[int, float], None],
    ) -> None:
        self._site = site
        self._solver = solver
        self._todo = handles[::-1]
        self._until = until
        self._tell = tell
        self._visitors = [Visitor()]
        self._calls_max = 10 * len(handles) + 1000
        self.identities = 1
        #: when each page was taken, monotonic seconds
        self.taken: list[float] = []

    def run(self) -> None:
        """Scrape."""
        while self._todo and self._site.answers.total() < self._calls_max:
            now = time.monotonic()
            visitor = self._next_visitor(now)
            self._tell(len(self.taken), visitor.turn - now)
            if now >= self._until:
                return
            if visitor.turn > now:
                time.sleep(min(LOOK_UP_S, visitor.turn - now, self._until - now))
            else:
                self._view(visitor)

    def _next_visitor(self, now: float) -> Visitor:
        """Whose turn it is, or will be first; while all have to wait, somebody new."""
        waits = all(visitor.turn > now for visitor in self._visitors)
        if waits and len(self._visitors) < VISITORS_MAX:
            self._visitors.append(Visitor())
            self.identities += 1
        return min(self._visitors, key=lambda visitor: visitor.turn)

    def _view(self, visitor: Visitor) -> None:
        answer = self._site.call("GET", f"/people/{self._todo[-1]}", visitor.cookie)
        if answer.is_profile:
            self.taken.append(time.monotonic())
            self._todo.pop()
        elif answer.wait_s:
            visitor.turn = time.monotonic() + answer.wait_s
        elif answer.status == 403:
            self._buy(visitor)
        else:
            self._todo.pop()

    def _buy(self, visitor: Visitor) -> None:
        """Redeem what is solved, or solve what costs the least a unit and redeem that."""
        if time.monotonic() >= visitor.solved_until:
            offer = self._best_offer(visitor)
            if offer is None:
                visitor.turn = time.monotonic() + LOOK_UP_S
                return
            visitor.solved = self._solver.solve(offer)
            visitor.solved_until = time.monotonic() + offer["expires_in"] - 1
        answer = self._site.call("POST", REDEEM, visitor.cookie, visitor.solved)
        if answer.wait_s:
            # The same answers may come again.
            visitor.turn = time.monotonic() + answer.wait_s
            return
        visitor.solved_until = 0.0
        if answer.status == 201:
            visitor.cookie = answer.headers["Set-Cookie"].partition(";")[0]
            visitor.turn = time.monotonic() + json.loads(answer.body)["not_before_ms"] / 1000
        else:
            visitor.cookie = ""

    def _best_offer(self, visitor: Visitor) -> dict[str, Any] | None:
        """Asking costs nothing, so it asks as itself and as somebody new; None if nobody sells."""
        offers: dict[str, dict[str, Any]] = {}
        for cookie in dict.fromkeys((visitor.cookie, "")):
            answer = self._site.call("POST", ASK, cookie, b"{}")
            if answer.status == 201:
                offers[cookie] = json.loads(answer.body)
        if not offers:
            return None
        cookie = min(offers, key=lambda cookie: hashes_a_unit(offers[cookie]))
        if cookie != visitor.cookie:
            visitor.cookie = cookie
            self.identities += 1
        return offers[cookie]


def hashes_a_unit(offer: dict[str, Any]) -> float:
    """What an offer is expected to cost."""
    puzzle = offer["puzzle"]
    tries = float(puzzle["count"]) * 2**64 / (int(puzzle["threshold"], 16) + 1)
    return tries / float(offer["budget"])

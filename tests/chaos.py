"""Visitors that go on while a store's server fails, and a ledger of what they were given.

What may be counted against a site is told by its answers alone: the ledger knows nothing of stores.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

from .serving import Server
from .solving import ASK, REDEEM, solve

#: units of a sale
SOLD = 20
#: statuses that a page may have while its store fails; 0 stands for none
STATUSES = {200, 201, 401, 403, 409, 410, 425, 429, 503}
JSON = {"Content-Type": "application/json"}


@dataclass
class Ledger:
    """What was given, by everybody."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    #: clearances for each challenge
    given: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: profiles that opened to each clearance
    opened: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    statuses: Counter[int] = field(default_factory=Counter)
    #: the longest that a gated page has taken, and one that asks no store
    slowest_page: float = 0
    slowest_other: float = 0

    def redeemed_twice(self) -> int:
        """Challenges for which there are several clearances. It is 0, over losses too: what was
        bought under an epoch is asked for again under the next."""
        with self.lock:
            return sum(len(tokens) > 1 for tokens in self.given.values())

    def exceeded(self) -> int:
        """Profiles that opened beyond what a clearance had bought. It is 0, over losses too: a
        charge that is lost took its clearance's epoch along."""
        with self.lock:
            return sum(max(0, len(names) - SOLD) for names in self.opened.values())

    def note(self, status: int) -> None:
        with self.lock:
            self.statuses[status] += 1

    def took(self, seconds: float, *, gated: bool) -> None:
        with self.lock:
            if gated:
                self.slowest_page = max(self.slowest_page, seconds)
            else:
                self.slowest_other = max(self.slowest_other, seconds)


@dataclass
class Visitor:
    """Buys from one machine or the other, and reads from both."""

    machines: list[Server]
    ledger: Ledger
    token: str = ""
    body: bytes = b""
    jti: str = ""
    read: int = 0

    def buy(self, at: int = 0) -> bool:
        """Ask and redeem; whether it was sold."""
        status, told = self._call(at, "POST", ASK, JSON, b"{}")
        if status != 201:
            return False
        offer = json.loads(told)
        claims = offer["challenge"].split(".")[1]
        self.jti = json.loads(base64.urlsafe_b64decode(claims + "=="))["jti"]
        fields = {"challenge": offer["challenge"], "answers": solve(offer)}
        self.body = json.dumps(fields).encode()
        return self.redeem(at)

    def redeem(self, at: int, spaces: int = 0) -> bool:
        """The same body, or another one of the same challenge; whether that gave a clearance."""
        status, told = self._call(at, "POST", REDEEM, JSON, self.body + b" " * spaces)
        if status != 201:
            return False
        self.token = json.loads(told)["token"]
        with self.ledger.lock:
            self.ledger.given[self.jti].add(self.token)
        return True

    def view(self, at: int) -> int:
        """Open one more profile; the status."""
        name, self.read = f"p{self.read}", self.read + 1
        headers = {"Cookie": f"challenge-main={self.token}", "Accept": "application/json"}
        began = time.monotonic()
        status, _ = self._call(at, "GET", f"/people/{name}", headers)
        self.ledger.took(time.monotonic() - began, gated=True)
        if status == 200:
            with self.ledger.lock:
                self.ledger.opened[self.token].add(name)
        return status

    def _call(
        self, at: int, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        status, told = 0, b""
        with suppress(OSError, http.client.HTTPException):
            status, _, told = self.machines[at].call(method, path, headers, body)
        self.ledger.note(status)
        return status, told


def come_and_go(machines: list[Server], ledger: Ledger, seed: int, over: threading.Event) -> None:
    """One visitor after the other; what others have redeemed is tried again and again."""
    dice = Random(seed)
    #: those that were sold something, and those that were not
    kept: dict[bool, list[Visitor]] = {True: [], False: []}
    while not over.is_set():
        visitor = Visitor(machines, ledger)
        at = dice.randrange(2)
        if visitor.buy(at) or visitor.body:
            # Whoever has no answer tries again; whoever wants two clearances does, too.
            visitor.redeem(1 - at)
            visitor.redeem(1 - at, spaces=1)
            kept[bool(visitor.token)].append(visitor)
        for _ in range(SOLD + 5 if visitor.token else 0):
            if visitor.view(dice.randrange(2)) == 503:
                break
        for earlier in kept.values():
            for other in dice.sample(earlier, min(2, len(earlier))):
                other.redeem(dice.randrange(2), spaces=dice.randrange(3))
                if other.token:
                    other.view(dice.randrange(2))
            del earlier[:-20]


def read_on(machines: list[Server], ledger: Ledger, at: int, over: threading.Event) -> None:
    """A visitor that only reads, at one machine, and buys when that ends."""
    visitor = Visitor(machines, ledger)
    while not over.is_set():
        if visitor.view(at) in (401, 403):
            visitor.read = 0
            visitor.buy(at)
        time.sleep(0.01)


def look_on(machines: list[Server], ledger: Ledger, over: threading.Event) -> None:
    """Ask for a page that needs no store, as a measure of how busy all are."""
    while not over.is_set():
        for machine in machines:
            began = time.monotonic()
            with suppress(OSError, http.client.HTTPException):
                machine.call("GET", "/nowhere")
            ledger.took(time.monotonic() - began, gated=False)
        time.sleep(0.02)


@contextmanager
def crowd(machines: list[Server], seed: int, *, visitors: int = 3) -> Iterator[Ledger]:
    """Visitors that come and go until the block ends."""
    ledger, over = Ledger(), threading.Event()
    threads = [
        threading.Thread(target=come_and_go, args=(machines, ledger, seed * 100 + number, over))
        for number in range(visitors)
    ]
    threads.append(threading.Thread(target=look_on, args=(machines, ledger, over)))
    for at in range(len(machines)):
        threads.append(threading.Thread(target=read_on, args=(machines, ledger, at, over)))
    for thread in threads:
        thread.start()
    try:
        yield ledger
    finally:
        over.set()
        for thread in threads:
            thread.join()

"""Visitors that go on while a store's server fails, and a ledger of what they were given.

What may be counted against a site is told by its answers alone: the ledger knows nothing of stores.
"""

from __future__ import annotations

import base64
import http.client
import itertools
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
from .test_selling import Key
from .waits import STALLS, Waits

#: units of a sale
SOLD = 20
#: what a page may say while its store fails, and what asking and redeeming may
PAGES = {200, 401, 403, 429, 503}
CALLS = {201, 403, 409, 425, 429, 503}
#: what a redemption says after which something may have been sold
PERHAPS_SOLD = {0, 503}
JSON = {"Content-Type": "application/json"}
_CHAINS = itertools.count()


@dataclass
class Ledger:
    """What was given, by everybody."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    #: for each challenge, the clearances that it gave, each with the body that got it
    given: dict[str, set[tuple[str, bytes]]] = field(default_factory=lambda: defaultdict(set))
    #: for each visitor, the profiles that opened, and the units of each challenge that it redeemed
    opened: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    sold: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    #: when rows were lost: what had been sold before the first moment opens nothing from the second
    losses: list[tuple[float, float]] = field(default_factory=list)
    #: pages that opened nevertheless
    outlived: int = 0
    pages: Counter[int] = field(default_factory=Counter)
    calls: Counter[int] = field(default_factory=Counter)
    waits: Waits = field(default_factory=Waits)

    def redeemed_twice(self) -> int:
        """Challenges for which there are several clearances, or that several bodies redeemed. It is
        0, over losses too: what was bought under an epoch is asked for again under the next."""
        with self.lock:
            return sum(len(grants) > 1 for grants in self.given.values())

    def exceeded(self) -> int:
        """Profiles that opened to visitors beyond what they had bought. It is 0, over losses too: a
        charge that is lost took its clearance's epoch along.

        A sale whose answer never came counts as bought, a whole one."""
        with self.lock:
            return sum(
                max(0, len(names) - sum(self.sold[chain].values()))
                for chain, names in self.opened.items()
            )

    def faults(self) -> dict[str, int]:
        """What must not be, and how much of it there was."""
        strange = [each for each in self.pages if each not in PAGES]
        strange += [each for each in self.calls if each not in CALLS]
        counts = {
            "challenges redeemed twice": self.redeemed_twice(),
            "profiles beyond a budget": self.exceeded(),
            "pages opened by what was sold before a loss": self.outlived,
            **{f"answers {status}": 1 for status in strange},
        }
        return {what: count for what, count in counts.items() if count}

    def lost(self, before: float) -> None:
        """From now on what was sold before that moment opens nothing."""
        with self.lock:
            self.losses.append((before, time.monotonic()))


@dataclass
class Visitor:
    """Buys from one machine or the other, and reads from both.

    :ivar key: with one, later sales are added to what is left of the first.
    """

    machines: list[Server]
    ledger: Ledger
    key: Key | None = None
    token: str = ""
    body: bytes = b""
    jti: str = ""
    read: int = 0
    bought_at: float = 0
    chain: int = field(default_factory=lambda: next(_CHAINS))

    def buy(self, at: int = 0) -> bool:
        """Ask and redeem; whether it was sold."""
        status, told = self._call(at, ASK, JSON | self._cookie(), b"{}")
        if status != 201:
            return False
        offer = json.loads(told)
        claims = offer["challenge"].split(".")[1]
        self.jti = json.loads(base64.urlsafe_b64decode(claims + "=="))["jti"]
        fields = {"challenge": offer["challenge"], "answers": solve(offer)}
        if self.key:
            fields |= {"key": self.key.jwk(), "proof": self.key.proof(offer["challenge"])}
        self.body = json.dumps(fields).encode()
        return self.redeem(at)

    def redeem(self, at: int, spaces: int = 0) -> bool:
        """The same body, or another one of the same challenge; whether that gave a clearance."""
        body = self.body + b" " * spaces
        status, told = self._call(at, REDEEM, JSON, body)
        sales = self.ledger.sold[self.chain]
        fields = json.loads(told) if told else {}
        if status in PERHAPS_SOLD or fields.get("code") == "in_progress":
            sales.setdefault(self.jti, SOLD)
        if status != 201:
            return False
        with self.ledger.lock:
            self.ledger.given[self.jti].add((fields["token"], body))
            sales[self.jti] = fields["budget"]
        if fields["token"] != self.token:
            self.token, self.bought_at = fields["token"], time.monotonic()
        return True

    def view(self, at: int) -> int:
        """Open one more profile; the status."""
        name, self.read = f"p{self.read}", self.read + 1
        headers = {"Accept": "application/json"} | self._cookie()
        began, status, told = time.monotonic(), 0, {}
        with suppress(OSError, http.client.HTTPException):
            status, told, _ = self.machines[at].call("GET", f"/people/{name}", headers)
        ledger = self.ledger
        ledger.waits.page(at, began, time.monotonic(), told.get(STALLS.lower(), ""))
        with ledger.lock:
            ledger.pages[status] += 1
            if status == 200:
                ledger.opened[self.chain].add(name)
                ledger.outlived += any(
                    self.bought_at < before and began > since for before, since in ledger.losses
                )
        return status

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": f"challenge-main={self.token}"} if self.token else {}

    def _call(self, at: int, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        status, told = 0, b""
        with suppress(OSError, http.client.HTTPException):
            status, _, told = self.machines[at].call("POST", path, headers, body)
        with self.ledger.lock:
            self.ledger.calls[status] += 1
        return status, told


def come_and_go(machines: list[Server], ledger: Ledger, seed: int, over: threading.Event) -> None:
    """One visitor after the other; what others have redeemed is tried again and again."""
    dice = Random(seed)
    #: those that were sold something, and those that were not; some of them for long
    kept: dict[bool, list[Visitor]] = {True: [], False: []}
    while not over.is_set():
        visitor = Visitor(machines, ledger)
        at = dice.randrange(2)
        if visitor.buy(at) or visitor.body:
            # Whoever has no answer tries again; whoever wants two clearances does, too.
            visitor.redeem(1 - at)
            visitor.redeem(1 - at, spaces=1)
            kept[bool(visitor.token)].append(visitor)
        for _ in range(dice.randrange(SOLD + 5) if visitor.token else 0):
            if visitor.view(dice.randrange(2)) == 503:
                break
        for earlier in kept.values():
            for other in dice.sample(earlier, min(2, len(earlier))):
                other.redeem(dice.randrange(2), spaces=dice.randrange(3))
                for _ in range(3 if other.token else 0):
                    other.view(dice.randrange(2))
            if len(earlier) > 20:
                del earlier[dice.randrange(len(earlier))]


def read_on(machines: list[Server], ledger: Ledger, at: int, over: threading.Event) -> None:
    """A visitor with a key that only reads, at one machine, and buys more when that ends."""
    visitor = Visitor(machines, ledger, Key())
    while not over.is_set():
        ended = visitor.view(at) in (401, 403) and not visitor.buy(at)
        # What may have been sold is tried once more; whoever gets nothing begins anew.
        if ended and not (visitor.body and visitor.redeem(at)):
            visitor = Visitor(machines, ledger, Key())
        time.sleep(0.01)


def look_on(machines: list[Server], ledger: Ledger, at: int, over: threading.Event) -> None:
    """Ask for a page that needs no store, as a measure of how busy all are."""
    while not over.is_set():
        with ledger.waits.yardstick(at), suppress(OSError, http.client.HTTPException):
            machines[at].call("GET", "/nowhere")
        time.sleep(0.02)


@contextmanager
def crowd(machines: list[Server], seed: int, *, visitors: int = 3) -> Iterator[Ledger]:
    """Visitors that come and go until the block ends."""
    ledger, over = Ledger(), threading.Event()
    threads = [
        threading.Thread(target=come_and_go, args=(machines, ledger, seed * 100 + number, over))
        for number in range(visitors)
    ]
    for at in range(len(machines)):
        for each in (read_on, look_on):
            threads.append(threading.Thread(target=each, args=(machines, ledger, at, over)))
    for thread in threads:
        thread.start()
    try:
        yield ledger
    finally:
        over.set()
        for thread in threads:
            thread.join()

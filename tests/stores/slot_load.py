"""Workers that sell, spend and charge in one slot of a cluster, while somebody moves it."""

from __future__ import annotations

import base64
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from redis.crc import key_slot

from challenge.core.bands import Band, Wanted
from challenge.core.models import Charge
from challenge.errors import StoreUnavailable
from challenge.stores.redis_cluster import ClusterStore

from .conformance import HOLDER, NOW, charge, digest, spend, view, visitor

PART = 5
TAG = b"{s%d}" % PART
SLOT = key_slot(TAG)
WORKERS = 4
#: challenges after which there is another visitor; each is asked for more than a budget of 20
PER_VISITOR = 8
BAND = Band(burst=1_000_000, per_hour=3600)


def challenge(number: int) -> bytes:
    """One of the part whose slot it is."""
    return bytes([PART]) + digest(number)[1:] + b"challeng"


def visitor_key(number: int) -> bytes:
    """One whose row is in that slot: what is in braces decides."""
    return TAG + digest(number) + b"row"


def band_key() -> bytes:
    """The same for a band, whose key is written in letters."""
    for number in itertools.count():
        key = number.to_bytes(16, "big")
        if key_slot(base64.urlsafe_b64encode(key).rstrip(b"=")) == SLOT:
            return key
    raise AssertionError


class Load:
    """What the workers do, and what came of it.

    :ivar wins: who won each challenge.
    :ivar charged: how many units of each visitor's 20 were spent.
    :ivar units: what each reservation was told to hold.
    :ivar refused: how often the store was not available, and in which verb.
    """

    def __init__(self, stores: list[ClusterStore]) -> None:
        self.stores = stores
        self.epoch = stores[0].epoch
        self.wins: dict[int, list[int]] = {}
        self.charged: Counter[int] = Counter()
        self.units: dict[int, set[int]] = {}
        self.refused: Counter[str] = Counter()
        self.faults: list[BaseException] = []
        self.rounds = 0
        self._ends = False
        self._band = band_key()
        self._lock = threading.Lock()
        self._gate = threading.Barrier(WORKERS)

    def during(self, do: Callable[[], None]) -> None:
        """Work until something else is done."""
        threads = [threading.Thread(target=self._work, args=(at,)) for at in range(WORKERS)]
        for thread in threads:
            thread.start()
        try:
            do()
        finally:
            self._ends = True
            for thread in threads:
                thread.join()

    def _work(self, worker: int) -> None:
        store = self.stores[worker % len(self.stores)]
        try:
            for number in itertools.count():
                for name in ("_spend", "_charge", "_reserve"):
                    try:
                        getattr(self, name)(store, worker, number)
                    except StoreUnavailable as refusal:
                        with self._lock:
                            self.refused[f"{name[1:]}: {refusal.detail}"] += 1
                if self._gate.wait(60) == 0:
                    self.rounds = number + 1
                    if self._ends:
                        self._gate.abort()
                self._gate.wait(60)
        except threading.BrokenBarrierError:
            pass
        except BaseException as fault:
            self.faults.append(fault)
            self._gate.abort()

    def _spend(self, store: ClusterStore, worker: int, number: int) -> None:
        # Two bodies, each of them sent by two.
        body = digest(worker % 2) * 4
        told = spend(store, challenge(number), body, now=NOW + worker / 8)
        if told.state == "won":
            with self._lock:
                self.wins.setdefault(number, []).append(worker)
            assert store.settle(challenge(number), "granted", b"claims", since=told.since)

    def _charge(self, store: ClusterStore, worker: int, number: int) -> None:
        which = number // PER_VISITOR
        store.open(visitor_key(which), visitor())
        profile = view(number * WORKERS + worker)
        if charge(store, visitor_key(which), profile).charge is Charge.CHARGED:
            with self._lock:
                self.charged[which] += 1

    def _reserve(self, store: ClusterStore, worker: int, number: int) -> None:
        wanted = Wanted(4, 1, 0)
        granted = store.reserve(self._band, challenge(number), BAND, wanted, holder=HOLDER, now=NOW)
        with self._lock:
            self.units.setdefault(number, set()).add(granted.units)

    def check(self) -> None:
        """Nothing was granted twice, and nothing that was done is lost."""
        assert not self.faults, self.faults
        store: Any = self.stores[0]
        assert {each.epoch for each in self.stores} == {self.epoch}
        for number, winners in self.wins.items():
            [winner] = winners
            for body in range(2):
                told = spend(store, challenge(number), digest(body) * 4, now=NOW + 60)
                won = body == winner % 2
                assert (told.state, told.claims) == (
                    ("granted", b"claims") if won else ("other", b"")
                )
        for which, charged in self.charged.items():
            assert charged == 20 or which == (self.rounds - 1) // PER_VISITOR or self.refused
            assert store.read(visitor_key(which), now=NOW).left == 20 - charged
        for number, units in self.units.items():
            assert units == {4}, number
        assert store.levels(self._band).band == int(NOW * 1000) + 4000 * len(self.units)

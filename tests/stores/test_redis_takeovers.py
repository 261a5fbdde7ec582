"""A site on two machines whose Redis server a sentinel replaces by another, under load.

What must hold is what must hold in `test_redis_chaos.py`, but for one thing: while there are two
masters each may sell, under an epoch of its own. So what had been sold before opens nothing as soon
as all is well.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ..chaos import Visitor, crowd
from .chaos_faults import LASTS, Place, signal_to
from .redis_stores import until
from .redis_watched import SERVICE, Watched, serve_watched
from .test_redis_chaos import ANSWERS, RECOVERS, seconds_until_well, site_at


@dataclass
class Guarded(Place):
    """With a sentinel that watches them."""

    watched: Watched = field(kw_only=True)

    def uri(self) -> str:
        return self.watched.uri().partition("?")[0]

    def another_is_master(self) -> None:
        """Wait until the sentinel has made the replica the master, and says so."""
        port = str(self.replica.port).encode()
        sentinel = self.watched.sentinel.client()
        asked = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
        until(lambda: sentinel.execute_command(*asked)[1] == port)
        until(lambda: self.replica.client().info("replication")["role"] == "master")


@contextmanager
def taken_over(place: Guarded) -> Iterator[None]:
    """By one that has not got the last writes."""
    place.cut_off()
    before = place.sells()
    place.master.stop()
    yield
    place.another_is_master()
    place.swap()
    place.count_lost("taken over", before)
    assert place.lost["taken over"], "what loses nothing proves nothing"
    place.replica.start()


@contextmanager
def split(place: Guarded) -> Iterator[None]:
    """The master wakes up when another has taken over: for some seconds there are two."""
    place.follow()
    signal_to(place.master, signal.SIGSTOP)
    place.another_is_master()
    yield
    signal_to(place.master, signal.SIGCONT)
    place.swap()


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fault", [taken_over, split])
def test_another_takes_over_and_nothing_is_granted_twice(
    tmp_path: Path, fault: Callable[[Guarded], AbstractContextManager[None]], seed: int
) -> None:
    with serve_watched(tmp_path) as watched:
        place = Guarded(watched.master, watched.replica, watched=watched)
        with site_at(place, tmp_path) as it, crowd(it.machines, seed) as ledger:
            reader = Visitor(it.machines, ledger)
            until(lambda: reader.buy() and reader.view(0) == reader.view(1) == 200)
            ledger.waits.slowest()
            before = time.monotonic()
            with fault(place):
                time.sleep(LASTS)
            recovered = seconds_until_well(it, ledger, place.mended)
            ledger.lost(before)
            assert {reader.view(at) for at in (0, 1) for _ in range(3)} - {503} == {403}
            page, waited = ledger.waits.slowest()
            print(f"{fault.__name__}: well after {recovered:.2f} s, slowest page {page:.2f} s")
            assert recovered < RECOVERS
            assert waited < ANSWERS
        assert not ledger.faults(), ledger.faults()


@pytest.mark.slow
def test_control_without_epochs_challenges_are_redeemed_twice(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as watched:
        place = Guarded(watched.master, watched.replica, watched=watched)
        with site_at(place, tmp_path, NO_EPOCH="1") as it, crowd(it.machines, 1) as ledger:
            until(Visitor(it.machines, ledger).buy)
            with taken_over(place):
                time.sleep(LASTS)
            until(ledger.redeemed_twice)

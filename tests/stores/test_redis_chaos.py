"""A site on two machines whose Redis server fails in every way, under load; rounds of it.

What must hold, all the while and after it:

- A challenge gives one clearance, to one body. The same body gets it again; no other does, on
  neither machine, nor later.
- A visitor opens no more profiles than it has bought units, added up over all of its sales. Charges
  that are lost change nothing: with them the epoch of what they were charged to is lost.
- Where rows were lost, what had been sold before opens nothing any more, as soon as the server is
  there again. Where none were, nobody notices: what was sold goes on.
- A page is answered with one of a few statuses, within 500 ms. Time in which the machine was too
  busy to answer anything does not count (`tests/waits.py`).
- Within 5 s after the server is there again all workers sell and show pages, and nobody has started
  them anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

import pytest

from ..chaos import Ledger, Visitor, crowd
from ..serving import Server, serve
from ..waits import WORKER
from .chaos_faults import FAULTS, LASTS, LOSSES, Alone, Place, serve_alone, stopped
from .redis_stores import until

APP = "tests.stores.chaos_app:create_app()"
#: seconds within which all is well, and within which a page is answered
RECOVERS, ANSWERS = 5.0, 0.5
#: of each machine
WORKERS = 2
ROUNDS = 50
P = TypeVar("P", bound=Place)


@dataclass
class Site(Generic[P]):
    """Two machines, what their store is kept on, and what came of the rounds."""

    place: P
    machines: list[Server]
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """A round: seconds until all was well, and of the slowest page, and that for the store."""

    kind: str
    recovered: float
    page: float
    waited: float


@contextmanager
def site(folder: Path, query: str = "", **env: str) -> Iterator[Site[Alone]]:
    with serve_alone(folder) as place, site_at(place, folder, query, **env) as served:
        yield served


@contextmanager
def site_at(place: P, folder: Path, query: str = "", **env: str) -> Iterator[Site[P]]:
    with ExitStack() as stack:
        setting = {
            "CHALLENGE_STORE_URI": place.uri() + query,
            "CHALLENGE_KEYS_PATH": str(folder / "keys.json"),
            **env,
        }
        machines = []
        for name in ("one", "other"):
            (folder / name).mkdir()
            machines.append(
                stack.enter_context(serve(APP, folder / name, workers=WORKERS, **setting))
            )
        for machine in machines:
            wait_for_workers(machine)
        yield Site(place, machines)


def wait_for_workers(machine: Server) -> None:
    """A worker that starts while its server is unfit ends its whole machine."""
    seen: set[str] = set()

    def all_answer() -> bool:
        seen.add(machine.call("GET", "/nowhere")[1][WORKER.lower()])
        return len(seen) == WORKERS

    until(all_answer)


def seconds_until_well(site: Site[P], ledger: Ledger, began: float) -> float:
    """Until new visitors buy and read at each machine, one after the other."""
    well, well_at = 0, time.monotonic()
    # A machine has several workers, each of which finds out by itself.
    while well < 12:
        visitor, at = Visitor(site.machines, ledger), well % 2
        if visitor.buy(at) and visitor.view(at) == 200:
            well += 1
            continue
        assert time.monotonic() - began < 30, "it does not recover"
        time.sleep(0.05)
        well, well_at = 0, time.monotonic()
    return max(0.0, well_at - began)


def run_round(site: Site[Alone], ledger: Ledger, kind: str) -> None:
    """A fault comes and goes."""
    place, reader = site.place, Visitor(site.machines, ledger)
    until(lambda: reader.buy() and reader.view(0) == reader.view(1) == 200)
    ledger.waits.slowest()
    place.mended, before = 0, time.monotonic()
    with FAULTS[kind](place):
        if kind == "flush":
            ledger.lost(before)
        time.sleep(LASTS)
    if kind in LOSSES:
        ledger.lost(before)
    took = seconds_until_well(site, ledger, place.mended or time.monotonic())
    opens = {reader.view(at) for at in (0, 1) for _ in range(3)} - {503}
    assert opens == ({403} if kind in LOSSES else {200}), (kind, opens)
    site.told.append(Told(kind, took, *ledger.waits.slowest()))


def run_rounds(
    site: Site[Alone], kinds: list[str], seed: int, *, answers: float = ANSWERS
) -> Ledger:
    with crowd(site.machines, seed) as ledger:
        for number, kind in enumerate(kinds):
            context = f"round {number} of seed {seed}: {kind}"
            run_round(site, ledger, kind)
            told = site.told[-1]
            # At once, so that a run which is broken off has told something.
            print(number, told, flush=True)
            assert not ledger.faults(), (context, ledger.faults())
            assert told.waited < answers, (context, told)
            assert told.recovered < RECOVERS, (context, told)
    assert not ledger.faults(), ledger.faults()
    # What loses nothing proves nothing of losses.
    lost = site.place.lost
    assert all(lost[kind] for kind in LOSSES & set(kinds)), lost
    return ledger


def order(seed: int, rounds: int) -> list[str]:
    """Each kind as often as the others, in an order of chance."""
    kinds = [list(FAULTS)[number % len(FAULTS)] for number in range(rounds)]
    Random(seed).shuffle(kinds)
    return kinds


def report(site: Site[Alone], ledger: Ledger) -> None:
    """For who looks (`-s`)."""
    for kind in FAULTS:
        of_kind = [each for each in site.told if each.kind == kind]
        if of_kind:
            print(
                f"{kind:>13}: {len(of_kind)} rounds,"
                f" well after {max(each.recovered for each in of_kind):.2f} s,"
                f" slowest page {max(each.page for each in of_kind):.2f} s,"
                f" for the store {max(each.waited for each in of_kind):.2f} s,"
                f" {site.place.lost[kind]} rows lost"
            )
    sold = sum(len(grants) for grants in ledger.given.values())
    print(f"{sold} sold, {sum(map(len, ledger.opened.values()))} profiles opened")
    print(f"pages {dict(ledger.pages)}, other calls {dict(ledger.calls)}")


def test_whatever_fails_nothing_is_granted_twice(tmp_path: Path) -> None:
    kinds = ["failover", "cut", "kill", "stop"]
    # Where other tests run beside it, twice as long: test_redis_pages.py counts what is waited for.
    with site(tmp_path) as it:
        report(it, run_rounds(it, kinds, seed=1, answers=2 * ANSWERS))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_rounds_of_all_that_fails(tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or time.time())
    with site(tmp_path) as it:
        report(it, run_rounds(it, order(seed, ROUNDS), seed))


@pytest.mark.parametrize("kind", ["failover", pytest.param("flush", marks=pytest.mark.slow)])
def test_control_without_epochs_challenges_are_redeemed_twice(tmp_path: Path, kind: str) -> None:
    with site(tmp_path, NO_EPOCH="1") as it, crowd(it.machines, 1) as ledger:
        reader = Visitor(it.machines, ledger)
        until(reader.buy)
        it.place.sells()
        before = time.monotonic()
        with FAULTS[kind](it.place):
            time.sleep(LASTS)
        ledger.lost(before)
        until(ledger.redeemed_twice)
        # A flush takes the records of visitors along, so they open nothing in any case.
        if kind == "failover":
            until(ledger.exceeded)
            until(lambda: reader.view(0) and ledger.outlived)


def test_control_who_waits_longer_for_the_server_answers_late(tmp_path: Path) -> None:
    with site(tmp_path, query="?timeout_ms=2000") as it, crowd(it.machines, 1) as ledger:
        until(lambda: ledger.opened)
        ledger.waits.slowest()
        with stopped(it.place):
            time.sleep(LASTS)
        until(lambda: ledger.waits.slowest()[1] > ANSWERS)

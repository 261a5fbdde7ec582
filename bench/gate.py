"""What the gate costs a server, in CPU time: `./run bench gate [--record]`.

Workers over stores of a thousand to a million visitors, each in a process of its own, take turns:
so a busy minute is everybody's. `--record` also writes the table of docs/cost.md.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import ceil
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from challenge.core import puzzles

from ._gate_docs import CALLS, KINDS, VIEWS, record, table
from ._gated import Gated
from ._quiet import QUIET, Cost
from ._report import Figure, microseconds, publish

SIZES = (10**3, 10**4, 10**5, 10**6)
URIS = {"sqlite": "sqlite:///store.db", "memory": "memory://"}
ROUNDS = 9
#: Of what was measured, this part counts, in which the machine was least busy with other things:
#: beside them, a core does half as much in a microsecond of its time.
SHARE = 1 / 4
#: how much slower a core may have been even then, before it is said
BUSY = 1.4
#: CPU microseconds of a view at a million visitors, and how many times that of a thousand
REACH_US, REACH_GROWTH = 120, 1.3


@dataclass
class Measured:
    """What was found, by store and number of visitors."""

    costs: dict[tuple[str, int], dict[str, list[Cost]]]
    bytes: dict[tuple[str, int], int]

    def us(self, store: str, number: int, what: str) -> float:
        """The median where the machine was quiet; of a charge, with what it leaves for later."""
        later = self.us(store, number, "later") if what == "charged" else 0
        return later + median(cost.us for cost in self._quiet(store, number, what))

    def usual_us(self, store: str, number: int) -> float:
        """The same of a charge, however busy the machine was."""
        costs = self.costs[store, number]
        return sum(median(cost.us for cost in costs[what]) for what in ("charged", "later"))

    def growth(self, store: str) -> float:
        """How many times as much a view costs with the most visitors."""
        return self.us(store, SIZES[-1], "charged") / self.us(store, SIZES[0], "charged")

    @property
    def slowness(self) -> float:
        """How much slower a core was where it was quiet than where it was at its fastest."""
        quiet = [self._quiet(*key, "charged")[-1].loop_us for key in self.costs]
        return max(quiet) / min(self._quiet(*key, "charged")[0].loop_us for key in self.costs)

    def _quiet(self, store: str, number: int, what: str) -> list[Cost]:
        costs = sorted(self.costs[store, number][what], key=lambda cost: cost.loop_us)
        return costs[: ceil(len(costs) * SHARE)]


_gated: Gated


def _fill(uri: str, folder: Path, number: int) -> int:
    """In a worker's process: fill its store; the bytes that it takes."""
    global _gated
    logging.disable(logging.WARNING)
    folder.mkdir()
    _gated = Gated(uri, folder, number)
    return _gated.bytes


def _round(fastest_us: float) -> dict[str, list[Cost]]:
    QUIET.fastest_us = min(QUIET.fastest_us, fastest_us)
    return _gated.round()


def measured(folder: Path) -> Measured:
    """All stores and sizes; each worker in a process of its own, so that it has its own memory."""
    keys = [(store, number) for number in SIZES for store in URIS]
    costs: dict[tuple[str, int], dict[str, list[Cost]]] = {key: {} for key in keys}
    with ExitStack() as stack:
        new = partial(ProcessPoolExecutor, 1, mp_context=get_context("spawn"))
        workers = {key: stack.enter_context(new()) for key in keys}
        filling = {
            (store, number): worker.submit(_fill, URIS[store], folder / f"{store}-{number}", number)
            for (store, number), worker in workers.items()
        }
        taken = {key: future.result() for key, future in filling.items()}
        fastest_us = float("inf")
        for _ in range(ROUNDS):
            for key, worker in workers.items():
                for what, found in worker.submit(_round, fastest_us).result().items():
                    costs[key].setdefault(what, []).extend(found)
                    fastest_us = min(fastest_us, *(cost.loop_us for cost in found))
    return Measured(costs, taken)


def figures(found: Measured) -> Iterator[Figure]:
    """What is published."""
    most = SIZES[-1]
    for store in URIS:
        fewer = (f"{found.us(store, size, 'charged'):.0f} at {size:,}" for size in SIZES[:-1])
        usual = f"{found.usual_us(store, most):.0f} with the machine as busy as it was"
        note = f"CPU of a view at {most:,} visitors, warm; {usual}; {', '.join(fewer)}"
        value = found.us(store, most, "charged")
        reach = REACH_US if store == "sqlite" else None
        ok = None if reach is None else value <= reach
        yield Figure(f"gate.{store}_us", value, "us", reach, ok, note)
    growth, memory = found.growth("sqlite"), found.growth("memory")
    note = f"{most:,} visitors over {SIZES[0]:,}, SQLite; memory {memory:.2f}"
    yield Figure("gate.growth", growth, "times", REACH_GROWTH, growth <= REACH_GROWTH, note)
    for what in VIEWS[1:]:
        for store in URIS:
            note = f"{KINDS[what]}; {most:,} visitors"
            yield Figure(f"gate.{store}_{what}_us", found.us(store, most, what), "us", note=note)
    for what in CALLS:
        note = (
            f"{KINDS[what]}; SQLite, {most:,} visitors; memory {found.us('memory', most, what):.0f}"
        )
        yield Figure(f"gate.{what}_us", found.us("sqlite", most, what), "us", note=note)
    for store, where in (("sqlite", "the file"), ("memory", "resident")):
        note = f"{where}, with {most:,} visitors"
        yield Figure(f"gate.{store}_mib", found.bytes[store, most] / 2**20, "MiB", note=note)


def told(found: Measured) -> str:
    """The figures that docs/cost.md has beside its tables."""
    most = SIZES[-1]
    charged, ahead = (found.us("sqlite", most, what) for what in ("charged", "ahead"))
    disk, memory = (found.bytes[store, most] / 2**20 for store in URIS)
    return (
        f"On SQLite a view costs {found.growth('sqlite'):.2f} times as much with {most:,} visitors"
        f" as with {SIZES[0]:,}, in memory {found.growth('memory'):.2f} times; the file has"
        f" {disk:,.0f} MiB then, `memory://` {memory:,.0f}. Who reads on costs"
        f" {0.8 * charged + 0.2 * ahead:,.0f} a new profile, every fifth included. For the"
        f" {charged:.0f} of the first row, the median of all measurements is"
        f" {found.usual_us('sqlite', most):.0f}."
    )


def verify_figure() -> Figure:
    """Checking sixteen answers."""
    kind = puzzles.get("sha256")
    puzzle, seed, answers = kind.puzzle(0), os.urandom(32), (0,) * 16
    cost = microseconds(lambda: kind.meets_targets(seed, puzzle, answers), calls=2000)
    return Figure("gate.verify_us", cost, "us", note="16 sha256 answers")


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run bench gate", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write docs/cost.md's part too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tallygate-gate-") as folder:
        found = measured(Path(folder))
    publish("gate", [*figures(found), verify_figure()])
    tables = [table(f"`{uri}`", SIZES, partial(found.us, store)) for store, uri in URIS.items()]
    print("", *tables, sep="\n\n")
    if found.slowness > BUSY:
        slower = f"a core took {found.slowness:.1f} times as long as it can"
        print(f"the machine was never quiet: {slower}", file=sys.stderr)
    if options.record:
        record(tables, told(found))


if __name__ == "__main__":
    main()

"""CPU time of short calls on a machine that has other things to do.

A core that shares its caches and its arithmetic with a busy one does half as much in a microsecond
of its time. So calls wait for quiet moments, for a while, and each few of them are told with what
a fixed loop took beside them.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TypeVar

#: calls between two looks at how busy the machine is
FEW = 20
#: seconds that a worker waits for quiet moments, and between two looks for one
PATIENCE, NAP = 6.0, 0.02
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU microseconds of a call, and how busy the machine was with other things."""

    us: float
    #: CPU microseconds that a fixed loop took just before or after, whichever is more
    loop_us: float


def timed(calls: Sequence[Callable[[], T]]) -> tuple[list[T], list[Cost]]:
    """What came of some calls, and what one of them cost, for each few of them."""
    done: list[T] = []
    costs = []
    for at in range(0, len(calls), FEW):
        few = calls[at : at + FEW]
        before = QUIET.awaited_us()
        # What the benchmark holds ready is no garbage that a gate would have to look through.
        gc.freeze()
        started = time.process_time()
        done += [call() for call in few]
        us = (time.process_time() - started) / len(few) * 1e6
        costs.append(Cost(us, max(before, _loop_us())))
        gc.unfreeze()
    return done, costs


def _loop_us() -> float:
    started = time.process_time()
    for _ in range(20_000):
        pass
    return (time.process_time() - started) * 1e6


class _Quiet:
    """Waits for moments and cores with little else to do; in all for so many seconds."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        # Not every system lets a process choose.
        self._cores = cycle(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        #: CPU microseconds of a fixed loop on a core with nothing else to do, as far as is known
        self.fastest_us = float("inf")

    def awaited_us(self) -> float:
        """What the loop takes now."""
        while True:
            us = _loop_us()
            self.fastest_us = min(us, self.fastest_us)
            if us < 1.15 * self.fastest_us or self.patience <= 0:
                return us
            if self._cores is not None:
                os.sched_setaffinity(0, {next(self._cores)})
            time.sleep(NAP)
            self.patience -= NAP


QUIET = _Quiet(PATIENCE)

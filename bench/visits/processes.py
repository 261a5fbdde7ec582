"""Processes that are ours because they were given a mark, wherever they have got to."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: The environment variable that bears the mark. Whatever they start inherits it.
MARK = "TALLYGATE_BENCH_MARK"
_SLICE_S = 0.01
_LOOK_TURNS = 15


def marked(mark: str) -> Iterator[int]:
    """The ids of the processes that run and bear the mark."""
    wanted = f"{MARK}={mark}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in environ.read_bytes().split(b"\0"):
                yield int(environ.parent.name)
        except OSError:
            continue


def end_marked(mark: str) -> None:
    """End them all. Browsers that drivers have started outlive these, in groups of their own."""
    for _ in range(100):
        pids = list(marked(mark))
        for pid in pids:
            send(pid, signal.SIGKILL)
        if not pids:
            return
        time.sleep(0.05)


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process that may have ended meanwhile."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


@contextmanager
def slowed(pid: int, times: float) -> Iterator[None]:
    """Let a process and all that come from it run for one part of the time in so many.

    As a slow processor does, it is slow at everything; unlike one, in slices of ten milliseconds.
    """
    over = threading.Event()

    def take_turns() -> None:
        turn, family = 0, [pid]
        while not over.is_set():
            if turn % _LOOK_TURNS == 0:
                family = [pid, *descendants(pid)]
            for member in family:
                send(member, signal.SIGSTOP)
            time.sleep(_SLICE_S * (times - 1))
            for member in family:
                send(member, signal.SIGCONT)
            time.sleep(_SLICE_S)
            turn += 1

    thread = threading.Thread(target=take_turns)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found: list[int] = []
    more = {pid}
    while more := {child for child, parent in parents.items() if parent in more}:
        found += more
    return found

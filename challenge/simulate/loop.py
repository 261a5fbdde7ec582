"""Simulated time: a clock that jumps from event to event, and nobody who really waits."""

from __future__ import annotations

from collections.abc import Generator
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")
#: what somebody does: yields the seconds until it goes on
Steps = Generator[float, None, T]


class Task:
    """Something that goes on until its steps end, or it is cancelled."""

    __slots__ = ("_steps",)

    def __init__(self, steps: Steps[Any]) -> None:
        self._steps = steps

    def cancel(self) -> None:
        """Stop it where it waits. One that has ended stays as it is."""
        self._steps.close()

    def advance(self) -> float | None:
        """Go on; seconds until the next time, None at the end."""
        return next(self._steps, None)


class Loop:
    """Runs tasks in the order of simulated time; those of one moment in the order they came.

    :param start: Unix seconds.
    """

    def __init__(self, start: float) -> None:
        self.now = start
        self._order = count()
        self._heap: list[tuple[float, int, Task]] = []

    def clock(self) -> float:
        """Unix seconds, as whoever lives in this time sees them."""
        return self.now

    def spawn(self, steps: Steps[Any], *, after: float = 0.0) -> Task:
        """Let something begin, after so many seconds."""
        task = Task(steps)
        self._push(self.now + after, task)
        return task

    def run(self, until: float = float("inf")) -> None:
        """Let time pass until a moment, or until nothing is left to happen."""
        while self._heap and self._heap[0][0] <= until:
            at, _, task = heappop(self._heap)
            self.now = max(self.now, at)
            pause = task.advance()
            if pause is not None:
                self._push(self.now + pause, task)
        if until != float("inf"):
            self.now = max(self.now, until)

    def _push(self, at: float, task: Task) -> None:
        heappush(self._heap, (at, next(self._order), task))

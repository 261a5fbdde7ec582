"""How every benchmark tells its figures."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measured number. `reach` is what was aimed at, if anything was."""

    id: str
    value: float
    unit: str
    reach: float | None = None
    ok: bool | None = None
    note: str = ""
    #: what must hold even where the reach is missed
    floor: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it is at or beyond its floor, which lies on the worse side of the reach."""
        if self.floor is None or self.reach is None:
            return True
        return self.value >= self.floor if self.floor < self.reach else self.value <= self.floor


def aimed(
    name: str, value: float, unit: str, *, reach: float, floor: float, note: str = ""
) -> Figure:
    """A figure with a reach and a floor; more is better if the floor is the lower of the two."""
    ok = value >= reach if floor < reach else value <= reach
    return Figure(name, value, unit, reach, ok, note, floor)


def microseconds(call: Callable[[], object], *, calls: int, rounds: int = 7) -> float:
    """Median over rounds of the mean time of a call."""
    means = []
    for _ in range(rounds):
        start = perf_counter()
        for _ in range(calls):
            call()
        means.append((perf_counter() - start) / calls * 1e6)
    return median(means)


def publish(name: str, figures: Sequence[Figure]) -> None:
    """Print the figures as a Markdown table and write them to bench/results/<name>.json."""
    show(figures)
    write(name, content(f"./run bench {name}", figures))


def show(figures: Sequence[Figure]) -> None:
    """Print the figures as a Markdown table."""
    print("| figure | value | unit | reach | note |\n| --- | ---: | --- | --- | --- |")
    for f in figures:
        digits = 1 if abs(f.value) >= 10 else 2
        print(f"| `{f.id}` | {f.value:.{digits}f} | {f.unit} | {_reached(f)} | {f.note} |")


def _reached(figure: Figure) -> str:
    if figure.reach is None:
        return ""
    missed = "" if figure.ok else " (missed)"
    below = "" if figure.holds else f", AND THE FLOOR OF {figure.floor:g}"
    return f"{figure.reach:g}{missed}{below}"


def content(command: str, figures: Sequence[Figure]) -> dict[str, Any]:
    """What every file of results holds."""
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "python": sys.version.split()[0],
            "cores": os.cpu_count(),
        },
        "figures": [_told(figure) for figure in figures],
    }


def _told(figure: Figure) -> dict[str, Any]:
    told = asdict(figure)
    if figure.floor is None:
        del told["floor"]
    return told


def write(name: str, record: Mapping[str, Any]) -> None:
    """Write bench/results/<name>.json."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")

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
    print("| figure | value | unit | reach | note |\n| --- | ---: | --- | --- | --- |")
    for f in figures:
        reach = "" if f.reach is None else f"{f.reach:g}{'' if f.ok else ' (missed)'}"
        print(f"| `{f.id}` | {f.value:.1f} | {f.unit} | {reach} | {f.note} |")
    write(name, content(f"./run bench {name}", figures))


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
        "figures": [asdict(figure) for figure in figures],
    }


def write(name: str, record: Mapping[str, Any]) -> None:
    """Write bench/results/<name>.json."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")

"""The tables of docs/cost.md, from one run of `./run bench gate`."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill

PAGE = Path(__file__).parent.parent / "docs" / "cost.md"
START, END = "<!-- recorded by ./run bench gate --record -->", "<!-- to here -->"

#: what is measured, in the words of the page
KINDS = {
    "charged": "a profile that the visitor has not opened before",
    "revisit": "one that it has",
    "ahead": "every fifth new one: the network's band is charged for five",
    "cold": "a new one, with a clearance that this worker has not seen",
    "beside": "a new one, while another worker writes as often",
    "whole": "a new one in Flask: what a gated route takes more than a plain one",
    "ask": "an ask",
    "redeem": "a first sale with a browser key",
}
CALLS = ("ask", "redeem")
VIEWS = tuple(kind for kind in KINDS if kind not in CALLS)


def table(name: str, sizes: Sequence[int], us: Callable[[int, str], float]) -> str:
    """The costs over one store, as Markdown.

    :param us: gives the CPU microseconds, by the number of visitors and what was done.
    """
    head = [name, *(f"{size:,} visitors" for size in sizes)]
    lines = [head, ["---", *("---:" for _ in sizes)]]
    lines += [
        [label, *(f"{us(size, kind):,.0f}" for size in sizes)] for kind, label in KINDS.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def record(tables: Sequence[str], told: str) -> None:
    """Write the tables into the page, and what else was found."""
    before, _, rest = PAGE.read_text().partition(START)
    _, _, after = rest.partition(END)
    when = (
        f"CPU microseconds. Recorded on {datetime.now(UTC):%Y-%m-%d}: one core of {os.cpu_count()},"
        f" {platform.system()} {platform.machine()}, Python {platform.python_version()}. {told}"
    )
    PAGE.write_text(before + "\n\n".join((START, *tables, fill(when, 100), END)) + after)

"""The page that shows what a scraper got of this directory: the last run of `./run scrape`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import log10
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template

ROOT = Path(__file__).resolve().parent.parent
#: the last run here, else the one that came with the demo
PLACES = (ROOT / "bench" / "results" / "scrape.json", ROOT / "demo" / "scrape.json")
NAMES = {"plain": "Plain client", "unlimited": "Unlimited pass", "counted": "Counted views"}
MINUTE, HOUR, DAY = 60, 3600, 86_400

#: of the chart, in px: the room above the lines, theirs, and what is below for the time
TOP, PLOT, BELOW = 44, 272, 28
#: the lines are drawn in a square of this size that is stretched to the page's width
SQUARE = 1000
#: labels stand so far above their line, and apart
LIFT, APART = 8, 20
#: percent of the width that a label takes on a phone
WIDE = 50
TICKS = 5

scraper = Blueprint("scraper", __name__)


@dataclass(frozen=True)
class Run:
    """A run as its file tells it."""

    command: str
    date: datetime
    machine: Mapping[str, Any]
    people: int
    band: Mapping[str, int]
    note: str
    #: values and notes
    figures: Mapping[str, tuple[float, str]]
    series: Mapping[str, list[tuple[float, float]]]

    def value(self, name: str) -> float | None:
        """A figure `scrape.<name>`; None for what was not measured."""
        value, _ = self.figures.get(f"scrape.{name}", (None, ""))
        return value

    def table(self) -> Iterator[tuple[str, list[str]]]:
        """Rows of what is compared, and its cells in the order of NAMES."""
        for label, what in (
            ("Profiles obtained", "pages"),
            ("Profiles a minute, at first", "pages_per_minute"),
            ("Profiles a minute, at the end", "pages_per_minute_end"),
            ("Puzzles solved", "puzzles"),
            ("Visitors it pretended to be", "identities"),
            ("CPU seconds", "cpu_s"),
        ):
            yield label, [said(self.value(f"{name}.{what}")) for name in NAMES]
        yield f"All {self.people:,} people", [self._whole(name) for name in NAMES]
        weekly = [said(self.value(f"{name}.pages_per_week")) for name in NAMES]
        yield "In a week, at that rate", weekly

    def _whole(self, name: str) -> str:
        """How long the whole directory takes."""
        seconds, note = self.figures.get(f"scrape.{name}.directory_s", (None, ""))
        if seconds is None:
            return "never"
        return f"{lasting(seconds)}, {note.partition(':')[0]}"

    def reader(self) -> list[tuple[str, str]]:
        """Rows of what a reader waited meanwhile; none if that was not measured."""
        rows = []
        for label, what in (
            ("First profile", "first_page_ms"),
            ("Later profiles, median", "median_ms"),
            ("Later profiles, longest", "worst_ms"),
            ("A profile seen before", "revisit_ms"),
        ):
            value = self.value(f"reader.{what}")
            if value is not None:
                rows.append((label, f"{value:,.0f} ms"))
        return rows


@dataclass(frozen=True)
class Line:
    """A line of the chart, where it ends, and its label. In px, but for `x` in percent."""

    name: str
    points: str
    end_x: float
    end_y: float
    label: str
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Chart:
    """Lines, and the ticks of pages (px, text) and of time (percent, text)."""

    lines: list[Line]
    pages: list[tuple[float, str]]
    seconds: list[tuple[float, str]]
    height: int = TOP + PLOT + BELOW
    top: int = TOP
    plot: int = PLOT
    square: int = SQUARE


def last_run() -> Run | None:
    """The first of PLACES that holds a run."""
    for place in PLACES:
        try:
            return read_run(place.read_text())
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def read_run(text: str) -> Run:
    """A run from its file.

    :raises ValueError, KeyError, TypeError: for another file.
    """
    kept = json.loads(text)
    run = Run(
        command=str(kept["command"]),
        date=datetime.fromisoformat(kept["date"]),
        machine=dict(kept["machine"]),
        people=int(kept["people"]),
        band={name: int(kept["band"][name]) for name in ("burst", "per_hour")},
        note=str(kept["note"]),
        figures={f["id"]: (float(f["value"]), str(f["note"])) for f in kept["figures"]},
        series={
            name: [(float(at), float(pages)) for at, pages in kept["series"][name]]
            for name in NAMES
        },
    )
    if not all(run.series.values()) or any(run.value(f"{name}.pages") is None for name in NAMES):
        raise ValueError("a run without pages")
    return run


def chart_of(run: Run) -> Chart:
    """Both axes are linear, from nothing to the longest run and the most pages."""
    last = max(points[-1][0] for points in run.series.values()) or 1.0
    most = max(points[-1][1] for points in run.series.values()) or 1.0

    def y_of(pages: float) -> float:
        return round(TOP + PLOT * (1 - pages / most), 1)

    lines: list[Line] = []
    below = float("inf")
    # From the lowest up, so that a label makes way for the one below it.
    for name, points in sorted(run.series.items(), key=lambda item: item[1][-1][1]):
        end, pages = points[-1]
        x, y = round(100 * end / last, 1), y_of(pages)
        below = min(y - LIFT, below - APART)
        # Beside the end of a short line, over the middle of a long one; and over what passes there.
        label_x, anchor = (x + 2, "start") if x < 40 else (50.0, "middle")
        passing = (
            y_of(max(taken for at, taken in other if at <= (label_x + WIDE) / 100 * last))
            for other in run.series.values()
        )
        over = [at for at in passing if below - APART < at < below + LIFT]
        below = min([below, *(at - LIFT for at in over)])
        drawn = " ".join(
            f"{SQUARE * at / last:.1f},{SQUARE * (1 - taken / most):.1f}" for at, taken in points
        )
        label = f"{NAMES[name]}: {pages:,.0f} in {lasting(end)}"
        lines.append(Line(name, drawn, x, y, label, label_x, round(below, 1), anchor))
    return Chart(
        lines,
        [(y_of(pages), f"{pages:,.0f}") for pages in ticks(most)],
        [(round(100 * at / last, 1), f"{at:,.0f} s") for at in ticks(last)],
    )


def ticks(top: float) -> list[float]:
    """Round numbers from 0 to `top`, about TICKS of them."""
    rough = top / TICKS
    magnitude = 10 ** int(log10(rough)) if rough >= 1 else 1
    step = next(s for n in (1, 2, 5, 10) if (s := n * magnitude) >= rough)
    return [float(at) for at in range(0, int(top) + 1, step)]


def said(value: float | None) -> str:
    """A number with as many digits as one would say; a dash for none."""
    if value is None:
        return "-"
    if value < 10:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:,.0f}" if value < 1e6 else f"{value / 1e6:.3g} million"


def lasting(seconds: float) -> str:
    """A length of time in the unit that one would say it in."""
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 4 * DAY:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:.0f} days"


@scraper.get("/scraper")
def page() -> str:
    """The chart and its table."""
    run = last_run()
    chart = None if run is None else chart_of(run)
    say = {"names": NAMES, "said": said, "lasting": lasting}
    return render_template("scraper.html", run=run, chart=chart, **say)

"""The chart and the table of docs/solver.md, drawn from one run of `./run bench solver`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import log10
from pathlib import Path
from textwrap import fill

from ._peers import Peer
from ._report import Figure

DOCS = Path(__file__).parent.parent / "docs"
CHART = DOCS / "img" / "solver.svg"
PAGE = DOCS / "solver.md"
START, END = "<!-- recorded by ./run bench solver --record -->", "<!-- to here -->"

#: of the chart, in px
WIDTH, LEFT, RIGHT = 760, 204, 132
TOP, LINE, BELOW = 44, 40, 40
#: hashes a second at the two ends of the scale
LEAST, MOST = 50_000, 100_000_000
TICKS = {
    100_000: "100 thousand",
    1_000_000: "1 million",
    10_000_000: "10 million",
    100_000_000: "100 million",
}


@dataclass(frozen=True)
class Row:
    """A solver, and what it does in a second: in the browser, and as an attacker would write it."""

    peer: Peer
    browser: float
    native: float
    is_ours: bool = False

    @property
    def advantage(self) -> float:
        """How many browsers a native solver on the same core is worth."""
        return self.native / self.browser


def table(rows: Sequence[Row]) -> str:
    """Of all that is compared, as Markdown."""
    head = "| solver | in the browser | natively | attacker's advantage | default puzzle | "
    head += "a visitor waits | an attacker waits | server checks | carries |\n"
    head += "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |\n"
    return head + "".join(f"| {' | '.join(_cells(row))} |\n" for row in rows)


def _cells(row: Row) -> Iterator[str]:
    peer = row.peer
    yield f"**{peer.label}**" if row.is_ours else peer.label
    yield f"{said(row.browser)}/s"
    yield f"{said(row.native)}/s"
    yield times(row.advantage)
    yield f"{said(peer.hashes)} hashes: {peer.default}" if peer.hashes else ""
    yield lasting(peer.hashes / row.browser) if peer.hashes else ""
    yield lasting(peer.hashes / row.native) if peer.hashes else ""
    note = "" if row.is_ours else " †"
    yield f"{peer.verify_us:.0f} µs{note}" if peer.verify_us else ""
    yield f"{peer.carried:,} bytes{note}" if peer.carried else ""


def said(number: float) -> str:
    """A count with a word for its size."""
    for size, word in ((1e6, " million"), (1e3, " thousand")):
        if number >= size:
            digits = 1 if number < 100 * size else 0
            return f"{number / size:.{digits}f}{word}"
    return f"{number:.0f}"


def times(ratio: float) -> str:
    """A ratio as text."""
    return f"{ratio:.1f}×" if ratio < 100 else f"{ratio:.0f}×"  # noqa: RUF001


def lasting(seconds: float) -> str:
    """A time as text."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def chart(rows: Sequence[Row]) -> str:
    """Of the rates: a stroke for each solver, from the browser to the native search."""
    height = TOP + LINE * len(rows) + BELOW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' aria-labelledby="t">',
        '<title id="t">Hashes a second on one core, in the browser and natively; the table below'
        " has the numbers</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        *_scale(height),
        *(
            part
            for at, row in enumerate(rows)
            for part in _stroke(row, TOP + LINE * (at + 0.5), at)
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


STYLE = """
.paper { fill: #faf6ec } text { fill: #1d1b16; font: 14px system-ui, sans-serif }
.soft { fill: #5c5646; font-size: 12px } .middle { text-anchor: middle } .end { text-anchor: end }
.ours { font-weight: 600 }
.rule { stroke: #d8d0bc } .stroke { stroke: #1d1b16; stroke-width: 2 }
.browser { fill: #1d1b16 } .native { fill: #faf6ec; stroke: #1d1b16; stroke-width: 2 }
.ours.stroke, .ours.native { stroke: #1f5c3a } .ours.browser, text.ours { fill: #1f5c3a }
@media (prefers-color-scheme: dark) {
.paper { fill: #16150f } text { fill: #f0e9d9 } .soft { fill: #c4bba7 }
.rule { stroke: #3d392d } .stroke { stroke: #f0e9d9 } .browser { fill: #f0e9d9 }
.native { fill: #16150f; stroke: #f0e9d9 }
.ours.stroke, .ours.native { stroke: #8ecda6 } .ours.browser, text.ours { fill: #8ecda6 }
}
"""


def _x(rate: float) -> float:
    share = (log10(rate) - log10(LEAST)) / (log10(MOST) - log10(LEAST))
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _scale(height: int) -> Iterator[str]:
    foot = height - BELOW
    for rate, name in TICKS.items():
        x = _x(rate)
        yield f'<line class="rule" x1="{x}" x2="{x}" y1="{TOP}" y2="{foot}"/>'
        yield f'<text class="soft middle" x="{x}" y="{foot + 18}">{name}</text>'
    what = "hashes a second on one core; each line is ten times the one before it"
    yield f'<text class="soft" x="{LEFT}" y="{foot + 34}">{what}</text>'


def _stroke(row: Row, y: float, at: int) -> Iterator[str]:
    ours = " ours" if row.is_ours else ""
    start, end = _x(row.browser), _x(row.native)
    yield f'<text class="{ours.strip()}" x="12" y="{y + 5}">{escape(row.peer.label)}</text>'
    yield f'<line class="stroke{ours}" x1="{start}" x2="{end}" y1="{y}" y2="{y}"/>'
    yield f'<circle class="browser{ours}" cx="{start}" cy="{y}" r="5"/>'
    yield f'<circle class="native{ours}" cx="{end}" cy="{y}" r="5"/>'
    ratio = times(row.advantage)
    yield f'<text class="end{ours}" x="{WIDTH - 12}" y="{y + 5}">{ratio}</text>'
    if at == 0:
        for x, name in ((start, "in the browser"), (end, "natively")):
            yield f'<text class="soft middle" x="{x}" y="{TOP - 12}">{name}</text>'
        yield f'<text class="soft end" x="{WIDTH - 12}" y="{TOP - 12}">advantage</text>'


def record(rows: Sequence[Row], figures: Sequence[Figure], version: str) -> None:
    """Write the chart, and the table into the page."""
    CHART.write_text(chart(rows))
    before, _, rest = PAGE.read_text().partition(START)
    _, _, after = rest.partition(END)
    value = {figure.id: figure.value for figure in figures}
    told = f"""
Recorded on {datetime.now(UTC):%Y-%m-%d}: Chromium {version}, one core of {os.cpu_count()},
{platform.system()} {platform.machine()}. Our best engine makes
{value["solver.sha256.vs_webcrypto"]:.0f} times the hashes of one WebCrypto call a nonce. A visitor
with one worker waits {value["solver.wait_median_ms"]:.0f} ms for the default puzzle (median by the
clock), one in twenty more than {value["solver.wait_p95_ms"]:.0f} ms; counted in hashes, which no
other program delays, {value["solver.p95_over_median"]:.2f} times the median."""
    picture = f"![Hashes a second of each solver, in the browser and natively](img/{CHART.name})"
    once = "† measured once with the versions named in `bench/_peers.py`, not by this command."
    parts = (START, picture, table(rows).strip(), once, fill(told.strip(), 100), END)
    PAGE.write_text(before + "\n\n".join(parts) + after)

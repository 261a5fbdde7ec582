"""Who gets what at the defaults, in simulated time: `challenge/simulate`, every row of its table.

With `--whole` every network of the large crowds is played, which takes an hour; else a sample.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from challenge.simulate.rows import Row, Run
from challenge.simulate.scenes import SCENES, play

from ._curves import CURVES, draw
from ._report import RESULTS, Figure, publish

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "how-the-price-works.md"
#: between these the page has the table
BEGINS, ENDS = "<!-- the table: ./run bench simulate --draw -->\n", "<!-- end of the table -->\n"


def figure(row: Row) -> Figure:
    """The row as all benchmarks tell theirs."""
    note = f"{row.who}: {row.note}" if row.note else row.who
    return Figure(row.id, row.value, row.unit, row.reach, row.ok, note)


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| who | | must hold | id |", "| --- | --- | --- | --- |"]
    for row in rows:
        reach = "" if row.reach is None else f"{row.reach:,g}{'' if row.ok else ' **(missed)**'}"
        value = f"{row.value:,.2f}".removesuffix(".00")
        told = f"{value} {row.unit}" + (f", {row.note}" if row.note else "")
        lines.append(f"| {row.who} | {told} | {reach} | `{row.id}` |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Play, publish, and draw the curves of docs/how-the-price-works.md."""
    parser = argparse.ArgumentParser(prog="./run bench simulate", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="no sample of the large crowds")
    parser.add_argument("--draw", action="store_true", help="write the docs' curves and table too")
    parser.add_argument("names", nargs="*", metavar="SCENE", help=f"of: {', '.join(SCENES)}")
    options = parser.parse_args()
    # What a site that is only played would warn of.
    logging.getLogger("challenge").setLevel(logging.ERROR)
    run = Run(size="whole" if options.whole else "usual")
    rows: list[Row] = []
    for name in options.names or SCENES:
        print(f"playing {name}", file=sys.stderr, flush=True)
        rows += play(name, run)
    publish("simulate", [figure(row) for row in rows])
    lines = {row.id: row.points for row in rows if row.points}
    record = json.loads((RESULTS / "simulate.json").read_text())
    (RESULTS / "simulate.json").write_text(json.dumps(record | {"lines": lines}, indent=1) + "\n")
    if options.draw:
        for name, svg in draw(CURVES, rows):
            (DOCS / "img" / name).write_text(svg)
        before, _, rest = PAGE.read_text().partition(BEGINS)
        PAGE.write_text(f"{before}{BEGINS}\n{table(rows)}\n{ENDS}{rest.partition(ENDS)[2]}")


if __name__ == "__main__":
    main()

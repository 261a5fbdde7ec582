"""Who gets what at the defaults, in simulated time: `challenge/simulate`, every row of its table.

With `--whole` every network of the large crowds is played, which takes an hour; else a sample.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from challenge.simulate.rows import Row, Run
from challenge.simulate.scenes import SCENES, play

from ._curves import CURVES, draw
from ._report import RESULTS, Figure, publish

IMAGES = Path(__file__).parent.parent / "docs" / "img"


def figure(row: Row) -> Figure:
    """The row as all benchmarks tell theirs."""
    note = f"{row.who}: {row.note}" if row.note else row.who
    return Figure(row.id, row.value, row.unit, row.reach, row.ok, note)


def main() -> None:
    """Play, publish, and draw the curves of docs/how-the-price-works.md."""
    parser = argparse.ArgumentParser(prog="./run bench simulate", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="no sample of the large crowds")
    parser.add_argument("--draw", action="store_true", help="write docs/img too")
    parser.add_argument("names", nargs="*", metavar="SCENE", help=f"of: {', '.join(SCENES)}")
    options = parser.parse_args()
    run = Run(whole=options.whole)
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
            (IMAGES / name).write_text(svg)


if __name__ == "__main__":
    main()

"""What tools that drive browsers pay for how they behave: `./run bench behaviour-tools`.

Each makes the same visit as its own defaults have it: headless and with a window, with clicks and
without. In the end BotD is asked about the same browser, on a page of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ._report import Figure, publish
from .visits import reports
from .visits.tools import TOOLS, Tool, visit
from .visits.watched import NOTHING, Told

HIGH = 4.0
MODES = ("headless", "headful")
MOST_SCRIPT_BYTES = 5120
SCRIPT_BYTES = Path(__file__).with_name("behaviour") / "script_bytes.mjs"


@dataclass(frozen=True)
class Row:
    """What came of a tool in a mode."""

    tool: str
    mode: str
    #: with clicks, and without
    clicking: Told
    going: Told

    @property
    def is_caught(self) -> bool:
        """Whether it paid at its first renewal for how it had behaved."""
        quote = self.clicking.first_renewal
        return quote is not None and quote.factor >= HIGH


def rows(tools: Iterable[Tool], modes: Iterable[str]) -> Iterator[Row]:
    """One for each tool in each mode; printed as they come."""
    print("| tool | mode | profiles | renewals | factor | reasons | going only | BotD |")
    print("| --- | --- | ---: | ---: | ---: | --- | ---: | --- |")
    for mode in modes:
        for tool in tools:
            headless = mode == "headless"
            clicking = _visit(tool, headless=headless, clicks=True)
            going = _visit(tool, headless=headless, clicks=False)
            row = Row(tool.name, mode, clicking, going)
            print(_line(row), flush=True)
            yield row


def _visit(tool: Tool, *, headless: bool, clicks: bool) -> Told:
    """A visit; one that fails caught nobody, and stops no other."""
    try:
        return visit(tool, headless=headless, clicks=clicks)
    except RuntimeError as error:
        print(f"{tool.name}: {error}", file=sys.stderr)
        return NOTHING


def _line(row: Row) -> str:
    clicking, verdict = row.clicking, row.clicking.botd
    cells = [
        *(row.tool, row.mode, str(len(clicking.opened)), str(clicking.renewals)),
        *(clicking.factor, ", ".join(clicking.reasons), row.going.factor),
        "not asked" if verdict is None else verdict or "nothing",
    ]
    return f"| {' | '.join(cells)} |"


def figures(found: Sequence[Row], mode: str) -> Iterator[Figure]:
    """How many of a mode's tools were caught, and how many of them BotD names."""
    of_mode = [row for row in found if row.mode == mode]
    caught = sum(row.is_caught for row in of_mode)
    missed = ", ".join(row.tool for row in of_mode if not row.is_caught)
    note = f"factor of {HIGH:g} or more at the first renewal, of {len(of_mode)}"
    yield Figure(
        f"behaviour.tools_{mode}",
        caught,
        "tools",
        reach=len(TOOLS),
        ok=caught == len(TOOLS),
        note=f"{note}; not {missed}" if missed else note,
    )
    named = sum(bool(row.clicking.botd) for row in of_mode)
    yield Figure(f"behaviour.botd_{mode}", named, "tools", note="what BotD 2.0.0 says of them")


def script_bytes() -> Figure:
    """What a page carries for it."""
    done = subprocess.run(["node", SCRIPT_BYTES], capture_output=True, check=True, text=True)
    parts: dict[str, int] = json.loads(done.stdout)
    value = sum(parts.values())
    note = f"with brotli: conduct.js {parts['conduct']}, in challenge.js {parts['signals']}"
    ok = value <= MOST_SCRIPT_BYTES
    return Figure("behaviour.script_bytes", value, "bytes", MOST_SCRIPT_BYTES, ok, note)


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run bench behaviour-tools", description=__doc__)
    names = [tool.name for tool in TOOLS]
    parser.add_argument("--only", action="append", choices=names, help="a tool; publishes nothing")
    parser.add_argument("--mode", choices=MODES, help="one of both; publishes nothing")
    options = parser.parse_args()
    tools = [tool for tool in TOOLS if not options.only or tool.name in options.only]
    found = list(rows(tools, [options.mode] if options.mode else MODES))
    if options.only or options.mode:
        return
    print()
    told = [figure for mode in MODES for figure in figures(found, mode)]
    visits = [visit for row in found for visit in (row.clicking, row.going)]
    told += [*reports.figures("behaviour", visits), script_bytes()]
    publish("behaviour-tools", told)


if __name__ == "__main__":
    main()

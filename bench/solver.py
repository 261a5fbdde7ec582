"""How fast the puzzle is solved, and for whom: `./run bench solver [--record]`.

Our engines and other projects' solvers hash in one headless Chromium that has one core, in turns,
beside the fastest native search that we know how to write. `--record` also writes the chart and
the table of docs/solver.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median, quantiles

from challenge.config import Settings
from challenge.core import puzzles
from challenge.core.puzzles.kind import OUTPUT_MAX, threshold
from challenge.core.puzzles.sha256 import COUNT

from . import _native
from ._native import Native
from ._peers import PEERS, Peer
from ._rates import Solvers, one_core, solvers
from ._report import Figure, aimed, publish
from ._solver_docs import Row, record, table
from .gate import verify_figure

DIST = Path(__file__).parent.parent / "static" / "js" / "dist"
#: What a page carries before it solves, by its engine: the better one is tried before.
CARRIED = {
    "simd": ("challenge.js", "sha256-simd.wasm"),
    "wasm": ("challenge.js", "sha256-simd.wasm", "sha256.wasm"),
    "plain": ("challenge.js",),
}
ROUNDS = 7
NATIVE_S = 0.3
#: seeds, and tries for each of their sub-puzzles, that show how much luck is in the wait
SEEDS, WORK = 5000, 4096
#: puzzles at the default price that a browser solves
SOLVED = 40
WEBCRYPTO = "webcrypto-loop"


@dataclass
class Rates:
    """Hashes a second by solver and round. What is compared ran in the same round."""

    rounds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, rate: float) -> None:
        """One more round of a solver."""
        self.rounds.setdefault(name, []).append(rate)

    def of(self, name: str) -> float:
        """The median."""
        return median(self.rounds[name])

    @property
    def native(self) -> str:
        """The fastest native form."""
        return self.best([name for name in self.rounds if name.startswith("native.")])

    def best(self, names: Sequence[str]) -> str:
        """The one with the highest median."""
        return max(names, key=self.of)

    def ratio(self, over: str, under: str) -> float:
        """The median of the rounds' ratios."""
        pairs = zip(self.rounds[over], self.rounds[under], strict=True)
        return median(a / b for a, b in pairs)


def measured(browser: Solvers, native: Native) -> Rates:
    """All rates, the solvers in turns so that a busy minute is everybody's."""
    rates = Rates()
    for name in browser.all:
        browser.warm(name)
    for _ in range(ROUNDS):
        for name in browser.all:
            rates.add(name, browser.rate(name))
        for form in native.forms():
            with one_core():
                rates.add(f"native.{form}", native.rate(form, NATIVE_S))
    return rates


def luck(native: Native) -> Figure:
    """The 95th percentile of the hashes that a puzzle takes, over their median."""
    limit = threshold(WORK)
    kind, asked = puzzles.get("sha256"), puzzles.get("sha256").puzzle(0)
    needed = []
    seeds = list(_native.seeds(SEEDS))
    for seed, answers in zip(seeds, native.solve(seeds, COUNT, limit), strict=True):
        assert kind.meets_targets(seed, replace(asked, threshold=limit), tuple(answers))
        needed.append(sum(map(_native.tries, answers)))
    share = quantiles(needed, n=20)[-1] / median(needed)
    note = f"hashes of {SEEDS:,} fixed seeds, {COUNT} sub-puzzles of work {WORK:,}"
    return aimed("solver.p95_over_median", share, "times", reach=1.5, floor=1.6, note=note)


def waits(browser: Solvers, engine: str) -> Iterator[Figure]:
    """What a visitor waits at the default price, with one worker, by the clock."""
    puzzle = puzzles.get("sha256").puzzle(Settings().price_ms)
    asked = [
        {"seed": seed.hex(), "count": puzzle.count, "threshold": f"{puzzle.threshold:016x}"}
        for seed in _native.seeds(SOLVED)
    ]
    took = browser.solve(engine, asked)
    note = (
        f"{SOLVED} puzzles at the default price, `{engine}`, one worker on one core, by the clock"
    )
    yield Figure("solver.wait_median_ms", median(took), "ms", note=note)
    yield Figure("solver.wait_p95_ms", quantiles(took, n=20)[-1], "ms", note=note)


def carried(engine: str) -> int:
    """Bytes of brotli before the first solve with an engine."""
    return sum((DIST / f"{name}.br").stat().st_size for name in CARRIED[engine])


def compared(rates: Rates, engines: Sequence[str]) -> Iterator[Figure]:
    """The rates, and what they come to."""
    ours, natively = rates.best(engines), rates.native
    note = f"`{ours}` over one WebCrypto call a nonce, median of {ROUNDS} rounds"
    times = rates.ratio(ours, WEBCRYPTO)
    yield aimed("solver.sha256.vs_webcrypto", times, "times", reach=80, floor=60, note=note)
    note = f"`{natively}` over `{ours}`, on one core each"
    times = rates.ratio(natively, ours)
    yield aimed("solver.sha256.advantage", times, "times", reach=6, floor=8, note=note)
    for name in rates.rounds:
        kind = "engine." if name in engines else "peer." if name in PEERS else ""
        yield Figure(f"solver.{kind}{name}_rate", rates.of(name), "hashes/s")


def rows(rates: Rates, engines: Sequence[str], verify_us: float) -> Iterator[Row]:
    """One for each solver in the browser: ours, then the others by their rate."""
    natively = rates.of(rates.native)
    puzzle = puzzles.get("sha256").puzzle(Settings().price_ms)
    ours = Peer(
        "Tallygate",
        round(puzzle.count * (OUTPUT_MAX + 1) / (puzzle.threshold + 1)),
        f"{puzzle.count} sub-puzzles",
        verify_us=verify_us,
    )
    others = sorted(PEERS, key=rates.of, reverse=True)
    known = {
        name: replace(ours, label=f"Tallygate, {name}", carried=carried(name)) for name in engines
    }
    for name in (*engines, *others):
        peer = known.get(name) or PEERS[name]
        share = natively * peer.native_share
        yield Row(peer, rates.of(name), share, is_ours=name in known)


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run bench solver", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write docs/solver.md's part too")
    options = parser.parse_args()
    program = os.environ.get("TALLYGATE_CHROME") or shutil.which("chromium")
    if not program:
        sys.exit("the solvers need Chromium: install it, or set TALLYGATE_CHROME")
    with tempfile.TemporaryDirectory(prefix="tallygate-solver-") as folder:
        native = Native.build(Path(folder))
        for form in native.forms():
            if wrong := _native.wrong(native, form):
                sys.exit(f"the native {form} is wrong: {wrong}")
        with solvers(program, Path(folder)) as browser:
            rates = measured(browser, native)
            figures = [*compared(rates, browser.ours), luck(native)]
            figures += waits(browser, rates.best(browser.ours))
            verify_us, size = verify_figure().value, carried(rates.best(browser.ours))
    note = "sixteen answers, in Python"
    bytes_note = "brotli, before the first solve with the best engine"
    figures += [
        aimed("solver.sha256.verify_us", verify_us, "us", reach=15, floor=30, note=note),
        aimed("solver.bytes", size, "bytes", reach=14_336, floor=20_480, note=bytes_note),
    ]
    publish("solver", figures)
    lines = list(rows(rates, browser.ours, verify_us))
    print(f"\n{table(lines)}")
    if options.record:
        record(lines, figures, browser.version)


if __name__ == "__main__":
    main()

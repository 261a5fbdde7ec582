"""What the scraper's runs came to: rates, figures, the line of a chart, and the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from challenge.core.bands import Band
from demo.scraping import NAMES, lasting

from ._reading import Reading
from ._report import Figure

HOUR, WEEK = 3600, 7 * 86_400
MINUTE = 60.0
#: into how many steps of time a chart's line is thinned; each has three points at most
POINTS = 100


@dataclass(frozen=True)
class Run:
    """How one way of taking the directory went."""

    #: a key of NAMES
    name: str
    people: int
    #: when each page was taken, and how long the run was: seconds since its start
    taken: Sequence[float]
    seconds: float
    puzzles: int = 0
    identities: int = 0
    cpu_s: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether it has everybody."""
        return len(self.taken) >= self.people

    def rate(self, *, last: bool) -> float:
        """Pages a minute in the first or last minute, or in the whole of a shorter run."""
        span = min(MINUTE, self.seconds)
        start = self.seconds - span if last else 0.0
        return sum(start <= at <= start + span for at in self.taken) * MINUTE / span

    def series(self) -> list[list[float]]:
        """Points (seconds, pages) of a line, thinned; it is flat where nothing was taken."""
        step = self.seconds / POINTS
        points: list[list[float]] = [[0.0, 0]]
        before = 0.0
        for pages, at in enumerate(self.taken, start=1):
            if at - before >= step:
                points += [[before, pages - 1], [at, pages - 1], [at, pages]]
            elif at - points[-1][0] >= step:
                points.append([at, pages])
            before = at
        points += [[before, len(self.taken)], [self.seconds, len(self.taken)]]
        return [[round(at, 2), pages] for at, pages in points]

    def directory_s(self, band: Band) -> float | None:
        """How long the whole directory takes: measured, or by the band's rate; None for ever."""
        if self.complete:
            return self.seconds
        if not self.taken:
            return None
        return self.seconds + (self.people - len(self.taken)) * HOUR / band.per_hour

    def weekly(self, band: Band) -> float:
        """Pages in a week: at the measured pace, or by the band's burst and rate."""
        if self.complete:
            return len(self.taken) * WEEK / self.seconds
        return band.burst + band.per_hour * WEEK / HOUR if self.taken else 0.0

    def bound(self, band: Band) -> int:
        """The most that the band lets one address take in the run's time."""
        return band.burst + int(self.seconds * band.per_hour / HOUR) + 1


def figures_of(run: Run, band: Band) -> Iterator[Figure]:
    """A run's figures, as `scrape.<name>.<what>`."""

    def figure(what: str, value: float, unit: str, note: str = "") -> Figure:
        return Figure(f"scrape.{run.name}.{what}", value, unit, note=note)

    pages, span = len(run.taken), f"in {run.seconds:.0f} s"
    reach = {"plain": 0, "counted": run.bound(band)}.get(run.name)
    ok = None if reach is None else pages <= reach
    yield Figure(f"scrape.{run.name}.pages", pages, "pages", reach, ok, f"of {run.people}, {span}")
    short = f"the run took {run.seconds:.1f} s" if run.seconds < MINUTE else ""
    yield figure("pages_per_minute", run.rate(last=False), "pages/min", short or "first minute")
    yield figure("pages_per_minute_end", run.rate(last=True), "pages/min", short or "last minute")
    yield figure("puzzles", run.puzzles, "puzzles", "solved")
    yield figure("identities", run.identities, "visitors")
    yield figure("cpu_s", run.cpu_s, "s", "of the scraper, solving and fetching")
    directory_s = run.directory_s(band)
    if directory_s is not None:
        how = "measured" if run.complete else f"extrapolated: {band.per_hour} pages an hour"
        yield figure("directory_s", directory_s, "s", how)
    how = "that pace kept up" if run.complete else "the band's burst and rate"
    yield figure("pages_per_week", run.weekly(band), "pages", f"extrapolated: {how}")
    if run.name == "counted":
        most = band.burst + band.per_hour
        yield figure("pages_first_hour_bound", most, "pages", "by the band: burst and one hour")


def week_figure(unlimited: Run, counted: Run, band: Band) -> Figure:
    """How many times as much the unlimited pass gives away in a week."""
    note = "pages_per_week of the unlimited pass, over those of counted views"
    factor = unlimited.weekly(band) / max(1.0, counted.weekly(band))
    return Figure("scrape.week_factor", factor, "times", note=note)


def reader_figures(reading: Reading) -> Iterator[Figure]:
    """The reader's figures, as `scrape.reader.<what>`; none of what was not measured."""
    if reading.waits_ms:
        first, *later = reading.waits_ms
        note = "from navigating to [data-personal], while the scraper waits; all on one machine"
        yield Figure("scrape.reader.first_page_ms", first, "ms", note=note)
        if later:
            note = f"of {len(later)} later profiles"
            yield Figure("scrape.reader.median_ms", median(later), "ms", note=note)
            yield Figure("scrape.reader.worst_ms", max(later), "ms", note=note)
    if reading.revisit_ms is not None:
        note = "the first profile again, which is free"
        yield Figure("scrape.reader.revisit_ms", reading.revisit_ms, "ms", note=note)


HEAD = """\
| from one address | pages | pages/min at first | at the end | puzzles | visitors | CPU s \
| all {people} people | could take in a week |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |"""


def table(runs: Sequence[Run], band: Band, reading: Reading) -> str:
    """The runs and the reader in Markdown."""
    lines = [HEAD.format(people=f"{runs[0].people:,}")]
    lines += [_row(run, band) for run in runs]
    lines += ["", "| a reader elsewhere, meanwhile | |", "| --- | ---: |"]
    figures = {figure.id: figure for figure in reader_figures(reading)}
    for what, label in (
        ("first_page_ms", "first profile"),
        ("median_ms", "later profiles, median"),
        ("worst_ms", "later profiles, worst"),
        ("revisit_ms", "a profile seen before"),
    ):
        figure = figures.get(f"scrape.reader.{what}")
        shown = f"{figure.value:.0f} ms" if figure else f"not measured: {reading.lacking or 'time'}"
        lines.append(f"| {label} | {shown} |")
    return "\n".join(lines)


def _row(run: Run, band: Band) -> str:
    directory_s = run.directory_s(band)
    whole = "never" if directory_s is None else lasting(directory_s)
    if directory_s is not None and not run.complete:
        whole += ", extrapolated"
    cells = [
        NAMES[run.name],
        f"{len(run.taken):,}",
        f"{run.rate(last=False):,.0f}",
        f"{run.rate(last=True):,.1f}",
        f"{run.puzzles:,}",
        f"{run.identities:,}",
        f"{run.cpu_s:.1f}",
        whole,
        f"{rounded(run.weekly(band)):,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def rounded(number: float) -> float:
    """To three digits: more of them would not be the same in the next run."""
    return float(f"{number:.3g}")

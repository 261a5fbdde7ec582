"""What a simulation came to, as sections that a terminal and a page can show alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..core.networks import Network
from .counting import BOUNDS, STEP, Count
from .logs import Read
from .money import bill
from .replay import Replay
from .rows import Row

#: networks that are told apart in a report, and drawn
RANKED, DRAWN = 20, 3
#: points of a curve, at most
POINTS = 400
HOUR = 3600
#: seconds for which the population's waits are told
WAITED = (1.0, 10.0, 70.0, 300.0)
#: ends of the classes of waiting that a table has
TABLED = (0.01, 1.0, 5.0, 10.0, 70.0, 300.0, 700.0)
_NAMES = ("none", "up to 1 s", "up to 5 s", "up to 10 s", "up to 70 s", "up to 5 min", "longer")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart; a level is what others are held against."""

    label: str
    values: tuple[float | None, ...]
    level: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over one axis."""

    x: str
    y: str
    at: tuple[float, ...]
    lines: tuple[Line, ...]
    #: whether the horizontal axis is logarithmic
    log: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Texts in rows. Columns of which the head ends with `#` are numbers."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    #: rows that are not as they must be
    missed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a sentence, a chart if there is something to draw, and its numbers."""

    title: str
    said: str
    table: Table
    chart: Chart | None = None


def of_population(rows: Sequence[Row]) -> list[Section]:
    """The built-in population: the table, and the curves of those who take."""
    sections = [
        Section(
            "Who gets what",
            "People, and those who take all they can, at these settings and in simulated time.",
            _row_table(rows),
        )
    ]
    waited = [row for row in rows if row.points and row.unit == "%"]
    taken = [row for row in rows if row.points and row.unit == "pages"]
    if waited:
        sections.append(_waited_section(waited))
    if taken:
        sections.append(_taken_section(taken))
    return sections


def _waited_section(rows: Sequence[Row]) -> Section:
    at = tuple(seconds for seconds, _ in rows[0].points)
    lines = tuple(Line(_short(row), tuple(share for _, share in row.points)) for row in rows)
    numbers = Table(
        ("who", *(f"{end:g} s#" for end in WAITED)),
        tuple((row.who, *(_number(dict(row.points)[end]) for end in WAITED)) for row in rows),
    )
    said = "The percentage of the pages that people wanted which took longer, or were refused."
    return Section("Who waits", said, numbers, Chart("seconds", "%", at, lines, log=True))


def _short(row: Row) -> str:
    return row.id.removeprefix("simulate.").removesuffix(".waits").replace("_", " ")


def _row_table(rows: Sequence[Row]) -> Table:
    return Table(
        ("who", "figure#", "", "must reach#", "note"),
        tuple(
            (
                row.who,
                _number(row.value),
                row.unit,
                "" if row.reach is None else f"{_number(row.reach)}{'' if row.ok else ' (missed)'}",
                row.note,
            )
            for row in rows
        ),
        frozenset(number for number, row in enumerate(rows) if row.ok is False),
    )


def _taken_section(rows: Sequence[Row]) -> Section:
    at = tuple(seconds / HOUR for seconds, _ in rows[0].points)
    last = [row.points[-1][1] for row in rows]
    unit = max(1.0, min(last))
    lines = tuple(
        # A crowd of networks is drawn as one of them has it, or the others would be flat.
        Line(_short(row), tuple(value * unit / (row.points[-1][1] or 1) for _, value in row.points))
        for row in rows
    )
    numbers = Table(
        ("who", *(f"{hour} h#" for hour in (1, 6, 12, 24))),
        tuple(
            (row.who, *(_number(_value_at(row, hour * HOUR)) for hour in (1, 6, 12, 24)))
            for row in rows
        ),
    )
    said = "Profiles opened since the start: the burst goes at once, then the band's rate is left."
    chart = Chart("hours", "profiles, of one network", at, lines)
    return Section("What the greediest obtain", said, numbers, chart)


def _value_at(row: Row, seconds: float) -> float:
    return max(value for at, value in row.points if at <= seconds)


def of_replay(replay: Replay, read: Read, *, show_addresses: bool) -> list[Section]:
    """A log: who waited, who was refused, what the greediest obtained, and at what cost."""
    everybody = replay.everybody()
    ranked = replay.greediest(RANKED)
    names = [
        str(network) if show_addresses else f"network {rank}"
        for rank, (network, _) in enumerate(ranked, start=1)
    ]
    return [
        _summary(replay, read, everybody),
        _waits_section(everybody),
        _networks_section(everybody, ranked, names),
        *_over_time(replay, everybody, ranked, names),
    ]


def _summary(replay: Replay, read: Read, everybody: Count) -> Section:
    networks = len(replay.networks) + replay.others_number
    rows = (
        ("lines read", f"{read.lines:,}"),
        ("of them not understood", f"{read.unread:,}"),
        ("requests for profiles", f"{read.hits:,}"),
        ("from", _moment(replay.began)),
        ("to", _moment(replay.ended)),
        ("visitors (address and user agent)", f"{replay.visitors:,}"),
        ("networks (/32, /64)", f"{networks:,}"),
        ("profiles opened", f"{everybody.opened:,}"),
        ("pages on which the gate was seen", f"{everybody.interstitials:,}"),
        ("pages refused, or waited for in vain", f"{everybody.refused:,}"),
    )
    said = (
        "The log as if the gate had stood there and every client had run its script: what does"
        " not run it gets nothing. Who has to wait comes back, for ten minutes a page."
    )
    return Section("What was replayed", said, Table(("", "#"), rows))


def _waits_section(everybody: Count) -> Section:
    waits = everybody.waits
    within = [round(waits.share_within(end) * waits.count) for end in TABLED[:-1]] + [waits.count]
    numbers = [high - low for low, high in zip([0, *within], within, strict=False)]
    whole = max(1, everybody.wanted)
    rows = [
        (name, f"{number:,}", f"{100 * number / whole:.2f}")
        for name, number in zip(_NAMES, numbers, strict=True)
    ]
    refused = everybody.refused
    rows.append(("refused", f"{refused:,}", f"{100 * refused / whole:.2f}"))
    ends = [end for end in BOUNDS if 0.01 <= end <= 1000]
    opened = waits.count / whole
    longer = tuple(100 * (1 - waits.share_within(end) * opened) for end in ends)
    chart = Chart(
        "seconds",
        "% that waited longer",
        tuple(ends),
        (Line("of all pages", longer),),
        log=True,
    )
    said = "How long pages were waited for, solving and queueing together; refused ones for ever."
    return Section("Who waited", said, Table(("wait", "pages#", "%#"), tuple(rows)), chart)


def _networks_section(
    everybody: Count, ranked: Sequence[tuple[Network, Count]], names: Sequence[str]
) -> Section:
    rows = [_network_row(name, count) for name, (_, count) in zip(names, ranked, strict=True)]
    rows.append(_network_row("everybody", everybody))
    heads = (
        *("", "wanted#", "opened#", "refused#", "waited over 1 s#", "visitors#"),
        *("CPU s#", "USD#", "USD a million#"),
    )
    said = (
        "The networks that wanted most, and what their pages would have cost them:"
        f" {bill(everybody).stated}."
    )
    return Section("What the greediest obtained", said, Table(heads, tuple(rows)))


def _network_row(name: str, count: Count) -> tuple[str, ...]:
    waited = round((1 - count.waits.share_within(1)) * count.waits.count)
    cost = bill(count)
    return (
        name,
        *(f"{number:,}" for number in (count.wanted, count.opened, count.refused, waited)),
        f"{count.identities:,}",
        f"{cost.cpu_seconds:,.1f}",
        f"{cost.usd_per_million * count.opened / 1e6:,.2f}",
        f"{cost.usd_per_million:,.0f}" if count.opened else "",
    )


def _over_time(
    replay: Replay,
    everybody: Count,
    ranked: Sequence[tuple[Network, Count]],
    names: Sequence[str],
) -> Iterator[Section]:
    first = int(replay.began // STEP)
    steps = max(everybody.opened_in, default=first) - first + 1
    if steps < 2:
        return
    stride = max(1, -(-steps // POINTS))
    at = tuple(step * STEP / HOUR for step in range(0, steps + 1, stride))
    lines = []
    for name, (_, count) in list(zip(names, ranked, strict=True))[:DRAWN]:
        opened, values = 0, [0.0]
        for step in range(0, steps, stride):
            opened += sum(count.opened_in[first + step + i] for i in range(stride))
            values.append(float(opened))
        lines.append(Line(name, tuple(values[: len(at)])))
    if not lines:
        return
    table = Table(
        ("", "busiest hour#", "busiest day#", "all#"),
        tuple(
            (
                name,
                f"{count.busiest(HOUR):,}",
                f"{count.busiest(24 * HOUR):,}",
                f"{count.opened:,}",
            )
            for name, (_, count) in list(zip(names, ranked, strict=True))[:DRAWN]
        ),
    )
    said = "Profiles that the greediest networks opened, added up."
    yield Section("How they came by it", said, table, Chart("hours", "profiles", at, tuple(lines)))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds else ""

"""The tables of docs/sizing.md: what was measured, and the plan that follows from just that."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill

from . import _gate_docs
from ._sizing import ROOM, VISIT, Rows, Visit, plan, views_of_one_server, worker_cores

PAGE = Path(__file__).parent.parent / "docs" / "sizing.md"
MEASURED = "<!-- recorded by ./run bench store --record -->", "<!-- to here -->"
PLANNED = "<!-- planned from the figures below -->", "<!-- to here it is planned -->"
VIEWS = (500, 1_000, 10_000, 50_000)

#: By row and column: what was found.
Found = dict[str, dict[str, float]]
Table = tuple[Mapping[str, str], Mapping[str, str]]

STORES = {
    "memory": "memory",
    "sqlite": "SQLite",
    "redis": "Redis 6.2",
    "valkey": "Valkey 9.1",
    "cluster": "three Valkeys",
}
SERVED = {name: STORES[name] for name in ("redis", "valkey", "cluster")}
TIMES = {
    "gate_us": "worker's CPU, median: a new profile",
    "gate_ratio": "the same, times SQLite's",
    "revisit_us": "worker's CPU, median: an old one",
    "ahead_us": "worker's CPU, median: a new one, and the network's band is charged for five",
    "ask_us": "worker's CPU, median: an ask",
    "redeem_us": "worker's CPU, median: a sale, with a browser key",
    "visit_us": "worker's CPU, median: a visit",
    "gate_p50_us": "clock: a new profile, half of them",
    "gate_p99_us": "clock: a new profile, 99 of 100",
    "revisit_p50_us": "clock: an old one, half",
    "revisit_p99_us": "clock: an old one, 99 of 100",
    "ahead_p50_us": "clock: with the network's band, half",
    "ahead_p99_us": "clock: with the network's band, 99 of 100",
    "redeem_p50_us": "clock: a sale, half",
    "redeem_p99_us": "clock: a sale, 99 of 100",
    "pair_views_s": "new profiles a second of two workers on two cores, sales with them",
}
SERVERS = {
    "roundtrips": "trips: a view",
    "ahead_roundtrips": "trips: with the network's band",
    "redeem_roundtrips": "trips: a sale",
    "visit_roundtrips": "trips: a visit",
    "server_gate_us": "CPU of a server at rest: a new profile",
    "server_revisit_us": "CPU of a server at rest: an old one",
    "server_ahead_us": "CPU of a server at rest: with the network's band",
    "server_redeem_us": "CPU of a server at rest: a sale",
    "server_visit_us": "CPU of a server at rest: a visit",
    "full_visit_us": "CPU of a full server: a visit",
    "full_profiles_s": "new profiles a second of a full server, sales and bands with them",
    "full_busy_percent": "of the time, for which it was at work, %",
    "full_views_s": "new profiles a second of a full server, their scripts alone",
    "full_pipelined_s": "the same, 20 in one go",
    "gate_wire_bytes": "bytes to and from the server: a new profile",
    "visit_wire_bytes": "bytes to and from the server: a visit",
    "bytes": "bytes: a visitor with a browser key and 20 profiles",
    "moved_bytes": "bytes: the same, read from two networks",
    "visitor_row_bytes": "bytes of a row, with what finds and ends it: a visitor",
    "spent_row_bytes": "bytes of a row: a redeemed challenge",
    "band_row_bytes": "bytes of a row: a network's band",
    "reservation_row_bytes": "bytes of a row: a reservation in it",
}
REST = {
    "flask_us": "CPU of Flask around a gated request ([Cost](cost.md))",
    "visit_sales": "sales for a visit",
    "visit_visitor_rows": "rows that a visit leaves: visitors",
    "visit_spent_rows": "rows that a visit leaves: redeemed challenges",
    "visit_band_rows": "rows that a visit leaves: bands",
    "visit_reservation_rows": "rows that a visit leaves: reservations",
    "visitor_life_s": "seconds for which it is kept: a visitor",
    "spent_life_s": "seconds for which it is kept: a redeemed challenge",
    "band_life_s": "seconds for which it is kept: a band",
    "reservation_life_s": "seconds for which it is kept: a reservation",
}
ONE = {"site": "figure"}
TABLES: tuple[Table, ...] = ((TIMES, STORES), (SERVERS, SERVED), (REST, ONE))
LABELS = {label: key for rows, _ in TABLES for key, label in rows.items()}
NAMES = STORES | ONE


def tables(found: Found) -> list[str]:
    """What was found, as Markdown."""
    return [
        table(
            ["", *columns.values()],
            [[label, *(shown(found[key].get(c)) for c in columns)] for key, label in rows.items()],
        )
        for rows, columns in TABLES
    ]


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, with numbers to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def shown(value: float | None) -> str:
    """A figure as the page has it."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def read(text: str) -> Found:
    """What :func:`tables` wrote."""
    found: Found = {}
    columns: list[str] = []
    names = {title: name for name, title in NAMES.items()}
    for line in text.splitlines():
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| |") or line.startswith("|  |"):
            columns = [names[cell] for cell in cells]
        elif first in LABELS:
            found[LABELS[first]] = {
                name: float(cell.replace(",", ""))
                for name, cell in zip(columns, cells, strict=True)
                if cell
            }
    return found


def visit(found: Found, store: str = "valkey") -> Visit:
    """A visit over a store, of the figures as the page has them."""
    rest = {key: found[key]["site"] for key in REST}
    kinds = ("visitor", "spent", "band", "reservation")
    return Visit(
        requests=VISIT + 2 * rest["visit_sales"],
        gate_us=found["visit_us"][store],
        flask_us=rest["flask_us"],
        server_us=found["full_visit_us"].get(store, 0),
        trips=found["visit_roundtrips"].get(store, 0),
        wire_bytes=found["visit_wire_bytes"].get(store, 0),
        rows={
            kind: Rows(
                rest[f"visit_{kind}_rows"],
                found[f"{kind}_row_bytes"].get(store, 0),
                rest[f"{kind}_life_s"],
            )
            for kind in kinds
        },
    )


def planned(found: Found) -> str:
    """The plan for some sites, as Markdown."""
    taken = visit(found)
    plans = [plan(taken, views) for views in VIEWS]
    alone = [_alone(found, views) for views in VIEWS]
    lines = [[label, *map(say, plans)] for label, say in _LINES.items()]
    lines.append(["cores for workers over SQLite, on one machine", *alone])
    head = ["gated views a second", *(f"{views:,}" for views in VIEWS)]
    told = (
        f"One Valkey has room for {views_of_one_server(taken):,.0f} views a second, and SQLite on"
        f" one machine for {_views_of_a_file(found):,.0f}: both can do two and a half times as"
        " many, and then nothing else."
    )
    return "\n\n".join((table(head, lines), fill(told, 100)))


def _alone(found: Found, views_s: int) -> str:
    enough = views_s <= _views_of_a_file(found)
    return f"{worker_cores(visit(found, 'sqlite'), views_s):,}" if enough else "too many views"


def _views_of_a_file(found: Found) -> float:
    # Writers of one file take turns, so more cores are no help beyond what two of them can write.
    return found["pair_views_s"]["sqlite"] / ROOM


_LINES = {
    "visitors a day": lambda p: f"{p.visitors_day:,.0f}",
    "cores at work for the gate": lambda p: f"{p.gate_cores:,.1f}",
    "cores at work for Flask around it": lambda p: f"{p.flask_cores:,.1f}",
    "**cores for workers**, 60 % at work": lambda p: f"**{p.cores:,}**",
    "cores at work in servers": lambda p: f"{p.server_cores:,.2f}",
    "**servers**, with room for 2.5 times as much": lambda p: f"**{p.servers:,}**",
    "trips a second": lambda p: f"{p.trips_s:,.0f}",
    "network, Mbit/s": lambda p: f"{p.megabits_s:,.0f}",
    "all rows, GB": lambda p: f"{p.memory / 1e9:,.1f}",
    "**`maxmemory`** of each server, GB": lambda p: f"**{p.maxmemory / 1e9:,.1f}**",
    "connections to each server": lambda p: f"{p.connections:,}",
    "the same, with 64 threads a process": lambda p: f"{p.connections_most:,}",
}


def flask_us(page: str) -> float:
    """What a gated route takes more than a plain one, less the gate: of docs/cost.md, in memory."""
    rows = page.partition("| `memory://` |")[2]
    whole, gate = (_last(rows, _gate_docs.KINDS[kind]) for kind in ("whole", "charged"))
    return whole - gate


def _last(rows: str, label: str) -> float:
    line = next(line for line in rows.splitlines() if line.startswith(f"| {label} |"))
    return float(re.findall(r"[\d,]+", line.removeprefix(f"| {label} |"))[-1].replace(",", ""))


def record(found: Found) -> None:
    """Write what was found into the page, and what follows from what stands there then."""
    when = (
        f"CPU and clock in microseconds. Recorded on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()}"
        f" cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}."
    )
    measured = "\n\n".join((*tables(found), fill(when, 100)))
    page = between(PAGE.read_text(), MEASURED, measured)
    PAGE.write_text(between(page, PLANNED, planned(read(measured))))


def between(page: str, marks: tuple[str, str], text: str) -> str:
    """The page with a text between two marks."""
    before, start, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    return f"{before}{start}\n\n{text}\n\n{end}{after}"


def part(page: str, marks: tuple[str, str]) -> str:
    """What stands between two marks."""
    return page.partition(marks[0])[2].partition(marks[1])[0].strip()

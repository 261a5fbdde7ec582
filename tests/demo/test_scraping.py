"""The page about the scraper: it tells what the last run has measured, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from challenge.flask.client import EXTENSION
from demo import app as demo
from demo import scraping
from demo.scraping import NAMES, chart_of, lasting, read_run, said, ticks

from .reading import Page

RECORDED = Path(demo.__file__).parent / "scrape.json"
STATIC = Path(demo.__file__).parent / "static"


def figure(name: str, value: float, note: str = "") -> dict[str, Any]:
    unit = {"unit": "", "reach": None, "ok": None}
    return {"id": f"scrape.{name}", "value": value, "note": note, **unit}


def kept(**changed: Any) -> dict[str, Any]:
    """A run's file, small enough to reckon with."""
    names = ("pages", "pages_per_minute", "pages_per_minute_end", "puzzles", "identities", "cpu_s")
    values = {"plain": (0,) * 6, "unlimited": (2400, 24000, 24000, 1, 1, 1.04)}
    values["counted"] = (302, 300, 0.96, 27, 8, 6.84)
    figures = [
        figure(f"{run}.{name}", value)
        for run, line in values.items()
        for name, value in zip(names, line, strict=True)
    ]
    figures += [
        figure("unlimited.directory_s", 6.0, "measured"),
        figure("counted.directory_s", 157_500, "extrapolated: 48 pages an hour"),
        figure("reader.first_page_ms", 1012.4),
        figure("reader.median_ms", 87.6),
    ]
    return {
        "command": "./run scrape",
        "date": "2026-03-01T09:30:00+00:00",
        "machine": {"system": "Linux x86_64", "python": "3.13.1", "cores": 4},
        "people": 2400,
        "band": {"burst": 300, "per_hour": 48},
        "note": "A note.",
        "figures": figures,
        "series": {
            "plain": [[0, 0], [4, 0]],
            "unlimited": [[0, 0], [6, 2400]],
            "counted": [[0, 0], [12, 300], [180, 302]],
        },
    } | changed


class Table(HTMLParser):
    """The rows of a page's tables: texts of their cells."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell = False
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        self._cell = tag in ("td", "th")
        if self._cell:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._cell = False

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[-1][-1] += data


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    app = demo.create_app({"DEMO_INSTANCE_PATH": str(tmp_path / "instance")})
    yield app.test_client()
    app.extensions[EXTENSION].store.close()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where the last run and the recorded one would be; there is none yet."""
    found = (tmp_path / "last.json", tmp_path / "recorded.json")
    monkeypatch.setattr(scraping, "PLACES", found)
    return found


def shown(client: FlaskClient, file: Path, run: dict[str, Any]) -> str:
    file.write_text(json.dumps(run))
    return client.get("/scraper").text


def test_the_recorded_run_is_one_and_is_shown(
    client: FlaskClient, places: tuple[Path, Path]
) -> None:
    run = read_run(RECORDED.read_text())
    places[1].write_text(RECORDED.read_text())
    answer = client.get("/scraper")
    assert answer.status_code == 200
    assert "What a scraper gets" in answer.text
    assert run.command in Page(answer.text).public
    # What the page claims holds in the run that comes with it.
    assert run.value("plain.pages") == 0
    assert run.value("unlimited.pages") == run.people
    assert (run.value("counted.pages") or 0) <= run.band["burst"] + run.band["per_hour"]


def test_the_table_has_the_figures_of_the_file(
    client: FlaskClient, places: tuple[Path, Path]
) -> None:
    recorded = json.loads(RECORDED.read_text())
    body = shown(client, places[0], recorded)
    rows = {row[0]: row[1:] for row in Table(body).rows}
    values = {f["id"]: f["value"] for f in recorded["figures"]}
    assert rows[""] == list(NAMES.values())
    for label, what in (
        ("Profiles obtained", "pages"),
        ("Profiles a minute, at first", "pages_per_minute"),
        ("Profiles a minute, at the end", "pages_per_minute_end"),
        ("Puzzles solved", "puzzles"),
        ("Visitors it pretended to be", "identities"),
        ("CPU seconds", "cpu_s"),
        ("In a week, at that rate", "pages_per_week"),
    ):
        numbers = [float(c.replace(",", "").replace(" million", "e6")) for c in rows[label]]
        expected = [values[f"scrape.{name}.{what}"] for name in NAMES]
        # The page rounds: what is over ten has no decimals.
        close = [pytest.approx(v, rel=0.005, abs=0.5 if v >= 10 else 0.05) for v in expected]
        assert numbers == close, label
    never, measured, extrapolated = rows[f"All {recorded['people']:,} people"]
    assert never == "never"
    assert measured == f"{lasting(values['scrape.unlimited.directory_s'])}, measured"
    assert extrapolated == f"{lasting(values['scrape.counted.directory_s'])}, extrapolated"
    first = f"{values['scrape.reader.first_page_ms']:,.0f} ms"
    assert rows["First profile"] == [first]


def test_control_another_file_has_another_table(
    client: FlaskClient, places: tuple[Path, Path]
) -> None:
    rows = {row[0]: row[1:] for row in Table(shown(client, places[0], kept())).rows}
    assert rows["Profiles obtained"] == ["0", "2,400", "302"]
    assert rows["Profiles a minute, at the end"] == ["0", "24,000", "1"]
    assert rows["All 2,400 people"] == ["never", "6 s, measured", "44 h, extrapolated"]
    assert rows["First profile"] == ["1,012 ms"]
    assert rows["In a week, at that rate"] == ["-", "-", "-"]
    assert "Later profiles, longest" not in rows


def test_the_last_run_goes_before_the_recorded_one(
    client: FlaskClient, places: tuple[Path, Path]
) -> None:
    last, recorded = places
    assert "No run is recorded" in client.get("/scraper").text
    assert "./run other" in shown(client, recorded, kept(command="./run other"))
    assert "./run last" in shown(client, last, kept(command="./run last"))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", "{}", json.dumps(kept(series={})), json.dumps(kept(date="today")),
     json.dumps(kept(figures=[1])), json.dumps(kept(series={name: [] for name in NAMES})),
     json.dumps(kept(band={"burst": 300})), json.dumps(kept(figures=[]))],
)  # fmt: skip
def test_a_broken_file_is_passed_over(
    client: FlaskClient, places: tuple[Path, Path], text: str
) -> None:
    last, recorded = places
    last.write_text(text)
    recorded.write_text(json.dumps(kept(command="./run recorded")))
    answer = client.get("/scraper")
    assert answer.status_code == 200
    assert "./run recorded" in answer.text


def test_nothing_of_the_file_is_markup(client: FlaskClient, places: tuple[Path, Path]) -> None:
    evil = "<script>alert(1)</script>\" onload='x'"
    machine = {"system": evil, "python": evil, "cores": evil}
    run = kept(command=evil, note=evil, machine=machine)
    run["figures"][-4]["note"] = evil
    body = shown(client, places[0], run)
    assert "<script>alert" not in body
    assert body.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5
    assert Page(body).count("script") == 0


def test_the_page_is_built_as_the_others_are(
    client: FlaskClient, places: tuple[Path, Path]
) -> None:
    for run in (None, kept()):
        body = client.get("/scraper").text if run is None else shown(client, places[0], run)
        page = Page(body)
        assert [page.count(tag) for tag in ("h1", "main", "title")] == [1, 1, 1]
        assert [page.count(tag) for tag in ("style", "script")] == [0, 0]
        for tag, given in page.elements:
            assert not [key for key in given if key == "style" or key.startswith("on")], tag
            for key in ("src", "href"):
                assert re.match(r"/(?!/)|#|$", given.get(key) or ""), given
    assert client.get("/scraper").headers["Content-Security-Policy"] == demo.PAGE_POLICY
    assert "/scraper" in Page(client.get("/").text).links()


def test_the_chart_says_in_words_where_its_figures_are(
    client: FlaskClient, places: tuple[Path, Path]
) -> None:
    page = Page(shown(client, places[0], kept()))
    [chart] = [given for tag, given in page.elements if given.get("role") == "img"]
    named = {given["id"] for _, given in page.elements if "id" in given}
    assert set((chart["aria-labelledby"] or "").split()) <= named
    assert "The table below has the same figures." in page.public
    assert page.count("polyline") == 3


def test_lines_and_ticks_are_on_one_scale() -> None:
    chart = chart_of(read_run(json.dumps(kept())))
    lines = {line.name: line for line in chart.lines}
    assert lines["unlimited"].points == "0.0,1000.0 33.3,0.0"
    assert lines["counted"].points == "0.0,1000.0 66.7,875.0 1000.0,874.2"
    assert (lines["unlimited"].end_x, lines["counted"].end_x) == (3.3, 100)
    y = {text: y for y, text in chart.pages}
    assert list(y) == ["0", "500", "1,000", "1,500", "2,000"]
    assert y["0"] == lines["plain"].end_y
    assert y["0"] - y["2,000"] == pytest.approx(chart.plot * 2000 / 2400, abs=0.1)
    assert [text for _, text in chart.seconds] == ["0 s", "50 s", "100 s", "150 s"]
    # The labels say what the lines do, and none lies on another.
    assert lines["counted"].label == "Counted views: 302 in 3 min"
    heights = sorted(line.label_y for line in chart.lines)
    assert all(b - a >= scraping.APART for a, b in pairwise(heights))


def test_labels_make_way_where_lines_end_together() -> None:
    same = {name: [[0, 0], [10, 48]] for name in NAMES}
    chart = chart_of(read_run(json.dumps(kept(series=same))))
    heights = [line.label_y for line in chart.lines]
    assert heights == sorted(heights, reverse=True)
    assert all(a - b >= scraping.APART for a, b in pairwise(heights))
    nothing = {name: [[0, 0]] for name in NAMES}
    assert chart_of(read_run(json.dumps(kept(series=nothing)))).lines


@pytest.mark.parametrize(
    ("top", "expected"),
    [(1, [0, 1]), (5, [0, 1, 2, 3, 4, 5]), (48, [0, 10, 20, 30, 40]), (180, [0, 50, 100, 150]),
     (2400, [0, 500, 1000, 1500, 2000]), (0.4, [0])],
)  # fmt: skip
def test_ticks_are_round(top: float, expected: list[float]) -> None:
    assert ticks(top) == expected


def test_numbers_are_said_as_one_would() -> None:
    assert [said(v) for v in (None, 0, 0.96, 1.04, 6.84, 302.4, 24000.4, 237_123_456)] == [
        "-", "0", "1", "1", "6.8", "302", "24,000", "237 million",
    ]  # fmt: skip
    assert [lasting(s) for s in (6.2, 119, 150, 7300, 157_500, 604_800)] == [
        "6 s", "119 s", "2 min", "2 h", "44 h", "7 days",
    ]  # fmt: skip


def test_its_style_uses_the_towns_colours_only() -> None:
    style, town = (STATIC / "scraper.css").read_text(), (STATIC / "town.css").read_text()
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    assert used <= set(re.findall(r"(--[\w-]+):", town))
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgb|url\(|@import", style) == []


def test_a_label_stands_over_the_line_that_passes() -> None:
    series = {"plain": [[0, 0], [6, 0]], "unlimited": [[0, 0], [10, 2400]]}
    low = {**series, "counted": [[0, 0], [30, 135], [180, 135]]}
    lines = {line.name: line for line in chart_of(read_run(json.dumps(kept(series=low)))).lines}
    assert lines["plain"].label_y == pytest.approx(lines["counted"].end_y - scraping.LIFT, abs=0.2)
    assert lines["plain"].label_y - lines["counted"].label_y >= scraping.APART

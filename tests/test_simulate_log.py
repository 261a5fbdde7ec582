"""A log, replayed: what is read of it, what comes of it, and what the report shows of whom."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from challenge.cli import challenge
from challenge.config import Settings
from challenge.core.networks import parse_address
from challenge.simulate import logs, puzzle
from challenge.simulate.counting import Count, Waits
from challenge.simulate.logs import PROFILES, Hit, Read
from challenge.simulate.replay import PENDING_MAX, Replay
from challenge.simulate.report import of_replay

START = 1_764_000_000
SCRAPER, READER = "203.0.113.9", "198.51.100.7"
AT = datetime.fromtimestamp(START, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
HIT = Hit(float(START), parse_address(READER), "Firefox", "ada")


def combined(address: str = READER, path: str = "/people/ada", at: float = START) -> str:
    moment = datetime.fromtimestamp(at, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{address} - - [{moment}] "GET {path} HTTP/1.1" 200 512 "-" "Firefox"'


def read_lines(tmp_path: Path, *lines: str, profiles: str = PROFILES) -> tuple[list[Hit], Read]:
    file, read = tmp_path / "access.log", Read()
    file.write_text("".join(f"{line}\n" for line in lines))
    return list(logs.hits(file, re.compile(profiles), read, lambda position: None)), read


# -- reading


@pytest.mark.parametrize(
    "line",
    [
        combined(),
        combined(path="/people/ada?from=home"),
        combined(path="/people/ada/"),
        json.dumps({"remote_addr": READER, "time": START, "method": "GET", "path": "/people/ada",
                    "user_agent": "Firefox", "status": 200}),
        json.dumps({"remote_addr": READER, "msec": f"{START}.000", "status": "200",
                    "request": "GET /people/ada HTTP/2.0", "http_user_agent": "Firefox"}),
        json.dumps({"client_ip": READER, "ts": START * 1000, "uri": "/people/ada", "status": 304,
                    "method": "GET", "user_agent": "Firefox"}),
        json.dumps({"ip": READER, "url": "/people/ada", "agent": "Firefox",
                    "@timestamp": datetime.fromtimestamp(START, UTC).isoformat()}),
    ],
)  # fmt: skip
def test_each_format_says_the_same(tmp_path: Path, line: str) -> None:
    assert read_lines(tmp_path, line)[0] == [HIT]


def test_the_common_format_has_no_user_agent(tmp_path: Path) -> None:
    line = f'{READER} - ada [{AT}] "GET /people/ada HTTP/1.1" 200 512'
    assert read_lines(tmp_path, line)[0] == [replace(HIT, agent="")]


@pytest.mark.parametrize(
    "line",
    [
        combined(path="/about"),
        combined(path="/people"),
        combined().replace("GET", "POST"),
        combined().replace('" 200 ', '" 404 '),
        combined().replace('" 200 ', '" 503 '),
    ],
)
def test_what_the_gate_takes_nothing_for_is_left_out(tmp_path: Path, line: str) -> None:
    found, read = read_lines(tmp_path, line, combined())
    assert found == [HIT]
    assert (read.lines, read.unread, read.hits) == (2, 0, 1)


@pytest.mark.parametrize("line", ["", "nonsense", "{", '{"a": 1}', "[]", "\x00", "x" * 70_000])
def test_what_is_no_request_is_counted_and_passed_over(tmp_path: Path, line: str) -> None:
    found, read = read_lines(tmp_path, line, combined())
    assert found == [HIT]
    assert read.unread >= 1


def test_a_site_says_which_paths_are_profiles(tmp_path: Path) -> None:
    found, _ = read_lines(tmp_path, combined(path="/staff?id=7"), profiles=r"^/staff\?id=(\d+)")
    assert [hit.profile for hit in found] == ["7"]


def test_a_packed_log_is_read_like_a_plain_one(tmp_path: Path) -> None:
    packed, positions = tmp_path / "access.log.gz", list[int]()
    packed.write_bytes(gzip.compress(f"{combined()}\n".encode()))
    found = list(logs.hits(packed, re.compile(PROFILES), Read(), positions.append))
    assert found == [HIT]
    assert positions[-1] == packed.stat().st_size


# -- replaying


def hits(address: str, number: int, *, every: float, first: int = 0) -> Iterator[Hit]:
    for page in range(first, first + number):
        yield Hit(START + page * every, parse_address(address), "x", f"p{page}")


def replayed(found: Iterator[Hit], settings: Settings | None = None, **bounds: int) -> Replay:
    replay = Replay(settings or Settings(), **bounds)
    with puzzle.registered():
        replay.play(found)
    return replay


def test_a_reader_opens_everything_and_sees_the_gate_once() -> None:
    got = replayed(hits(READER, 20, every=30)).everybody()
    assert (got.wanted, got.opened, got.refused, got.interstitials) == (20, 20, 0, 1)
    assert got.waits.longest < 1


def test_a_scraper_gets_its_band_and_no_more() -> None:
    got = replayed(hits(SCRAPER, 2000, every=1.5)).everybody()
    assert got.wanted == 2000
    # A lane of its network's band: what is guaranteed to others it does not get.
    assert 200 <= got.busiest(3600) <= 350
    assert got.refused == 2000 - got.opened


def test_control_a_wide_band_gives_a_scraper_all() -> None:
    wide = replace(Settings(), band_burst=10_000)
    assert replayed(hits(SCRAPER, 1000, every=1.5), wide).everybody().opened == 1000


def test_a_page_seen_again_is_free() -> None:
    again = [hit for hit in hits(SCRAPER, 1, every=1) for _ in range(500)]
    got = replayed(iter(again)).everybody()
    assert got.sales <= 2


def test_memory_is_bounded_by_visitors_and_networks_and_nothing_is_lost() -> None:
    crowd = (
        Hit(START + number, parse_address(f"11.{number // 250}.{number % 250}.1"), "x", "ada")
        for number in range(200)
    )
    replay = replayed(crowd, visitors_max=10, networks_max=20)
    assert len(replay._known) == 10
    assert len(replay.networks) <= 20
    assert len(replay.networks) + replay.others_number == 200
    assert replay.everybody().wanted == 200


def test_who_wants_very_much_at_once_is_refused_beyond_a_bound() -> None:
    got = replayed(hits(SCRAPER, 1000, every=0)).everybody()
    assert got.wanted == 1000
    # And the one that is being waited for.
    assert got.refused == 1000 - PENDING_MAX - 1


def test_classes_of_waiting_are_exact_at_their_ends() -> None:
    waits = Waits()
    for seconds in (0.0, 0.2, 1.0, 1.001, 5.0, 5.001, 100.0):
        waits.add(seconds)
    assert waits.share_within(1) == 3 / 7
    assert waits.share_within(5) == 5 / 7
    assert waits.quantile(0.5) == 1.5
    assert (waits.quantile(1), waits.longest) == (100, 100)


def test_the_busiest_hour_is_found_wherever_it_begins() -> None:
    count = Count()
    for minute in (0, 50, 100, 110, 120, 240):
        count.open(START + minute * 60, 0)
    assert count.busiest(3600) == 3


# -- the command


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(challenge, ["simulate", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "access.log"
    lines = [combined(SCRAPER, f"/people/p{n}", START + n) for n in range(600)]
    lines += [combined(READER, f"/people/p{n}", START + 600 + n * 20) for n in range(5)]
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_log_is_told_without_addresses(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    shown = run("--log", str(log), "--html", str(page))
    assert shown.exit_code == 0, shown.output
    assert re.search(r"network 1 +600 +", shown.output)
    for text in (shown.output, page.read_text()):
        assert "network 1" in text
        assert SCRAPER not in text
        assert READER not in text


def test_addresses_are_shown_to_who_asks_for_them(log: Path) -> None:
    assert f"{SCRAPER}/32" in run("--log", str(log), "--show-addresses").output


def test_the_page_needs_nothing_else_and_runs_nothing_foreign(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run("--log", str(log), "--html", str(page)).exit_code == 0
    html = page.read_text()
    assert not re.search(r"https?://|<link|<img|<iframe|src=|@import|url\(", html)
    assert "default-src 'none'" in html


def test_what_a_log_says_is_text_and_never_markup(tmp_path: Path) -> None:
    page, log = tmp_path / "report.html", tmp_path / "<b>.log"
    log.write_text(combined(path="/people/%3Cscript%3E") + "\n")
    assert run("--log", str(log), "--html", str(page)).exit_code == 0
    assert "<b>" not in page.read_text()
    assert "&lt;b&gt;.log" in page.read_text()


def test_settings_are_overridden_and_checked(log: Path) -> None:
    def opened(*arguments: str) -> int:
        shown = run("--log", str(log), *arguments).output
        found = re.search(r"network 1 +600 +(\d+)", shown)
        assert found is not None, shown
        return int(found[1])

    assert opened("--set", "BAND_BURST=100") < opened("--set", "challenge_band_burst=200")
    assert "unknown_setting" in run("--set", "NONSENSE=1").output
    assert "bad_setting" in run("--set", "BAND_BURST=many").output
    assert "KEY=VALUE" in run("--set", "BAND_BURST").output


def test_a_log_without_profiles_says_what_to_do(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(combined(path="/about") + "\n")
    shown = run("--log", str(log))
    assert shown.exit_code == 1
    assert "--profiles" in shown.output


def test_a_broken_archive_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    log = tmp_path / "access.log.gz"
    log.write_bytes(gzip.compress(f"{combined()}\n".encode())[:-6])
    assert run("--log", str(log)).exit_code == 1


def test_the_population_is_told_by_scene(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    shown = run("--scene", "reader", "--scene", "shared_token", "--html", str(page))
    assert shown.exit_code == 0
    assert "one clearance on 50 machines" in shown.output
    assert "reader: 5 profiles a visit" in page.read_text()


def test_every_section_of_a_replay_has_a_table() -> None:
    replay = replayed(hits(READER, 60, every=60))
    sections = of_replay(replay, Read(lines=60, hits=60), show_addresses=False)
    assert [section.title for section in sections] == [
        *("What was replayed", "Who waited", "What the greediest obtained", "How they came by it")
    ]
    for section in sections:
        assert section.table.rows
        for row in section.table.rows:
            assert len(row) == len(section.table.heads)
    drawn = [section.chart for section in sections if section.chart is not None]
    assert len(drawn) == 2
    for chart in drawn:
        assert {len(line.values) for line in chart.lines} == {len(chart.at)}

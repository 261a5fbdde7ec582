"""The scraper that `./run scrape` sends: it solves, it obeys, and what it gets is told rightly."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Callable
from email.message import Message
from http.client import HTTPMessage
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench import _report, scrape
from bench._live import Live
from bench._reading import Reading, read
from bench._runs import NAMES, Run, figures_of, reader_figures, table, week_figure
from bench._scraper import VISITORS_MAX, Scraper, smallest_nonce
from bench._site import Answer, Site, handles_of
from challenge.core.bands import Band
from demo import scraping

VECTORS = json.loads((Path(__file__).parent / "vectors" / "sha256_puzzle.json").read_text())
BAND = Band(300, 48)


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    message: Message = HTTPMessage()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, message, text)  # type: ignore[arg-type]


# -- what it does


@pytest.mark.parametrize("vector", VECTORS["solutions"], ids=lambda vector: vector["threshold"])
def test_it_finds_the_smallest_nonces(vector: dict[str, Any]) -> None:
    seed, threshold = bytes.fromhex(vector["seed"]), int(vector["threshold"], 16)
    found = [smallest_nonce(seed, threshold, index)[0] for index in range(16)]
    assert found == vector["answers"]


def test_control_another_threshold_has_other_nonces() -> None:
    seed = bytes(32)
    easy, hard = (
        [smallest_nonce(seed, threshold, index)[0] for index in range(16)]
        for threshold in (2**63, 2**60)
    )
    assert all(one <= other for one, other in zip(easy, hard, strict=True))
    assert easy != hard


class Pages:
    """A site of a few public pages."""

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages = pages
        self.fetched: list[str] = []

    def call(self, method: str, path: str) -> Answer:
        self.fetched.append(path)
        return answer(200, self.pages[path].encode())


def test_it_finds_everybody_on_the_public_pages() -> None:
    site = Pages(
        {
            "/": '<a href="/?letter=A&amp;page=1">A</a> <a href="/#b">b</a> <a href="//a/?x">y</a>'
            '<a href="/people/ada">Ada</a> <a href="/cards/x">x</a>',
            "/?letter=A&page=1": '<a href="/?letter=A&amp;page=2#top">on</a> <a href="/">back</a>'
            '<a href="/people/ada">Ada</a> <a href="/people/bo/photo">photo</a>',
            "/?letter=A&page=2": '<a href="/people/bo?from=2">no</a> <a href="/people/cy#x">Cy</a>',
        }
    )
    assert handles_of(site) == ["ada", "cy"]  # type: ignore[arg-type]
    assert sorted(site.fetched) == sorted(site.pages)


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        self.now += 0.01
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


class Shop:
    """A gate that sells by rules of the test, and fails it if somebody comes too early."""

    def __init__(self, clock: Clock, sells: Callable[[Shop, str], Answer]) -> None:
        self.clock = clock
        self.sells = sells
        self.answers: Counter[int] = Counter()
        self.left: dict[str, int] = {}
        self.opens: dict[str, float] = {}
        self.budgets = {"": 5}
        self.names = count(1)
        self.wait = ""

    def call(self, method: str, path: str, cookie: str = "", body: bytes = b"") -> Answer:
        said = self._said(path, cookie, body)
        self.answers[said.status] += 1
        return said

    def _said(self, path: str, cookie: str, body: bytes) -> Answer:
        if path.endswith("/challenges"):
            budget = self.budgets.get(cookie, 20)
            puzzle = {"count": 16, "threshold": f"{2**60:x}"}
            return answer(
                201,
                {"challenge": cookie, "puzzle": puzzle, "budget": budget, "expires_in": 120},
            )
        if path.endswith("/clearances"):
            return self.sells(self, body.decode())
        assert self.opens.get(cookie, 0) <= self.clock.now, "it was told to wait"
        if not self.left.get(cookie):
            return answer(403)
        self.left[cookie] -= 1
        return answer(200, b"<p data-personal>")

    def sold(self, units: int, wait_s: float = 0) -> Answer:
        cookie = f"c={next(self.names)}"
        self.left[cookie] = units
        self.opens[cookie] = self.clock.now + wait_s
        return answer(201, {"not_before_ms": wait_s * 1000}, Set_Cookie=f"{cookie}; Path=/")


class Solver:
    """Answers with whose challenge it was."""

    def __init__(self) -> None:
        self.solved: list[str] = []

    def solve(self, offer: dict[str, Any]) -> bytes:
        self.solved.append(offer["challenge"])
        return str(offer["challenge"]).encode()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("bench._scraper.time", clock)
    return clock


def scraped(clock: Clock, shop: Shop, people: int, seconds: float) -> tuple[Scraper, Solver]:
    solver = Solver()
    scraper = Scraper(
        shop,  # type: ignore[arg-type]
        solver,  # type: ignore[arg-type]
        [f"p{n}" for n in range(people)],
        until=clock.now + seconds,
        tell=lambda pages, wait_s: None,
    )
    scraper.run()
    return scraper, solver


def test_it_renews_where_that_is_cheaper(clock: Clock) -> None:
    shop = Shop(clock, lambda shop, whose: shop.sold(20 if whose else 5))
    scraper, solver = scraped(clock, shop, 45, 1e6)
    assert (len(scraper.taken), scraper.identities) == (45, 1)
    assert solver.solved == ["", "c=1", "c=2"]


def test_it_is_somebody_new_where_that_is_cheaper(clock: Clock) -> None:
    shop = Shop(clock, lambda shop, whose: shop.sold(20))
    shop.budgets = {"": 20, "c=1": 10, "c=2": 10}
    scraper, solver = scraped(clock, shop, 45, 1e6)
    assert (len(scraper.taken), scraper.identities) == (45, 3)
    assert solver.solved == ["", "", ""]


def test_it_waits_as_told_and_tries_as_others_meanwhile(clock: Clock) -> None:
    # One unit each 75 s, first come first served, and no more than ten minutes ahead.
    slots: list[float] = [clock.now]

    def sells(shop: Shop, whose: str) -> Answer:
        slot = max(slots[-1] + 75, clock.now)
        if slot - clock.now > 600:
            return answer(429, Retry_After=str(int(slot - clock.now - 600) + 1))
        slots.append(slot)
        return shop.sold(1, slot - clock.now)

    shop = Shop(clock, sells)
    scraper, _ = scraped(clock, shop, 100, 1500)
    assert 19 <= len(scraper.taken) <= 20
    assert scraper.identities == VISITORS_MAX
    # It asks about as often as it gets something, not all the time.
    assert shop.answers.total() < 200


def test_it_ends_where_nothing_is_sold(clock: Clock) -> None:
    shop = Shop(clock, lambda shop, whose: answer(409))
    scraper, _ = scraped(clock, shop, 3, 1e9)
    assert scraper.taken == []
    assert shop.answers.total() <= 10 * 3 + 1000 + 10


# -- what is told of it


def run_of(name: str, taken: list[float], seconds: float, people: int = 400) -> Run:
    return Run(name, people, taken, seconds, puzzles=3, identities=2, cpu_s=1.25)


BURST = run_of("counted", [n / 100 for n in range(1, 301)] + [75.0, 150.0], 180.0)
ALL = run_of("unlimited", [n / 100 for n in range(1, 401)], 4.0)
NONE = run_of("plain", [], 2.0)


def test_rates_are_those_of_a_minute_or_of_a_shorter_run() -> None:
    assert (BURST.rate(last=False), BURST.rate(last=True)) == (300, 1)
    assert (ALL.rate(last=False), ALL.rate(last=True)) == (6000, 6000)
    assert NONE.rate(last=False) == 0


def test_the_whole_directory_is_measured_or_extrapolated_or_never() -> None:
    assert ALL.directory_s(BAND) == 4.0
    assert BURST.directory_s(BAND) == 180 + 98 * 75
    assert NONE.directory_s(BAND) is None
    assert ALL.weekly(BAND) == 400 * 604_800 / 4
    assert BURST.weekly(BAND) == 300 + 48 * 168
    assert week_figure(ALL, BURST, BAND).value == pytest.approx(60_480_000 / 8364)


def test_a_run_over_its_band_is_found() -> None:
    [pages] = [f for f in figures_of(BURST, BAND) if f.id == "scrape.counted.pages"]
    assert (pages.value, pages.reach, pages.ok) == (302, 303, True)
    over = run_of("counted", [1.0] * 304, 180.0)
    [pages] = [f for f in figures_of(over, BAND) if f.id == "scrape.counted.pages"]
    assert pages.ok is False


def test_a_line_is_thin_and_flat_where_nothing_was_taken() -> None:
    series = BURST.series()
    assert len(series) < 30
    assert series[0] == [0.0, 0]
    assert series[-7:] == [
        [75.0, 300], [75.0, 301], [75.0, 301], [150.0, 301], [150.0, 302], [150.0, 302],
        [180.0, 302],
    ]  # fmt: skip
    # Every point is on the true staircase, or at the foot of a step.
    for at, pages in series:
        true = sum(taken <= at + 0.005 for taken in BURST.taken)
        assert true - 1 <= pages <= true, (at, pages)
    assert NONE.series()[-1] == [2.0, 0]


def test_the_table_says_what_is_extrapolated() -> None:
    reading = Reading([812.4, 90.0, 70.0, 100.0], 60.0)
    text = table([NONE, ALL, BURST], BAND, reading)
    rows = {row.split(" | ")[0].strip("| "): row for row in text.splitlines()}
    assert rows["Plain client"].endswith("| never | 0 |")
    assert "| 400 | 6,000 | 6,000.0 | 3 | 2 | 1.2 | 4 s | 60,500,000 |" in rows["Unlimited pass"]
    assert "| 302 | 300 | 1.0 | 3 | 2 | 1.2 | 2 h, extrapolated | 8,360 |" in rows["Counted views"]
    assert rows["first profile"] == "| first profile | 812 ms |"
    assert rows["later profiles, median"].endswith("| 90 ms |")
    assert rows["later profiles, worst"].endswith("| 100 ms |")
    without = table([NONE, ALL, BURST], BAND, Reading(lacking="no Chromium"))
    assert "| first profile | not measured: no Chromium |" in without
    assert list(reader_figures(Reading())) == []


def test_lines_are_plain_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    live = Live()
    live._every = 0
    live("counted", 302, 61.0)
    live.done(BURST)
    lines = capsys.readouterr().out.splitlines()
    assert "302 pages" in lines[0]
    assert "waiting for the band until" in lines[0]
    assert lines[1] == "Counted views: 302 pages in 180.0 s"
    assert "\r" not in "".join(lines)


# -- the whole of it, in small


@pytest.fixture(scope="module")
def outcome() -> scrape.Outcome:
    settings = {
        "CHALLENGE_BAND_BURST": "20",
        "CHALLENGE_LANES": "none",
        "CHALLENGE_PRICE_MS": "20",
    }
    return scrape.measure(people=60, seconds=5, chromium="", settings=settings)


def test_a_plain_client_gets_nothing_and_a_pass_everything(outcome: scrape.Outcome) -> None:
    assert len(outcome.plain.taken) == 0
    assert (len(outcome.unlimited.taken), outcome.unlimited.puzzles) == (60, 1)
    assert outcome.unlimited.complete


def test_counted_views_end_with_the_band(outcome: scrape.Outcome) -> None:
    # The control is the pass, which takes all under the same settings.
    bound = outcome.counted.bound(outcome.band)
    assert (outcome.band.burst, bound) == (20, 21)
    assert 20 <= len(outcome.counted.taken) <= bound
    assert outcome.counted.identities > 1
    assert outcome.counted.seconds == pytest.approx(5, abs=3)


def test_what_is_published_is_what_the_page_draws(
    outcome: scrape.Outcome,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(_report, "RESULTS", tmp_path)
    scrape.publish(outcome, "./run scrape --seconds 5")
    assert "| Unlimited pass | 60 |" in capsys.readouterr().out
    record = json.loads((tmp_path / "scrape.json").read_text())
    assert record["command"] == "./run scrape --seconds 5"
    assert record.keys() >= {"date", "machine", "figures", "series", "people", "band"}
    keys = {"id", "value", "unit", "reach", "ok", "note"}
    assert all(figure.keys() == keys for figure in record["figures"])
    ids = [figure["id"] for figure in record["figures"]]
    assert len(ids) == len(set(ids))
    assert {"scrape.unlimited.pages_per_minute", "scrape.counted.pages_first_hour_bound"} <= {*ids}
    run = scraping.read_run((tmp_path / "scrape.json").read_text())
    assert run.value("unlimited.pages") == 60
    assert set(run.series) == set(NAMES)


@pytest.mark.browser
def test_a_reader_reads() -> None:
    start, over = threading.Event(), threading.Event()
    start.set()
    over.set()
    with scrape.demo(9, {"CHALLENGE_PRICE_MS": "20"}) as site:
        handles = handles_of(Site(site.port, "127.0.0.1"))
        url, chrome = f"http://127.0.0.1:{site.port}", os.environ["TALLYGATE_CHROME"]
        reading = read(url, handles, chrome, start, over)
    assert (len(handles), len(reading.waits_ms), reading.lacking) == (9, 1, "")
    assert reading.revisit_ms is not None
    assert 0 < reading.revisit_ms < 60_000

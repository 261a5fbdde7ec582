"""`./run bench native`: a real server gives what the simulator says, and other settings do not.

Twelve seconds are enough for what a band gives at once, and for the rate of one that refills fast.
How visitors ripen into another lane takes minutes, which the benchmark plays.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPMessage
from pathlib import Path

import pytest

from bench import _native
from bench._native import Native
from bench._site import Answer
from bench._taker import take
from bench.native import Comparison, compare, course, figures_of
from challenge import config
from challenge.config import Settings, Source

SECONDS, PEOPLE = 12, 400
PLAYED: Mapping[str, Mapping[str, str]] = {
    "default": {},
    "twice": {"CHALLENGE_BAND_BURST": "600"},
    "fast": {"CHALLENGE_BAND_BURST": "60", "CHALLENGE_BAND_PER_HOUR": "3600"},
}
needs_compiler = pytest.mark.skipif(_native.compiler() is None, reason="no C compiler")


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    return Native.build(tmp_path_factory.mktemp("native"))


@pytest.fixture(scope="module")
def found(native: Native) -> dict[str, Comparison]:
    """All at once, each with a server of its own."""

    def attack(settings: Mapping[str, str]) -> Comparison:
        return compare(native, "mixed", seconds=SECONDS, settings=settings, people=PEOPLE)

    with ThreadPoolExecutor(len(PLAYED)) as pool:
        return dict(zip(PLAYED, pool.map(attack, PLAYED.values()), strict=True))


def told(found: Comparison) -> dict[str, float]:
    return {figure.id: figure.value for figure in figures_of(found)}


def judged(found: Comparison) -> bool | None:
    [ok] = [figure.ok for figure in figures_of(found) if figure.id == "native.ratio"]
    return ok


@needs_compiler
@pytest.mark.parametrize("name", PLAYED)
def test_the_real_server_gives_what_is_predicted(found: dict[str, Comparison], name: str) -> None:
    assert judged(found[name]), list(course(found[name]))


@needs_compiler
def test_at_once_it_is_what_the_lane_finds(found: dict[str, Comparison]) -> None:
    # Of 300 units 165 are kept for visitors of the other lanes.
    assert told(found["default"])["native.obtained"] == 135


@needs_compiler
def test_control_a_band_twice_as_large_is_noticed(found: dict[str, Comparison]) -> None:
    assert judged(replace(found["twice"], settings=Settings())) is False


@needs_compiler
def test_control_a_band_that_refills_faster_is_noticed(found: dict[str, Comparison]) -> None:
    slower = {**PLAYED["fast"], "CHALLENGE_BAND_PER_HOUR": "900"}
    assert judged(replace(found["fast"], settings=config.load(Source("here", slower)))) is False


@needs_compiler
def test_every_page_was_bought(found: dict[str, Comparison]) -> None:
    for run in found.values():
        taken = run.taken
        assert len(taken.pages) <= sum(taken.sales)
        assert len(taken.sales) <= len(taken.hashes)
        assert len(taken.identities) > 4
        assert run.slowness > 0


class Closed:
    """A site with one page that is not there, and others that are for later."""

    def __init__(self) -> None:
        self.calls = 0

    def call(self, method: str, path: str, *_: object) -> Answer:
        self.calls += 1
        headers = HTTPMessage()
        if path == "/people/ada":
            return Answer(404, headers, b"")
        headers["Retry-After"] = "60"
        return Answer(429, headers, b"")


@pytest.mark.timeout(20)
def test_what_the_protocol_does_not_explain_ends_the_run_at_once() -> None:
    with pytest.raises(RuntimeError, match="404"):
        take(Closed(), Native(Path("none")), ["bo", "ada"], [True, False], seconds=60)  # type: ignore[arg-type]


def test_who_is_told_to_wait_waits_until_the_end() -> None:
    site = Closed()
    taken, began = take(site, Native(Path("none")), ["bo"], [True], seconds=0.5)  # type: ignore[arg-type]
    assert time.monotonic() - began >= 0.5
    assert (site.calls, taken.pages) == (1, [])

"""What solves, in every engine: `pytest tests/e2e/test_scenarios_solver.py --browsers all`."""

from __future__ import annotations

import pytest

from .conftest import Drive
from .drivers import Driver
from .pages import Calls, Site
from .test_scenarios import be_odd
from .test_scenarios_forms import BUTTON, open_card, press

pytestmark = pytest.mark.timeout(200)

#: engine and visibility at each sub-puzzle that is solved
WATCH = """void (window.seen = [], document.addEventListener("challenge:progress", ({ detail }) =>
    seen.push([detail.engine, document.hidden])))"""


def engines(driver: Driver) -> list[str]:
    """What solved each of the sixteen sub-puzzles."""
    seen = driver.evaluate("seen")
    assert len(seen) >= 16
    return sorted({engine for engine, _ in seen})


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        pytest.param("", "simd", id="the demo's strict policy"),
        pytest.param("gone=sha256-simd", "wasm", id="no SIMD"),
        pytest.param("policy=1", "plain", id="no wasm-unsafe-eval"),
        pytest.param("lacks=WebAssembly", "plain", id="no WebAssembly"),
        pytest.param("lacks=Worker", "simd", id="no workers"),
    ],
)
def test_the_fastest_engine_that_may_run_solves_and_is_named(
    drive: Drive, site: Site, odd: str, expected: str
) -> None:
    driver = drive()
    be_odd(driver, site, odd)
    open_card(driver, site)
    driver.evaluate(WATCH)
    press(driver)
    assert engines(driver) == [expected]


def test_a_tab_that_nobody_sees_finishes(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    driver.open(f"{site.url}/")
    card = site.profiles[0].replace("/people/", "/cards/")
    driver.open_behind(card)
    driver.until(lambda: driver.evaluate(f"{BUTTON} !== null"), "the gate's button")
    driver.evaluate(WATCH)
    press(driver)
    assert {hidden for _, hidden in driver.evaluate("seen")} == {True}
    assert len(calls.sales) == 1

"""No engine contradicts itself: `pytest tests/e2e/test_scenarios_behaviour.py --browsers all`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from challenge.core.behaviour import SILENT
from challenge.tally.judging import judge, read_report

from ..serving import Server, serve
from .conftest import Drive
from .drivers import Driver
from .pages import PERSONAL, handles

pytestmark = pytest.mark.timeout(200)

#: what the drivers of these tests are there to be seen by
DRIVEN = {"webdriver"}
READY = "typeof tallygate === 'object' && 'report' in tallygate"
BUTTON = ".challenge-hold button"
PRESS = f"void document.querySelector('{BUTTON}').click()"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("scenarios-behaviour")
    app = "demo.app:create_app()"
    with serve(app, folder, workers=1, CHALLENGE_BEHAVIOUR="true") as server:
        yield server


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same, where a driven browser has one step more to do, or a minute to wait."""
    folder = tmp_path_factory.mktemp("scenarios-hold")
    app = "demo.app:create_app()"
    step = {"CHALLENGE_INTERACTION": "hold", "CHALLENGE_INTERACTION_WAIT": "60"}
    with serve(app, folder, workers=1, CHALLENGE_BEHAVIOUR="true", **step) as server:
        yield server


def report(driver: Driver) -> dict[str, int]:
    """What the browser would send now."""
    values: dict[str, int] = json.loads(driver.evaluate("tallygate.report()") or "{}")
    return values


def test_no_engine_contradicts_itself(drive: Drive, demo: Server) -> None:
    driver = drive()
    driver.open(f"{demo.url}/people/{handles(demo)[0]}")
    # By now the workers have said what they see.
    driver.wait_for(PERSONAL)
    driver.until(lambda: driver.evaluate(READY), "the script")
    values = report(driver)
    undriven = {k: v for k, v in values.items() if k not in DRIVEN}
    odd = judge(read_report(json.dumps(undriven)), SILENT)
    assert odd.reasons == ("hints_missing",) if "hints_major" in values else odd.reasons == ()


def test_control_an_engine_that_lies_in_its_page_does(drive: Drive, demo: Server) -> None:
    driver = drive()
    driver.open(f"{demo.url}/yours")
    driver.until(lambda: driver.evaluate(READY), "the script")
    driver.evaluate("void delete Navigator.prototype.webdriver")
    assert report(driver).get("webdriver_gone") == 1


def test_a_press_and_another_open_a_page_in_every_engine(drive: Drive, asking: Server) -> None:
    driver = drive()
    driver.open(f"{asking.url}/people/{handles(asking)[0]}")
    driver.wait_for(BUTTON)
    driver.evaluate(PRESS)
    driver.until(lambda: driver.text(BUTTON).startswith("Full"), "a full ring")
    driver.evaluate(PRESS)
    driver.wait_for(PERSONAL)

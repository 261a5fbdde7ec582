"""The page of a simulation in a browser: its charts are drawn, and it asks for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import BrowserContext

from challenge.cli import challenge

pytestmark = pytest.mark.browser
LINE = '{} - - [24/Nov/2025:{:02}:{:02}:00 +0000] "GET /people/p{} HTTP/1.1" 200 512\n'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    log, page = folder / "access.log", folder / "report.html"
    log.write_text("".join(LINE.format("198.51.100.7", n // 60, n % 60, n) for n in range(180)))
    arguments = ["simulate", "--log", str(log), "--html", str(page)]
    assert CliRunner().invoke(challenge, arguments).exit_code == 0
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_charts_are_drawn_and_nothing_is_asked_for(
    context: BrowserContext, report: Path, scheme: str
) -> None:
    page, asked, problems = context.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(report.as_uri())
    page.wait_for_function("document.querySelectorAll('.chart canvas').length === 2")
    assert asked == [report.as_uri()]
    assert problems == []
    inked = """canvas => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, index) => index % 4 === 3 && value > 0).length;
    }"""
    for canvas in page.query_selector_all(".chart canvas"):
        assert canvas.evaluate(inked) > 500


def test_a_narrow_window_scrolls_tables_and_not_the_page(
    context: BrowserContext, report: Path
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(report.as_uri())
    page.wait_for_selector(".chart canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

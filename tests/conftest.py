"""Options and fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from challenge import Gate
from challenge.flask.client import EXTENSION

#: files that take longest: they begin first, so that nobody waits for one of them at the end
LONGEST = ("test_simulate", "test_hostile", "test_kill")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow", action="store_true", help="many more rounds of the races, and what takes minutes"
    )
    parser.addoption(
        "--browsers",
        choices=["chromium", "all"],
        default="chromium",
        help="where the scenarios run; all: also in Firefox and WebKit",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        slow = [item for item in items if "slow" in item.keywords]
        items[:] = [item for item in items if item not in slow]
        # Chosen, not skipped: where nothing may be skipped, these are still another run's.
        config.hook.pytest_deselected(items=slow)
    if "TALLYGATE_CHROME" not in os.environ:
        lacking = pytest.mark.skip(reason="no Chromium: set TALLYGATE_CHROME")
        for item in items:
            if "browser" in item.keywords:
                item.add_marker(lacking)
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often a race is run."""
    return 100 if request.config.getoption("--slow") else 10


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CHALLENGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """A function that makes a small gated app: `/people/<handle>`, its photo, and more."""
    apps: list[Flask] = []

    def make(**settings: Any) -> Flask:
        app = Flask("tests", instance_path=str(tmp_path / f"instance-{len(apps)}"))
        # One sale fills a clearance; the tests of growing sales and bands set their own.
        app.config.update(CHALLENGE_PRICE_MS=0, CHALLENGE_RAMP=[20], CHALLENGE_BAND_BURST=10_000)
        app.config.update({f"CHALLENGE_{key.upper()}": value for key, value in settings.items()})
        gate = Gate(app)
        apps.append(app)

        @app.route("/people/<handle>", methods=["GET", "POST"])
        @gate.protect("handle")
        def person(handle: str) -> str:
            return f"the secret of {handle}"

        @app.get("/people/<handle>/photo")
        @gate.protect(lambda handle: handle)
        def photo(handle: str) -> tuple[str, dict[str, str]]:
            return "the photo", {"Cache-Control": "public, max-age=60", "Expires": "tomorrow"}

        @app.get("/fails/<handle>")
        @gate.protect("handle")
        def fails(handle: str) -> str:
            raise RuntimeError("the view's own fault")

        return app

    yield make
    for app in apps:
        app.extensions[EXTENSION].store.close()


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of such an app."""
    return make_app().test_client()

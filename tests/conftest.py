"""Options and fixtures that all tests share."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from challenge import Gate
from challenge.flask.client import EXTENSION
from challenge.stores import Store, from_uri

from .redis_servers import RedisServer, serve_redis

# How long an example takes is the machine's affair, and the first one loads all of Unicode.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

#: of stores on the server that tests share
PREFIXES = (f"t-{number}" for number in itertools.count())

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


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis server for whoever leaves other prefixes alone."""
    with serve_redis("redis", tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def store_uri(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """A function that gives the URI of an empty store of a kind: memory, sqlite, redis."""

    def uri(kind: str) -> str:
        if kind == "memory":
            return "memory://"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / 'store.db'}"
        server: RedisServer = request.getfixturevalue("redis_server")
        return f"{server.uri}?prefix={next(PREFIXES)}&timeout_ms=2000"

    return uri


@pytest.fixture
def open_store(store_uri: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    """A function that opens such a store."""
    stores: list[Store] = []

    def open_(kind: str) -> Store:
        stores.append(from_uri(store_uri(kind), folder=tmp_path, max_bytes=2**30))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


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

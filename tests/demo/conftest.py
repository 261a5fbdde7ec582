"""The demo as its tests need it: small enough to be read whole, or the whole town."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from challenge.flask.client import EXTENSION
from demo import app as demo
from demo.directory import Directory
from demo.town import Member

from ..solving import buy

SMALL = 48


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    settings = {"DEMO_INSTANCE_PATH": str(tmp_path), "DEMO_MEMBERS": SMALL}
    app = demo.create_app(settings | {"CHALLENGE_PRICE_MS": 0})
    yield app
    app.extensions[EXTENSION].store.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def people(app: Flask) -> tuple[Member, ...]:
    directory: Directory = app.extensions["directory"]
    return directory.people


@pytest.fixture
def admitted(client: FlaskClient) -> FlaskClient:
    buy(client)
    return client


@pytest.fixture(scope="session")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demo as it is without any settings."""
    app = demo.create_app({"DEMO_INSTANCE_PATH": str(tmp_path_factory.mktemp("town"))})
    yield app
    app.extensions[EXTENSION].store.close()


@pytest.fixture(scope="session")
def directory(whole_town: Flask) -> Directory:
    directory: Directory = whole_town.extensions["directory"]
    return directory


@pytest.fixture
def visitor(whole_town: Flask) -> FlaskClient:
    """Somebody in the whole town, without a clearance."""
    return whole_town.test_client()

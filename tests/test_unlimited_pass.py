"""The gate that others sell, which is there to be measured: it opens everything, and says so."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient

from challenge.cli import challenge
from challenge.cli.settings import rows
from challenge.config import Settings, Source, load
from challenge.core.digests import CHARGED_MAX
from challenge.flask.client import EXTENSION

from .solving import ASK, REDEEM, buy, redemption

ROOT = Path(__file__).parent.parent
MakeApp = Callable[..., Flask]
WEEK = 7 * 86_400
SEVERAL: dict[str, Any] = {"environ_overrides": {"wsgi.multiprocess": True}}


def opened(client: FlaskClient, number: int) -> int:
    """How many of so many profiles one sale opens."""
    buy(client)
    return [client.get(f"/people/{n}").status_code for n in range(number)].count(200)


def sold(app: Flask, visitors: int) -> list[int]:
    """What that many visitors of one network can buy."""
    units = []
    for _ in range(visitors):
        client = app.test_client()
        body = redemption(client.post(ASK, json={}).get_json())
        sale = client.post(REDEEM, data=body, content_type="application/json").get_json()
        units.append(sale.get("remaining", 0))
    return units


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("0", False), ("true", True), ("FALSE", False), ("True", True), (True, True),
     (False, False), (1, True)],
)  # fmt: skip
def test_a_flag_is_read(value: object, expected: bool) -> None:
    settings = load(Source("here", {"CHALLENGE_UNLIMITED_PASS": value}))
    assert settings.unlimited_pass is expected
    assert (settings == Settings()) is not expected


def test_one_sale_opens_more_than_a_record_remembers(make_app: MakeApp) -> None:
    number = CHARGED_MAX + 10
    assert opened(make_app(unlimited_pass=True).test_client(), number) == number
    # Control: without the setting the same sale is counted.
    assert opened(make_app().test_client(), number) == 20


def test_the_pass_is_for_a_week_and_no_band_binds(make_app: MakeApp) -> None:
    narrow = {"band_burst": 20, "band_per_hour": 1, "lifetime": 60, "lanes": "none"}
    app = make_app(unlimited_pass=True, **narrow)
    assert buy(app.test_client())["expires_in"] == WEEK
    assert sold(app, 3) == [1_000_000] * 3
    assert sold(make_app(**narrow), 3) == [20, 0, 0]


def test_the_start_is_logged_loudly(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    make_app()
    assert "UNLIMITED_PASS" not in caplog.text
    make_app(unlimited_pass="true")
    [record] = [r for r in caplog.records if "UNLIMITED_PASS" in r.message]
    assert record.levelno == logging.CRITICAL
    assert "do not use it for a site" in record.message


def test_it_is_refused_with_several_processes(make_app: MakeApp) -> None:
    client = make_app(unlimited_pass=True).test_client()
    buy(client)
    assert client.get("/people/ada").status_code == 200
    assert client.get("/people/ada", **SEVERAL).status_code == 503
    assert client.post(ASK, json={}, **SEVERAL).get_json()["code"] == "misconfigured"
    assert make_app().test_client().post(ASK, json={}, **SEVERAL).status_code == 201


def test_the_demo_does_not_sell_it_in_production() -> None:
    command = [sys.executable, str(ROOT / "run"), "demo", "--prod", "--unlimited-pass"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert re.fullmatch(r"run: --unlimited-pass [^.\n]* not for --prod\n", done.stderr)


def test_doctor_calls_it_a_problem(make_app: MakeApp) -> None:
    for on in (True, False):
        app = make_app(unlimited_pass=on)
        info = ScriptInfo(create_app=lambda app=app: app)  # type: ignore[misc]
        result = CliRunner().invoke(challenge, ["doctor"], obj=info)
        assert (result.exit_code == 1) is on, result.output
        assert ("CHALLENGE_UNLIMITED_PASS is on" in result.output) is on


def test_config_says_who_set_what_it_replaces(make_app: MakeApp) -> None:
    for on, origin in ((True, "CHALLENGE_UNLIMITED_PASS"), (False, "app.config")):
        app = make_app(unlimited_pass=on, budget=7)
        found = rows(app.extensions[EXTENSION].settings, {"app.config": app.config})
        [budget] = [row for row in found if row.name == "BUDGET"]
        assert (budget.value, budget.origin) == ("1000000" if on else "7", origin)

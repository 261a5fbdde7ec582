"""The page that shows a visitor how their browser looks."""

from __future__ import annotations

import json

from flask.testing import FlaskClient

from challenge.core.behaviour import RULES, SIGNALS
from demo.odd import NUMBERS, REASONS


def test_every_number_and_every_reason_has_words() -> None:
    assert NUMBERS.keys() == SIGNALS.keys()
    assert REASONS.keys() == {rule.name for rule in RULES}


def test_a_report_is_told_in_words(visitor: FlaskClient) -> None:
    plain = visitor.post("/yours/odd", data="").get_json()
    assert plain == {"factor": 1, "odd": []}
    odd = visitor.post("/yours/odd", data=json.dumps({"webdriver": 1})).get_json()
    assert odd == {"factor": 8, "odd": ["It says that a program drives it."]}


def test_what_is_too_long_or_cannot_be_read_is_no_error(visitor: FlaskClient) -> None:
    assert visitor.post("/yours/odd", data="x" * 700).status_code == 413
    assert visitor.post("/yours/odd", data=b"\xff{").get_json()["factor"] == 1

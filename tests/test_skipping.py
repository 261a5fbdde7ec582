"""Who signs in while waiting need not wait on, and nobody loses a place by signing in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from challenge.flask.client import GATE

from .solving import buy

PAGE = "/people/ada"
READ = "/challenge/v1/clearance"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An app on an empty band whose users are named by a header."""
    made = make_app(band_burst=20, band_per_hour=30, lanes=(), ramp=[5])
    made.extensions[GATE].account_loader(lambda: request.headers.get("User"))
    while not buy(made.test_client())["not_before_ms"]:
        continue
    return made


def waiting(app: Flask) -> FlaskClient:
    """A visitor with a place in the queue."""
    visitor = app.test_client()
    assert buy(visitor)["not_before_ms"] > 0
    assert visitor.get(PAGE).status_code == 429
    return visitor


def sign_in(visitor: FlaskClient, user: str) -> None:
    visitor.environ_base["HTTP_USER"] = user


def test_who_signs_in_buys_anew_at_once(app: Flask) -> None:
    visitor = waiting(app)
    assert visitor.get(READ).status_code == 200
    sign_in(visitor, "ada")
    assert visitor.get(PAGE).status_code == 403
    assert visitor.get(READ).status_code == 404
    assert buy(visitor)["not_before_ms"] == 0
    assert visitor.get(PAGE).text == "the secret of ada"
    assert visitor.get(READ).get_json()["remaining"] == 4


def test_control_signed_out_one_waits(app: Flask) -> None:
    visitor = waiting(app)
    sign_in(visitor, "")
    assert visitor.get(PAGE).status_code == 429
    assert visitor.get(READ).status_code == 200


def test_an_account_that_has_none_keeps_the_place(app: Flask) -> None:
    visitor = waiting(app)
    sign_in(visitor, "ada")
    while True:
        other = app.test_client()
        sign_in(other, "ada")
        if buy(other)["not_before_ms"]:
            break
    assert visitor.get(PAGE).status_code == 429
    assert visitor.get(READ).get_json()["not_before_ms"] > 0


def test_an_account_is_no_reason_to_drop_what_is_there(app: Flask) -> None:
    visitor = app.test_client()
    sign_in(visitor, "ada")
    buy(visitor)
    assert visitor.get(PAGE).status_code == 200
    assert visitor.get(READ).get_json()["remaining"] == 4

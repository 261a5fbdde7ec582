"""`gate.verify_response`: what a form's view asks, without a call over the network."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from challenge.errors import StoreUnavailable
from challenge.flask.client import EXTENSION, GATE

from .solving import buy
from .test_responses import SECRET, response_of, verify

MakeApp = Callable[..., Flask]


@pytest.fixture
def app(make_app: MakeApp) -> Iterator[Flask]:
    app = make_app(site_secret=SECRET)
    gate = app.extensions[GATE]

    @app.post("/signup")
    def signup() -> tuple[dict[str, str], int]:
        response = gate.verify_response(request.form.get("challenge-response"), action="signup")
        if response is None:
            return {}, 403
        return {"action": response.action, "cdata": response.cdata, "at": response.hostname}, 200

    yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, token: str) -> Any:
    return client.post("/signup", data={"challenge-response": token})


def test_a_good_response_says_what_it_is_for_and_is_good_once(client: FlaskClient) -> None:
    token = response_of(client, action="signup", cdata="order-7")
    first = post(client, token)
    assert (first.status_code, first.get_json()) == (
        200, {"action": "signup", "cdata": "order-7", "at": "localhost"}
    )  # fmt: skip
    assert post(client, token).status_code == 403
    assert not verify(client, secret=SECRET, response=token)["success"]


def test_it_and_siteverify_spend_the_same(client: FlaskClient) -> None:
    token = response_of(client, action="signup")
    assert verify(client, secret=SECRET, response=token)["success"]
    assert post(client, token).status_code == 403


def test_of_many_forms_with_one_response_one_is_taken(app: Flask) -> None:
    token = response_of(app.test_client(), action="signup")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(app.test_client(), token).status_code, range(40)))
    assert sorted(answers) == [200] + [403] * 39


def test_a_response_for_another_form_is_refused(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "challenge"):
        assert post(client, response_of(client, action="login")).status_code == 403
        assert post(client, response_of(client)).status_code == 403
    assert "it is for login" in caplog.text
    assert "it is for page" in caplog.text


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "x" * 5000])
def test_anything_else_is_refused(client: FlaskClient, token: str | None) -> None:
    fields = {} if token is None else {"challenge-response": token}
    assert client.post("/signup", data=fields).status_code == 403


def test_a_clearance_is_no_response(client: FlaskClient) -> None:
    assert post(client, buy(client)["token"]).status_code == 403


def test_where_nobody_can_say_it_is_refused_and_logged(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = app.test_client()
    token = response_of(client, action="signup")

    def down(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("the disk is gone")

    with caplog.at_level(logging.INFO, "challenge"), monkeypatch.context() as patch:
        patch.setattr(app.extensions[EXTENSION].store, "spend", down)
        assert post(client, token).status_code == 403
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert token not in caplog.text
    assert post(client, token).status_code == 200, "the control: with a store it is good"

"""Site keys for tests: with them forms can be tried out, and off means refused everywhere."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from challenge import Gate
from challenge.config import TEST_KEYS
from challenge.flask.client import EXTENSION
from challenge.tally import quoting

from .solving import ASK, REDEEM, redemption
from .test_responses import RESPOND, SECRET, VERIFY, verify

MakeApp = Callable[..., Flask]


def site(folder: Path, *, allowed: bool) -> Flask:
    """A site of its own; several in one folder share keys and store."""
    app = Flask("tests", instance_path=str(folder))
    app.config.update(
        CHALLENGE_PRICE_MS=200,
        CHALLENGE_SITE_SECRET=SECRET,
        CHALLENGE_ALLOW_TEST_KEYS=allowed,
    )
    gate = Gate(app)

    @app.post("/signup")
    def signup() -> tuple[str, int]:
        token = request.form.get("challenge-response")
        good = gate.verify_response(token, action="signup")
        return ("welcome", 200) if good else ("refused", 403)

    return app


@pytest.fixture
def both(tmp_path: Path) -> tuple[FlaskClient, FlaskClient]:
    """A site where test keys are allowed, and one with the same keys file where they are not."""
    on, off = site(tmp_path, allowed=True), site(tmp_path, allowed=False)
    return on.test_client(), off.test_client()


def ask(client: FlaskClient, **fields: Any) -> Any:
    return client.post(ASK, json={"buys": "response", "action": "signup"} | fields)


def redeem(client: FlaskClient, offer: Any, at: str = RESPOND) -> Any:
    return client.post(at, data=redemption(offer), content_type="application/json")


def response_of(client: FlaskClient, key: str) -> str:
    given = redeem(client, ask(client, sitekey=key).get_json())
    assert given.status_code == 201, given.text
    return str(given.get_json()["response"])


def said(client: FlaskClient, token: str, **more: Any) -> tuple[bool, list[str]]:
    answer = verify(client, secret=SECRET, response=token, **more)
    return answer["success"], answer["error-codes"]


def test_passing_costs_nothing_and_passes_again_and_again(
    both: tuple[FlaskClient, FlaskClient],
) -> None:
    client, _ = both
    offer = ask(client, sitekey="test-pass").get_json()
    assert offer["puzzle"]["threshold"] == "f" * 16, "any answer will do"
    token = response_of(client, "test-pass")
    for more in ({}, {}, {"sitekey": "test-pass"}, {"sitekey": "main"}):
        assert said(client, token, **more) == (True, [])
    for _ in range(3):
        assert client.post("/signup", data={"challenge-response": token}).status_code == 200
    for _ in range(80):
        response_of(client, "test-pass")


def test_failing_fails_as_a_forged_one_would(both: tuple[FlaskClient, FlaskClient]) -> None:
    client, _ = both
    token = response_of(client, "test-fail")
    for _ in range(2):
        assert said(client, token) == (False, ["invalid-input-response"])
    assert client.post("/signup", data={"challenge-response": token}).status_code == 403


def test_the_slow_one_takes_its_time(
    both: tuple[FlaskClient, FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = both
    offer = ask(client, sitekey="test-slow").get_json()
    assert 2000 < offer["wait_ms"] <= 3000
    early = redeem(client, offer)
    assert (early.status_code, early.get_json()["code"]) == (425, "too_early")
    monkeypatch.setattr(quoting, "SLOW_MS", 0)
    assert said(client, response_of(client, "test-slow")) == (True, [])


@pytest.mark.parametrize("key", TEST_KEYS)
def test_off_means_refused_everywhere(both: tuple[FlaskClient, FlaskClient], key: str) -> None:
    on, off = both
    refused = ask(off, sitekey=key)
    assert (refused.status_code, refused.get_json()["code"]) == (400, "test_key_refused")
    # Not even what another site made with the same keys file passes.
    offer = ask(on, sitekey=key).get_json()
    answered = redeem(off, offer)
    assert (answered.status_code, answered.get_json()["code"]) == (403, "wrong_audience")
    if key == "test-slow":
        return
    token = response_of(on, key)
    assert said(off, token) == (False, ["invalid-input-response"])
    assert said(off, token, sitekey=key) == (False, ["sitekey-mismatch"])
    assert off.post("/signup", data={"challenge-response": token}).status_code == 403


def test_control_switched_on_the_same_calls_pass(both: tuple[FlaskClient, FlaskClient]) -> None:
    on, off = both
    assert ask(on, sitekey="test-pass").status_code == 201
    token = response_of(on, "test-pass")
    assert said(on, token, sitekey="test-pass") == (True, [])
    # And nothing but the key is why the other site refuses.
    assert said(off, response_of(on, "main")) == (True, [])


@pytest.mark.parametrize("key", TEST_KEYS)
def test_a_test_key_never_buys_a_clearance(both: tuple[FlaskClient, FlaskClient], key: str) -> None:
    for client in both:
        refused = client.post(ASK, json={"sitekey": key})
        assert (refused.status_code, refused.get_json()["code"]) == (400, "test_key_refused")
    on, _ = both
    offer = ask(on, sitekey=key).get_json()
    assert redeem(on, offer, at=REDEEM).status_code == 403
    assert "Set-Cookie" not in redeem(on, offer, at=REDEEM).headers
    assert client_buys(on) == 201, "the control: without a key it is sold"


def client_buys(client: FlaskClient) -> int:
    return int(redeem(client, client.post(ASK, json={}).get_json(), at=REDEEM).status_code)


def test_a_response_for_tests_is_for_no_site(both: tuple[FlaskClient, FlaskClient]) -> None:
    # So whoever verifies offline, with the public keys and the site's audience, refuses it too.
    on, _ = both
    tally = on.application.extensions[EXTENSION]
    read = tally._tokens.read_response
    assert read(response_of(on, "test-pass"), tally._clock()).site == "test-pass"
    assert read(response_of(on, ""), tally._clock()).site == "main"


@pytest.mark.parametrize(
    ("sitekey", "code"),
    [("other", "sitekey_unknown"), ("test-", "sitekey_unknown"), ("Main", "sitekey_unknown"),
     ("TEST-PASS", "sitekey_unknown"), ("x" * 5000, "sitekey_unknown"), (7, "field_type"),
     (None, "field_type")],
)  # fmt: skip
def test_another_sites_key_is_refused(
    both: tuple[FlaskClient, FlaskClient], sitekey: object, code: str
) -> None:
    for client in both:
        refused = ask(client, sitekey=sitekey)
        assert (refused.status_code, refused.get_json()["code"]) == (400, code)
        assert client.post(ASK, json={"sitekey": "other"}).status_code == 400


def test_the_sites_own_key_is_as_good_as_none(both: tuple[FlaskClient, FlaskClient]) -> None:
    on, _ = both
    for key in ("", "main"):
        offer = ask(on, sitekey=key).get_json()
        assert offer["puzzle"]["threshold"] != "f" * 16
        token = response_of(on, key)
        assert said(on, token) == (True, [])
        assert said(on, token) == (False, ["timeout-or-duplicate"])


@pytest.mark.parametrize("allowed", [True, False], ids=["on", "control: off"])
def test_it_is_said_loudly_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, allowed: bool
) -> None:
    with caplog.at_level(logging.WARNING, "challenge"):
        site(tmp_path, allowed=allowed)
    assert ("TEST KEYS ARE ALLOWED" in caplog.text) is allowed


def test_siteverify_refuses_another_sites_key_still(
    both: tuple[FlaskClient, FlaskClient],
) -> None:
    on, _ = both
    fields = {"secret": SECRET, "response": response_of(on, "test-pass"), "sitekey": "other"}
    assert on.post(VERIFY, data=fields).get_json()["error-codes"] == ["sitekey-mismatch"]

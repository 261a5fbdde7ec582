"""The two pages that explain: how it is protected, and what the own browser sent."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from challenge.flask.client import EXTENSION
from demo import app as demo
from demo.yours import both_ends, headers_shown, moment, read_clearance

from ..solving import buy
from .reading import Page

COOKIE = "challenge-main"
TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl"


def held(client: FlaskClient) -> str:
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def test_protection_answers_in_this_order(client: FlaskClient) -> None:
    body = client.get("/protection").text
    assert re.findall(r"<h2>(.*)</h2>", body) == [
        "What you see here",
        "What we count, and for how long",
        "What we never look at",
        "What happens if you open very many",
        "How to reach a person",
    ]


def test_protection_tells_the_settings_that_hold(tmp_path: Path) -> None:
    numbers = {"BAND_BURST": 1234, "BAND_PER_HOUR": 56, "PRICE_MS": 789, "RAMP": [3, 7, 11]}
    app = demo.create_app(
        {"DEMO_INSTANCE_PATH": str(tmp_path), "DEMO_MEMBERS": 9}
        | {"CHALLENGE_CONTACT": "mailto:desk@aldersound.example"}
        | {f"CHALLENGE_{key}": value for key, value in numbers.items()}
    )
    page = Page(app.test_client().get("/protection").text)
    app.extensions[EXTENSION].store.close()
    for words in (
        "1,234 profiles can be opened at once",
        "56 more in each hour",
        "about 789 milliseconds",
    ):
        assert words in page.public
    assert "3 profiles, next time 7, then 11" in page.public
    assert "mailto:desk@aldersound.example" in page.links()


def test_yours_shows_the_headers_as_they_came_and_escaped(client: FlaskClient) -> None:
    sent = {"X-Odd": "<script>alert('1')</script>", "X-Plain": "a, b", "Accept-Language": "cy"}
    answer = client.get("/yours", headers=sent)
    page = Page(answer.text)
    assert "<script>alert" not in answer.text
    assert page.count("script") == 2, "the page's own and the gate's"
    for name, value in sent.items():
        assert f"\n{name}\n" in page.public
        assert f"\n{value}\n" in page.public
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Nothing of it is kept" in page.public


def test_yours_never_prints_a_token_whole(client: FlaskClient) -> None:
    buy(client)
    token = held(client)
    client.set_cookie(f"{COOKIE}-ticket", TOKEN)
    answer = client.get(
        "/yours", headers={"X-Copy": f"see {token}", "Authorization": "Basic " + TOKEN}
    )
    for secret in (*token.split("."), *TOKEN.split(".")):
        assert secret not in answer.text
    assert token[8:40] not in answer.text
    assert token[-40:-8] not in answer.text
    assert both_ends(token) in Page(answer.text).public
    assert token.startswith(both_ends(token).split(" … ")[0])


def test_the_same_check_finds_a_token_that_is_printed() -> None:
    """The control of the test above: what is no cookie and no copy of one is shown whole."""
    assert headers_shown([("X-Other", TOKEN)]) == [("X-Other", TOKEN)]


def test_yours_says_what_the_clearance_says(client: FlaskClient) -> None:
    buy(client)
    said = read_clearance(held(client), time.time())
    assert said is not None
    page = Page(client.get("/yours").text)
    assert said.budget == "5 profiles"
    for words in (said.issued, said.ends, said.visitor, said.first, said.token):
        assert words in page.public
    assert "5 profiles; for 30 minutes more" in page.public
    client.get("/people/nobody")  # opens nothing and costs nothing
    assert "5 profiles; for 30 minutes more" in Page(client.get("/yours").text).public


def test_yours_counts_what_was_opened(
    admitted: FlaskClient, people: tuple[demo.Member, ...]
) -> None:
    admitted.get(f"/people/{people[0].handle}")
    assert "4 profiles; for 30 minutes more" in Page(admitted.get("/yours").text).public


def test_yours_without_a_clearance_says_so(client: FlaskClient) -> None:
    page = Page(client.get("/yours").text)
    assert "You have not opened a profile yet" in page.public
    assert ("Left now" in page.public) is False


@pytest.mark.parametrize("token", ["x", "a.b.c", TOKEN, "eyJ9.e30.x", "<script>", '"'])
def test_a_cookie_that_is_no_clearance_is_called_that(client: FlaskClient, token: str) -> None:
    client.set_cookie(COOKIE, token)
    answer = client.get("/yours")
    assert answer.status_code == 200
    assert "none of ours" in Page(answer.text).public
    assert "<script>" not in answer.text


def test_a_clearance_that_opens_nothing_is_called_that(client: FlaskClient, tmp_path: Path) -> None:
    other = demo.create_app(
        {"DEMO_INSTANCE_PATH": str(tmp_path / "other"), "DEMO_MEMBERS": 9, "CHALLENGE_PRICE_MS": 0}
    )
    stranger = other.test_client()
    buy(stranger)
    client.set_cookie(COOKIE, held(stranger))
    other.extensions[EXTENSION].store.close()
    assert "it opens nothing any more" in Page(client.get("/yours").text).public


def test_yours_names_the_prefix_of_the_gate(tmp_path: Path) -> None:
    app = demo.create_app(
        {"DEMO_INSTANCE_PATH": str(tmp_path), "DEMO_MEMBERS": 9, "CHALLENGE_URL_PREFIX": "/gate"}
    )
    page = Page(app.test_client().get("/yours", base_url="http://localhost/under").text)
    app.extensions[EXTENSION].store.close()
    named = {given["data-prefix"] for _, given in page.elements if "data-prefix" in given}
    assert named == {"/under/gate"}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-1, "1 second ago"),
        (0, "0 seconds ago"),
        (89, "in 89 seconds"),
        (90, "in 2 minutes"),
        (-3600, "60 minutes ago"),
        (86_400, "in 24 hours"),
    ],
)
def test_moments_are_told_as_distances(seconds: int, told: str) -> None:
    assert moment(1_800_000_000 + seconds, 1_800_000_000).endswith(f" UTC, {told}")


def test_headers_come_in_order_and_hide_what_opens_doors() -> None:
    long = "a" * 40
    sent = [
        ("HOST", "a.example"),
        ("Cookie", f'short=abc; long={long}; quoted="b c {"d" * 30}"'),
        ("Accept", "*/*"),
        ("authorization", "Bearer " + "e" * 30),
    ]
    assert headers_shown(sent) == [
        ("Accept", "*/*"),
        ("Authorization", "Bearer … eeee"),
        ("Cookie", f'short=abc; long={"a" * 6} … aaaa; quoted="b c d … ddd"'),
        ("Host", "a.example"),
    ]

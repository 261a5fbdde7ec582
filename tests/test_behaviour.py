"""Behaviour moves the price: at ask, at redeem, and for a day; it shuts nobody out."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from challenge.core.behaviour import SIGNALS, Headers
from challenge.core.models import Challenge, Lane, Offer
from challenge.core.puzzles import get
from challenge.core.visitors import JUDGED_SECONDS
from challenge.flask import signals
from challenge.stores import Store
from challenge.stores.memory import MemoryStore
from challenge.tally.judging import judge, read_report
from challenge.wire import REPORT_MAX, Ask

from .solving import ASK, redemption
from .test_selling import Key
from .test_tally import HOME, World, body_of

SOURCES = Path(__file__).parent.parent / "static" / "js" / "src" / "signals"
ODD = json.dumps({"clicks": 6, "short_clicks": 6})
ODDER = json.dumps({"clicks": 6, "short_clicks": 6, "centre_clicks": 6, "keys": 9, "short_keys": 9})
ODDEST = json.dumps({"webdriver": 1})
CLEAN = json.dumps({"clicks": 40, "moves": 500, "single_moves": 20})


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    # What is asked for besides work is in test_interactions.py.
    return World(open_store(request.param), price_ms=1, price_further_ms=1, interaction="none")


@pytest.fixture
def key() -> Key:
    return Key()


def ask(world: World, report: str = "", clearance: str | None = None, **more: Any) -> Offer:
    return world.tally.quote(Ask(report, "page", "/", 1), clearance, HOME, **more)


def read(world: World, offer: Offer) -> Challenge:
    return world.tally._tokens.read_challenge(offer.challenge, world.clock.now, buys="clearance")


def work_of(offer: Offer) -> float:
    """Milliseconds on the reference engine, as a multiple of a neutral first sale."""
    kind = get("sha256")
    return kind.puzzle(1).threshold / offer.puzzle.threshold


def factor(world: World, offer: Offer) -> int:
    """By how much it is dearer than for anybody."""
    return round(work_of(offer))


def test_work_is_dearer_by_the_factor(world: World) -> None:
    assert factor(world, ask(world)) == 1
    assert factor(world, ask(world, CLEAN)) == 1
    assert factor(world, ask(world, ODD)) == 3
    assert factor(world, ask(world, ODDER)) == 6
    assert factor(world, ask(world, ODDEST)) == 8
    assert factor(world, ask(world, headers=Headers(headless=True))) == 8


def test_from_four_on_the_lane_is_that_of_the_flagged(world: World) -> None:
    assert read(world, ask(world, ODD)).lane is Lane.NEW
    assert read(world, ask(world, ODDER)).lane is Lane.FLAGGED


def test_work_grows_to_two_seconds_at_most() -> None:
    world = World(MemoryStore(), price_ms=500)
    assert work_of(ask(world, ODDEST)) == pytest.approx(2000, rel=0.01)
    dear = World(MemoryStore(), price_ms=5000)
    assert work_of(ask(dear, ODDEST)) == pytest.approx(5000, rel=0.01), "what was more, stays"


def test_control_a_site_may_do_without(world: World) -> None:
    plain = World(MemoryStore(), price_ms=1, behaviour=False)
    odd = ask(plain, ODDEST, headers=Headers(headless=True))
    assert factor(plain, odd) == 1
    assert read(plain, odd).lane is Lane.NEW


def test_nobody_is_shut_out(world: World, key: Key) -> None:
    sale = world.redeem(key.body(ask(world, ODDEST, headers=Headers(headless=True))))
    assert world.opens(sale.token, *range(20)) == sale.budget == 20


def test_asking_stores_nothing(world: World, key: Key) -> None:
    token = key.buy(world).token
    world.opens(token, *range(10))
    for _ in range(5):
        ask(world, ODDEST, token)
    assert factor(world, ask(world, "", token)) == 1


def test_a_sale_keeps_the_factor_for_a_day(world: World, key: Key) -> None:
    token = world.redeem(key.body(ask(world, ODDER))).token
    world.opens(token, *range(10))
    assert factor(world, ask(world, "", token)) == 6, "who says nothing is who they were"
    assert factor(world, ask(world, CLEAN, token)) == 6, "and nothing wipes it out"
    assert read(world, ask(world, CLEAN, token)).lane is Lane.FLAGGED
    assert factor(world, ask(world, ODDEST, token)) == 8


def test_silence_does_not_make_the_day_longer(world: World, key: Key) -> None:
    began = world.clock.now
    token = world.redeem(key.body(ask(world, ODDER))).token
    while world.clock.now < began + JUDGED_SECONDS - 7200:
        world.clock.now += 7200
        token = key.buy(world, token).token
        world.opens(token, *(f"{world.clock.now} {n}" for n in range(20)))
    assert factor(world, ask(world, "", token)) >= 6
    world.clock.now = began + JUDGED_SECONDS
    assert factor(world, ask(world, "", token)) < 6


def test_a_bearers_next_record_does_not_forget_it(world: World) -> None:
    token = world.redeem(body_of(ask(world, ODDER))).token
    again = world.redeem(body_of(ask(world, "", token))).token
    assert factor(world, ask(world, "", again)) == 6


def test_a_form_is_dearer_too(world: World) -> None:
    odd = world.tally.quote(Ask(ODD, "form", "/", 1, "response"), None, HOME)
    assert factor(world, odd) == 3


def test_the_challenge_says_the_factor_and_no_reason(world: World) -> None:
    challenge = ask(world, ODDER)
    assert read(world, challenge).factor == 6
    assert "differs" not in str(read(world, challenge))


# -- what is sent


@pytest.mark.parametrize(
    "report",
    ["", "{}", "[]", "null", "1", "x", '{"webdriver":1,"webdriver":0}', '{"webdriver":1.0}',
     '{"webdriver":1e9}', '{"webdriver":NaN}', '{"unheard_of":1}', "\x00", '{"clicks":99999}'],
)  # fmt: skip
def test_what_cannot_be_read_says_nothing(report: str) -> None:
    assert judge(read_report(report), Headers()).factor == 1


def test_counts_that_contradict_each_other_are_evidence() -> None:
    assert judge(read_report('{"clicks":3,"short_clicks":9}'), Headers()).factor > 1


@given(st.text(max_size=200))
def test_no_report_is_an_error(report: str) -> None:
    assert judge(read_report(report.encode("utf-8", "replace").decode()), Headers()).factor >= 1


def test_a_huge_report_is_refused_with_a_code(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    fits = client.post(ASK, json={"report": "1" * REPORT_MAX})
    assert fits.status_code == 201
    huge = client.post(ASK, json={"report": "1" * (REPORT_MAX + 1)})
    assert (huge.status_code, huge.get_json()["code"]) == (400, "report_too_large")


def test_all_that_can_be_odd_fits_into_a_report() -> None:
    assert len(json.dumps(dict(SIGNALS))) <= REPORT_MAX


# -- over HTTP

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
HINTS = '"Chromium";v="156", "Not?A_Brand";v="8"'
SEEN = json.dumps({"hints_major": 156})


@pytest.mark.parametrize(
    ("headers", "report", "told"),
    [
        ({"User-Agent": FIREFOX}, "", ()),
        ({"User-Agent": CHROME, "Sec-CH-UA": HINTS}, SEEN, ()),
        ({"User-Agent": CHROME}, "", ()),
        ({"User-Agent": CHROME}, SEEN, ("hints_missing",)),
        ({"User-Agent": CHROME, "Sec-CH-UA": HINTS.replace("156", "149")}, "", ("hints_differ",)),
        ({"User-Agent": CHROME.replace("Chrome", "HeadlessChrome")}, "", ("headless",)),
        ({"User-Agent": "\xff" * 500, "Sec-CH-UA": '"Chromium";v="99999999"'}, "", ()),
    ],
    ids=["firefox", "chrome", "plain http", "page only", "disagree", "headless", "junk"],
)
def test_a_site_hears_what_is_odd(
    make_app: Callable[..., Flask], headers: dict[str, str], report: str, told: tuple[str, ...]
) -> None:
    app = make_app(interaction="none")
    heard: list[tuple[int, tuple[str, ...], bool]] = []

    def hear(_: Flask, factor: int, reasons: tuple[str, ...], renews: bool) -> None:
        heard.append((factor, reasons, renews))

    with signals.challenge_quoted.connected_to(hear, sender=app):
        client = app.test_client()
        offer = client.post(ASK, json={"report": report}, headers=headers)
        assert offer.status_code == 201
        assert told == () or told[0] not in offer.text, "the visitor's browser is told no reason"
    assert [(reasons, renews) for _, reasons, renews in heard] == [(told, False)]
    sold = client.post(
        "/challenge/v1/clearances", data=redemption(offer.get_json()),
        content_type="application/json",
    )  # fmt: skip
    assert sold.status_code == 201


@pytest.mark.parametrize("behaviour", ["true", "false"])
def test_pages_ask_for_a_report_where_it_counts(
    make_app: Callable[..., Flask], behaviour: str
) -> None:
    page = make_app(behaviour=behaviour).test_client().get("/people/ada")
    assert ("data-reports" in page.text) == (behaviour == "true")


def test_browser_and_server_have_the_same_names() -> None:
    node = shutil.which("node")
    assert node is not None
    script = f"import {{ NAMES }} from {json.dumps(str(SOURCES / 'names.js'))};"
    told = subprocess.run(
        [node, "--input-type=module", "--eval", script + "console.log(JSON.stringify(NAMES))"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    names = json.loads(told.stdout)
    assert sorted(names) == sorted(SIGNALS)
    assert len(names) == len(set(names))

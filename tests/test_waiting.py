"""The way in without scripts: it stores nothing, opens little, and is for one network."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from challenge.core.models import Client, Sale
from challenge.errors import Expired, Queued, TokenRefused, TooEarly
from challenge.flask.client import EXTENSION
from challenge.jose import LEEWAY
from challenge.keys.file import CHALLENGE_KEPT
from challenge.stores import Store
from challenge.stores.sqlite import SQLiteStore
from challenge.tally.selling import KEPT
from challenge.tally.waiting import LONGEST_WAIT, WAIT

from .test_selling import RAMP, at, level
from .test_tally import HOME, World
from .test_tokens import claims_of


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    return World(open_store(request.param), ramp=RAMP, band_burst=300, lanes=())


def test_a_due_ticket_is_five_units_once(world: World) -> None:
    ticket = world.tally.join_queue(HOME)
    for wait in (0, WAIT - 1):
        world.clock.now += wait
        with pytest.raises(TooEarly):
            world.tally.collect(ticket, HOME)
    world.clock.now += 1
    sale = world.tally.collect(ticket, HOME)
    assert (sale.budget, sale.remaining) == (5, 5)
    assert world.opens(sale.token, *range(9)) == 5
    again = world.tally.collect(ticket, HOME)
    assert again.token == sale.token
    assert again.remaining == 0


def test_a_ticket_is_sold_once_though_its_process_was_halted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = world.tally.join_queue(HOME)
    world.clock.now += WAIT + KEPT - 1
    world.tally.collect(ticket, HOME)
    minted = world.tally._mint.clearance

    def halt(*args: Any, **how: Any) -> Any:
        world.clock.now += 210
        return minted(*args, **how)

    monkeypatch.setattr(world.tally._mint, "clearance", halt)
    with pytest.raises(Expired):
        world.tally.collect(ticket, HOME)


def test_a_ticket_for_a_sensitive_page_is_sold_when_all_its_units_are_there(world: World) -> None:
    def joined(units: int) -> str:
        ticket = world.tally.join_queue(HOME, units)
        world.clock.now += WAIT
        return ticket

    while True:
        try:
            world.tally.collect(joined(1), HOME)
        except Queued:
            break
    # The address's band without scripts: fifteen units, and one more each four minutes.
    world.clock.now += 240 - WAIT
    ticket = joined(4)
    with pytest.raises(Queued):
        world.tally.collect(ticket, HOME)
    assert world.tally.collect(joined(1), HOME).budget == 1
    world.clock.now += 960 - WAIT
    assert world.tally.collect(joined(4), HOME).budget >= 4


def test_a_place_is_kept_for_two_minutes(world: World) -> None:
    ticket = world.tally.join_queue(HOME)
    world.clock.now += WAIT + KEPT + LEEWAY
    with pytest.raises(Expired):
        world.tally.collect(ticket, HOME)


def test_a_ticket_is_for_its_own_network(world: World) -> None:
    ticket = world.tally.join_queue(HOME)
    world.clock.now += WAIT
    with pytest.raises(TokenRefused) as refusal:
        world.tally.collect(ticket, at(1))
    assert refusal.value.code == "network_changed"
    assert world.tally.collect(ticket, HOME).remaining == 5


def test_joining_stores_nothing(tmp_path: Path) -> None:
    world = World(SQLiteStore(tmp_path / "store.db"), ramp=RAMP)
    world.tally.join_queue(HOME)
    before = (tmp_path / "store.db-wal").stat().st_size
    for _ in range(50):
        world.tally.join_queue(HOME)
    assert (tmp_path / "store.db-wal").stat().st_size == before


def collect_all(world: World, tickets: list[tuple[str, Client]]) -> list[str]:
    tokens = []
    for ticket, client in tickets:
        try:
            tokens.append(world.tally.collect(ticket, client).token)
        except Queued:
            continue
    return tokens


# A thousand sales say nothing of Redis that a hundred do not.
@pytest.mark.parametrize("world", ["memory", "sqlite"], indirect=True)
def test_a_thousand_tickets_of_one_network_are_thirty_units_an_hour(world: World) -> None:
    opened, waiting = 0, list[str]()
    for _ in range(10):
        tickets = [(world.tally.join_queue(HOME), HOME) for _ in range(100)]
        world.clock.now += WAIT
        waiting += collect_all(world, tickets)
        views = {
            token: world.opens(token, *(f"{token}-{p}" for p in range(5))) for token in waiting
        }
        opened += sum(views.values())
        waiting = [token for token, count in views.items() if not count]
        world.clock.now += 330
    assert 25 <= opened <= 30


def test_control_with_scripts_the_band_is_wider(world: World) -> None:
    assert sum(world.opens(world.buy(), *(f"{n}-{p}" for p in range(5))) for n in range(20)) == 100


def empty(world: World) -> None:
    """Take all that visitors without scripts can have at once."""
    while not (sale := collect_due(world)).not_before_ms:
        world.opens(sale.token, *range(5))


def collect_due(world: World) -> Sale:
    ticket = world.tally.join_queue(HOME)
    world.clock.now += WAIT
    return world.tally.collect(ticket, HOME)


def test_in_an_empty_band_who_has_waited_gets_a_place_of_their_own(world: World) -> None:
    empty(world)
    ahead = [collect_due(world)]
    with pytest.raises(Queued) as refusal:
        while True:
            ahead.append(collect_due(world))
    starts = [claims_of(sale.token)["nbf"] for sale in ahead]
    assert len(set(starts)) == len(starts), "nobody shares a place"
    assert all(0 < sale.not_before_ms <= 600_000 for sale in ahead)
    assert refusal.value.opens_in == refusal.value.retry_after + 600
    for sale, start in zip(ahead, starts, strict=True):
        world.clock.now = max(world.clock.now, start + KEPT)
        assert world.opens(sale.token, "late") == 1, "two minutes late it is still theirs"


def test_what_is_foreseen_is_what_comes(world: World) -> None:
    assert world.tally.foresee_wait(HOME) == 0
    empty(world)
    foreseen = world.tally.foresee_wait(HOME)
    before = level(world, HOME)
    assert 60 < foreseen <= 600
    assert level(world, HOME) == before, "nothing is taken"
    ticket = world.tally.join_queue(HOME)
    world.clock.now += WAIT
    got = world.tally.collect(ticket, HOME).not_before_ms / 1000 + WAIT
    assert got == pytest.approx(foreseen, abs=1)


def test_a_ticket_for_later_is_kept_for_two_minutes_and_outlives_no_key(world: World) -> None:
    for wait, due in ((0, WAIT), (200, 200), (10_000, LONGEST_WAIT)):
        ticket = world.tally.join_queue(HOME, wait=wait)
        world.clock.now += due - 1
        with pytest.raises(TooEarly):
            world.tally.collect(ticket, HOME)
        world.clock.now += KEPT
        assert world.tally.collect(ticket, HOME).budget == 5
    assert LONGEST_WAIT + KEPT + LEEWAY <= CHALLENGE_KEPT


def test_waiting_counts_for_the_networks_band(world: World) -> None:
    before = level(world, HOME)
    ticket = world.tally.join_queue(HOME)
    world.clock.now += WAIT
    world.tally.collect(ticket, HOME)
    assert all(now > then for now, then in zip(level(world, HOME), before, strict=True))


# A thousand sales say nothing of Redis that a hundred do not.
@pytest.mark.parametrize("world", ["memory", "sqlite"], indirect=True)
def test_tickets_of_a_thousand_networks_read_from_one_open_its_band(world: World) -> None:
    networks = [at(number) for number in range(1000)]
    tickets = [(world.tally.join_queue(client), client) for client in networks]
    world.clock.now += WAIT
    tokens = collect_all(world, tickets)
    assert len(tokens) == 1000
    reader = Client(ip_address("203.0.113.5"))
    opened = sum(
        world.opens(token, *(f"{n}-{p}" for p in range(5)), client=reader)
        for n, token in enumerate(tokens)
    )
    assert opened == 300


# -- as a browser without scripts sees it


@pytest.fixture
def browser(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(contact="mailto:office@people.example").test_client()


def clock_of(browser: FlaskClient) -> list[float]:
    """The gate's clock, in the tests' hands."""
    clock = [1_800_000_000.0]
    tally = browser.application.extensions[EXTENSION]
    for part in (tally, tally._waiter, tally._admitter, tally._seller._spender):
        part._clock = lambda: clock[0]
    return clock


def test_the_interstitial_leads_to_the_queue_and_on_to_the_page(browser: FlaskClient) -> None:
    clock = clock_of(browser)
    first = browser.get("/people/ada?tab=work&x=%C3%A9")
    [url] = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', first.text)
    joined = browser.get(url.replace("&amp;", "&"))
    assert joined.status_code == 429
    assert "opens in 30 seconds" in joined.text
    assert "mailto:office@people.example" in joined.text
    assert joined.headers["Cache-Control"] == "no-store"
    seconds, again = joined.headers["Refresh"].split("; url=")
    assert seconds == "30"
    early = browser.get(again)
    assert early.status_code == 429
    assert "Set-Cookie" not in early.headers, "the place is kept"
    clock[0] += 30
    onwards = browser.get(again)
    seconds, wanted = onwards.headers["Refresh"].split("; url=")
    assert (onwards.status_code, seconds, wanted) == (200, "0", "/people/ada?tab=work&x=%C3%A9")
    assert 'href="/people/ada?tab=work&amp;x=%C3%A9"' in onwards.text
    assert browser.get(wanted).text == "the secret of ada"
    assert browser.get(again).headers["Refresh"].startswith("0;"), "who has units goes on"
    for name in range(40):
        browser.get(f"/people/{name}")
    anew = browser.get(url.replace("&amp;", "&"))
    assert not anew.headers["Refresh"].startswith("0;"), "who has none waits"


def test_without_cookies_it_says_so_and_ends(browser: FlaskClient) -> None:
    url = "/challenge/v1/wait?to=/people/ada"
    stranger = browser.application.test_client(use_cookies=False)
    again = stranger.get(url).headers["Refresh"].split("; url=")[1]
    ended = stranger.get(again)
    assert ended.status_code == 403
    assert "cookie" in ended.text
    assert "Refresh" not in ended.headers


@pytest.mark.parametrize(
    "wanted",
    ["", "people", "//attacker.example", "/\\attacker.example", "https://attacker.example",
     "javascript:alert(1)", "/a\r\nSet-Cookie: x", "/a b", "/é", "/" + "a" * 2100, "/\t/x",
     "/%0d%0a" + "\n", "///x", "\\\\x", " /x"],
)  # fmt: skip
def test_it_leads_nowhere_else(browser: FlaskClient, wanted: str) -> None:
    answer = browser.get("/challenge/v1/wait", query_string={"to": wanted})
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "Refresh" not in answer.headers


def test_every_refusal_has_the_contact(browser: FlaskClient) -> None:
    assert "mailto:office@people.example" in browser.get("/people/ada").text


def refresh(answer: TestResponse) -> tuple[int, str]:
    """When a page opens another one by itself, and which."""
    seconds, url = answer.headers["Refresh"].split("; url=")
    assert answer.headers.get("Retry-After", seconds) == seconds
    return int(seconds), url


URL = "/challenge/v1/wait?to=/people/ada"


@pytest.mark.parametrize("late", [0, KEPT])
def test_in_an_empty_band_it_says_when_and_keeps_the_place(browser: FlaskClient, late: int) -> None:
    clock = clock_of(browser)
    while True:
        other = browser.application.test_client()
        other.get(URL)
        clock[0] += WAIT
        if other.get(f"{URL}&joined=1").status_code == 429:
            break
    joined = browser.get(URL)
    [minutes] = re.findall(r"in about (\d+) minutes", joined.text)
    seconds, again = refresh(joined)
    assert seconds == WAIT
    clock[0] += WAIT
    placed = browser.get(again)
    seconds, wanted = refresh(placed)
    assert (placed.status_code, wanted) == (429, "/people/ada")
    assert "has its place in the queue" in placed.text
    assert 0 <= int(minutes) * 60 - (seconds + WAIT) < 60, "what was said first was true"
    clock[0] += seconds - 2
    early = browser.get(wanted)
    assert early.status_code == 429
    assert "Yours opens in about 3 seconds." in early.text
    assert refresh(browser.get(URL)) == (3, wanted), "who waits already gets no second place"
    clock[0] += 2 + late
    assert browser.get(wanted).text == "the secret of ada"


def test_beyond_the_backlog_it_goes_on_by_itself_until_it_opens(browser: FlaskClient) -> None:
    clock = clock_of(browser)
    for number in range(12):
        other = browser.application.test_client()
        other.get(URL.replace("ada", str(number)))
        clock[0] += WAIT
        other.get(f"{URL}&joined=1")
        clock[0] -= WAIT - 1
    answer, begun, said = browser.get(URL), clock[0], []
    while answer.status_code == 429:
        said += [60 * int(minutes) for minutes in re.findall(r"about (\d+) minutes", answer.text)]
        seconds, url = refresh(answer)
        clock[0] += seconds
        answer = browser.get(url)
    assert answer.text == "the secret of ada"
    assert said[0] > 600
    assert 0 <= said[0] - (clock[0] - begun) < 60

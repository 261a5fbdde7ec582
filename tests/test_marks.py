"""Marks by rule: a flag for who sends junk, a ban for who goes on, and nobody else is touched."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from challenge.core.classes import Shared
from challenge.core.models import Client, Lane
from challenge.errors import Banned, ChallengeError, Queued, StoreUnavailable
from challenge.stores import Store
from challenge.stores.base import Ban
from challenge.tally import bans
from challenge.tally.marks import BAN_SECONDS, FLAG_SECONDS, PATIENCE_SECONDS, Marks
from challenge.wire import Ask

from .test_selling import Key, at
from .test_tally import HOME, World, body_of, configure

BURST = 10
ELSEWHERE = Client(ip_address("192.0.2.8"))
SIX = Client(ip_address("2001:db8:1:2::7"))
CAMPUS = Client(ip_address("198.51.100.9"))
ALLOWED = Client(ip_address("203.0.113.5"))


def make(store: Any, **settings: Any) -> World:
    return World(
        store,
        price_ms=1,
        failure_burst=BURST,
        quote_lifetime=600,
        shared_networks=(Shared(ip_network("198.51.100.0/24"), 2),),
        allowed_networks=(ip_network("203.0.113.0/24"),),
        **settings,
    )


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    return make(open_store(request.param))


def sends_junk(world: World, client: Client = HOME, times: int = 5 * BURST) -> None:
    """Wrong redemptions, and some more than the network has a budget of."""
    for _ in range(times):
        with pytest.raises(ChallengeError):
            world.redeem(b"{}", client)


def goes_on(world: World, client: Client = HOME) -> None:
    sends_junk(world, client)
    world.clock.now += PATIENCE_SECONDS
    sends_junk(world, client)
    # The budget of wrong redemptions comes back meanwhile; the ban stays.
    world.clock.now += 400


def refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except Banned:
        return True
    return False


def lane_sold(world: World, client: Client, clearance: str | None = None) -> Lane:
    """The lane that a challenge is quoted for."""
    challenge = world.ask(clearance, client=client).challenge
    read = world.tally._tokens.read_challenge
    return read(challenge, world.clock.now, buys="clearance").lane


def marks(world: World) -> set[tuple[str, str]]:
    return {(ban.effect, ban.origin) for ban in world.tally.bans.all()}


def test_junk_beyond_the_budget_flags_the_network(world: World) -> None:
    sends_junk(world, times=BURST)
    assert marks(world) == set(), "who stays within it is not"
    sends_junk(world)
    assert marks(world) == {("flag", "failed_checks")}
    world.clock.now += 400
    assert lane_sold(world, HOME) is Lane.FLAGGED
    assert lane_sold(world, ELSEWHERE) is Lane.NEW
    world.clock.now += FLAG_SECONDS
    assert lane_sold(world, HOME) is Lane.NEW


def test_who_is_known_keeps_the_lane(world: World) -> None:
    key = Key()
    token = key.buy(world).token
    world.opens(token, *range(20))
    world.clock.now += PATIENCE_SECONDS
    sends_junk(world)
    world.clock.now += 400
    assert lane_sold(world, HOME, token) is Lane.KNOWN


def test_who_goes_on_is_banned_but_only_from_buying_anew(world: World) -> None:
    key = Key()
    token = key.buy(world).token
    bearer = world.buy()
    world.opens(token, *range(10))
    sold_before = body_of(world.ask())
    goes_on(world)
    assert marks(world) == {("flag", "failed_checks"), ("unproved", "failed_checks")}
    assert refused(world.ask)
    assert refused(lambda: world.ask(bearer)), "who has no key proves nothing"
    assert refused(lambda: world.redeem(sold_before)), "asked before, redeemed now"
    assert refused(lambda: world.tally.quote(Ask("", "form", "/", 1, "response"), None, HOME))
    assert refused(lambda: world.tally.join_queue(HOME))

    assert world.opens(token, *range(20)) == 20, "pages of who was let in open"
    assert world.opens(bearer, *range(20)) == 20
    assert key.buy(world, token).budget == 20, "and who proves the key reads on"
    assert not refused(lambda: world.ask(client=ELSEWHERE)), "others do not notice"


def test_control_without_the_rule_nobody_is_marked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Marks, "_put", lambda *_: None)
    goes_on(world)
    assert marks(world) == set()
    assert not refused(world.ask)
    assert lane_sold(world, HOME) is Lane.NEW


def test_a_stolen_key_of_ones_own_is_no_way_round(world: World) -> None:
    """A first sale that shows a key has no record that the key could prove."""
    body = Key().body(world.ask())
    goes_on(world)
    assert refused(lambda: world.redeem(body))


def test_a_ban_ends(world: World) -> None:
    goes_on(world)
    [ban] = [ban for ban in world.tally.bans.all() if ban.effect == "unproved"]
    assert ban.expires - ban.since == BAN_SECONDS <= 3600
    assert ban.reason
    world.clock.now = ban.expires - 1
    assert refused(world.ask)
    world.clock.now = ban.expires
    assert not refused(world.ask)


def test_one_burst_is_no_going_on(world: World) -> None:
    sends_junk(world)
    world.clock.now += PATIENCE_SECONDS - 1
    sends_junk(world)
    assert marks(world) == {("flag", "failed_checks")}


@pytest.mark.parametrize(
    "client", [CAMPUS, ALLOWED, replace(HOME, multiplier=20)], ids=["shared", "allowed", "proxy"]
)
def test_a_network_that_many_share_is_never_marked(world: World, client: Client) -> None:
    for _ in range(20):
        goes_on(world, client)
    assert marks(world) == set()
    assert not refused(lambda: world.ask(client=client))


def test_a_site_of_ipv6_is_marked_as_a_64(world: World) -> None:
    goes_on(world, SIX)
    assert {(ban.version, ban.length) for ban in world.tally.bans.all()} == {(6, 64)}
    assert refused(lambda: world.ask(client=Client(ip_address("2001:db8:1:2:ffff::1"))))
    assert not refused(lambda: world.ask(client=Client(ip_address("2001:db8:1:3::7"))))


def test_an_operator_lifts_what_a_rule_did(world: World) -> None:
    goes_on(world)
    assert world.tally.bans.lift(ip_network("192.0.2.7/32"))
    world.clock.now += bans.REFRESH_SECONDS
    assert marks(world) == set()
    assert not refused(world.ask)


def test_a_mark_does_not_replace_an_operators_ban(world: World) -> None:
    network = ip_network("192.0.2.7/32")
    world.tally.bans.add(network, reason="by hand", origin="operator", hours=100)
    goes_on(world)
    assert ("all", "operator") in marks(world)
    world.clock.now += FLAG_SECONDS
    assert marks(world) == {("all", "operator")}


def test_rules_leave_room_for_the_operator(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "MARKS_MAX", 2)
    for host in range(10, 15):
        sends_junk(world, Client(ip_address(f"192.0.2.{host}")))
        world.clock.now += 2
    assert len(world.tally.bans.all()) == 2
    world.tally.bans.add(ip_network("192.0.2.99/32"), reason="r", origin="operator", hours=1)
    assert len(world.tally.bans.all()) == 3


def test_a_flood_costs_the_store_a_mark_a_second(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Ban] = []

    def fails(ban: Ban, **_: Any) -> None:
        asked.append(ban)
        raise StoreUnavailable("out of order")

    monkeypatch.setattr(world.store, "ban", fails)
    sends_junk(world, times=500)
    assert len(asked) == 1
    world.clock.now += 1
    sends_junk(world, times=500)
    assert len(asked) == 2


def test_marks_are_logged_with_their_rule_and_without_the_network(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="challenge"):
        goes_on(world)
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "network flagged: /32 for 60 min by rule failed_checks",
        "new visitors banned: /32 for 30 min by rule failed_checks",
    ]


def alternating(world: World) -> str:
    """A bearer's clearance that is flagged."""
    wifi, mobile = at(1), at(2)
    token = world.buy(client=wifi)
    for number in range(6):
        world.opens(token, "one", client=(wifi, mobile)[number % 2])
    return token


def test_an_empty_flagged_lane_flags_the_network(world: World) -> None:
    configure(world, band_burst=300, ramp=(5,))
    tokens = [alternating(world) for _ in range(5)]
    with pytest.raises(Queued):
        for token in tokens * 10:
            assert marks(world) == set()
            world.redeem(body_of(world.ask(token)), at(1))
    assert marks(world) == {("flag", "flagged_lane")}
    assert lane_sold(world, at(1)) is Lane.FLAGGED
    assert lane_sold(world, at(2)) is Lane.NEW


def test_control_a_lane_of_new_visitors_that_is_empty_flags_nobody(world: World) -> None:
    configure(world, band_burst=300, ramp=(5,))
    with pytest.raises(Queued):
        for _ in range(200):
            world.buy(client=at(1))
    assert marks(world) == set()

"""Lanes, accounts and classes of networks, as sales and views meet them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from challenge.core.classes import Shared
from challenge.core.lanes import KNOWN_AFTER
from challenge.core.models import Client, Lane
from challenge.errors import ChallengeError, ClearanceRequired
from challenge.stores import Store

from .test_selling import DAY, RAMP, Key, at, buy_out
from .test_tally import HOME, World, body_of

HOUR = 3600
CARRIER = ip_network("100.64.0.0/10")
RENTED = ip_network("198.51.100.0/22", strict=False)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    return World(
        open_store(request.param),
        ramp=RAMP,
        band_burst=300,
        shared_networks=(Shared(CARRIER, 5),),
        hosting_networks=(RENTED,),
    )


@pytest.fixture
def key() -> Key:
    return Key()


def quoted(world: World, clearance: str | None) -> Lane:
    challenge = world.ask(clearance).challenge
    read = world.tally._tokens.read_challenge
    return read(challenge, world.clock.now, buys="clearance").lane


def known(world: World, key: Key, client: Client = HOME) -> str:
    """A clearance that the next sale is known by."""
    token = key.buy(world, client=client).token
    world.opens(token, 1, 2, 3, client=client)
    world.clock.now += KNOWN_AFTER
    return token


# -- lanes


def test_the_known_buy_where_new_visitors_have_taken_all_they_can(world: World, key: Key) -> None:
    token = known(world, key)
    assert buy_out(world, HOME) in (130, 135)
    assert quoted(world, token) is Lane.KNOWN
    sale = key.buy(world, token)
    assert (sale.budget, sale.not_before_ms) == (10, 0)


def test_control_without_lanes_they_cannot(world: World, key: Key) -> None:
    world.tally._books._settings = replace(world.tally.settings, lanes=())
    token = known(world, key)
    buy_out(world, HOME)
    assert key.buy(world, token).budget == 1, "one, for later"


def test_who_proves_no_key_is_new(world: World) -> None:
    """However long a bearer has read."""
    token = world.buy()
    world.opens(token, 1, 2, 3)
    world.clock.now += KNOWN_AFTER
    assert quoted(world, token) is Lane.NEW
    buy_out(world, HOME)
    assert world.redeem(body_of(world.ask(token))).budget == 1, "one, for later"


def test_the_known_move_to_where_new_visitors_have_taken_all_they_can(
    world: World, key: Key
) -> None:
    token = known(world, key, at(1))
    newcomer = world.buy(client=at(1))
    buy_out(world, at(2))
    assert world.opens(token, 4, 5, client=at(2)) == 2
    assert world.opens(newcomer, 4, 5, client=at(2)) == 0, "the control: who is new waits there"


def test_a_quote_as_known_is_not_believed_without_a_record(
    world: World, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("challenge.tally.quoting.lane_of", lambda *_, **__: Lane.KNOWN)
    assert quoted(world, None) is Lane.KNOWN
    assert buy_out(world, HOME) == 135


def test_asking_changes_nothing_in_the_store(
    world: World, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = known(world, key)
    for verb in ("reserve", "release", "spend", "open", "move", "top_up", "charge", "refund"):
        monkeypatch.setattr(world.store, verb, None)
    assert world.ask(token).budget == 10
    with pytest.raises(TypeError):
        key.buy(world, token)


def test_a_new_days_key_is_no_new_lane(world: World, key: Key) -> None:
    world.clock.now = (world.clock.now // DAY + 1) * DAY - 120
    token = known(world, key)
    assert buy_out(world, HOME) == 130
    world.clock.now += 120
    assert buy_out(world, HOME) <= 2, "what the lane had used is carried over"
    sale = key.buy(world, token)
    assert (sale.budget, sale.not_before_ms) == (5, 0), "and the other's guarantee too"


# -- accounts


def account(name: str, number: int = 0, created: float | None = None) -> Client:
    return Client(at(number).address, account=name, account_created=created)


def test_an_account_has_sixty_an_hour_and_two_hundred_a_day(world: World) -> None:
    hours = []
    for number in range(24):
        # Each hour from another network.
        hours.append(buy_out(world, account("ada", number)))
        world.clock.now += HOUR / 2
        hours[-1] += buy_out(world, account("ada", number))
        world.clock.now += HOUR / 2
    assert 40 <= hours[0] <= 60
    assert max(hours) <= 60
    # What was sold for later is not counted here.
    assert 150 <= sum(hours) <= 200


def test_an_account_of_today_has_half_and_one_of_no_age_all(world: World) -> None:
    now = world.clock.now
    assert buy_out(world, account("young", created=now - DAY + 60)) == 15
    assert buy_out(world, account("old", created=now - DAY)) == 30
    assert buy_out(world, account("ageless")) == 30


def test_accounts_have_a_band_of_the_networks_size_beside_it(world: World) -> None:
    signed_in = sum(buy_out(world, account(f"user-{number}")) for number in range(20))
    assert 130 <= signed_in <= 135
    assert buy_out(world, at(0)) == 135


# -- classes of networks


def test_a_listed_network_is_one_however_many_prefixes(world: World, key: Key) -> None:
    here, there = (Client(ip_address(f"100.{second}.7.1")) for second in (64, 100))
    assert buy_out(world, here) + buy_out(world, there) == 5 * 135
    sale = key.buy(world, client=Client(ip_address("192.0.2.9")))
    homes = 0
    for number in range(5):
        client = Client(ip_address(f"100.{64 + number}.7.1"))
        homes += world.opens(sale.token, number, client=client)
    record = world.tally._books.record(
        world.tally._tokens.read_clearance(sale.token, world.clock.now).visitor, world.clock.now
    )
    assert record is not None
    assert len(record.homes) <= 2
    assert homes in (0, 5)


def test_hosting_has_a_tenth(world: World) -> None:
    assert buy_out(world, Client(ip_address("198.51.101.7"))) == 13
    assert buy_out(world, Client(ip_address("203.0.113.7"))) == 135


def test_nobody_waits_for_what_other_networks_buy(world: World) -> None:
    before = world.ask()
    buy_out(world, at(1))
    after = world.ask()
    assert (before.puzzle, before.wait_ms) == (after.puzzle, after.wait_ms)
    assert buy_out(world, at(2)) == 135


# -- alternation

WIFI, MOBILE = at(1), at(2)


def hops(world: World, token: str, seconds: float, times: int, *clients: Client) -> list[str]:
    """Read a new profile every so often, from one network after the other; codes of refusals."""
    codes = []
    for number in range(times):
        client = clients[number % len(clients)]
        try:
            world.admit(token, f"{world.clock.now}-{number}", client)
        except ClearanceRequired as refusal:
            codes.append(refusal.code)
        world.clock.now += seconds
    return codes


def test_one_clearance_that_jumps_between_networks_must_prove_its_key(
    world: World, key: Key
) -> None:
    token = key.buy(world, key.buy(world, client=WIFI).token, client=WIFI).token
    assert hops(world, token, 5, 6, WIFI, MOBILE) == ["networks_alternate"]
    renewed = key.buy(world, token, client=WIFI).token
    with pytest.raises(ClearanceRequired) as refusal:
        world.admit(token, "another", MOBILE)
    assert refusal.value.code == "clearance_replaced", "the one before has no minute of grace"
    assert world.opens(renewed, "another", client=MOBILE) == 1


def test_control_who_stays_renews_with_a_minute_of_grace(world: World, key: Key) -> None:
    token = key.buy(world, key.buy(world, client=WIFI).token, client=WIFI).token
    assert hops(world, token, 5, 6, WIFI) == []
    key.buy(world, token, client=WIFI)
    assert world.opens(token, "another", client=WIFI) == 1


def test_who_holds_all_it_can_is_not_asked_for_what_it_cannot_buy(world: World, key: Key) -> None:
    token = None
    for _ in range(3):
        token = key.buy(world, token, client=WIFI).token
    world.admit(token, "first", WIFI)
    token = key.buy(world, token, client=WIFI).token
    with pytest.raises(ChallengeError):
        world.ask(token)
    for number in range(8):
        world.opens(token, "first", client=(WIFI, MOBILE)[number % 2])
    assert world.opens(token, "one more", client=WIFI) == 1
    assert hops(world, token, 1, 1, WIFI) == ["networks_alternate"]


@pytest.mark.parametrize(
    "places",
    [("10.0.1.1", "10.0.1.2"), ("100.64.1.1", "100.65.1.1"), ("10.0.1.1", "2001:db8::1"),
     ("2001:db8::1", "2001:db8:0:9::1")],
    ids=["one /24", "one listed network", "v4 and v6", "one /48"],
)  # fmt: skip
def test_what_is_no_alternation(world: World, key: Key, places: tuple[str, str]) -> None:
    clients = [Client(ip_address(place)) for place in places]
    token = key.buy(world, key.buy(world, client=clients[0]).token, client=clients[0]).token
    assert hops(world, token, 5, 12, *clients) == []


def test_a_phone_that_changes_networks_every_five_minutes_reads_for_an_hour(
    world: World, key: Key
) -> None:
    """It solves in the background only, as the client does: at the last unit, or near the end."""
    both = [
        (at(1), Client(ip_address("2001:db8:1::1"))),
        (at(2), Client(ip_address("2001:db8:2::1"))),
    ]
    token, asked = key.buy(world, client=at(1)).token, 0
    for minute in range(60):
        client = both[minute // 5 % 2][minute % 2]
        assert world.opens(token, f"profile-{minute}", client=client) == 1
        holding = world.tally.holding(token)
        assert holding is not None
        if holding.remaining <= 1 or holding.expires_in < 120:
            token, asked = key.buy(world, token, client=client).token, asked + 1
        world.clock.now += 60
    assert asked <= 6


def test_control_one_that_changes_every_minute_is_asked(world: World, key: Key) -> None:
    token = key.buy(world, key.buy(world, client=WIFI).token, client=WIFI).token
    assert "networks_alternate" in hops(world, token, 60, 12, WIFI, MOBILE)


def test_a_bearer_that_alternates_buys_in_the_flagged_lane(world: World) -> None:
    token = world.buy(client=WIFI)
    for number in range(6):
        world.opens(token, "one", client=(WIFI, MOBILE)[number % 2])
    assert quoted(world, token) is Lane.FLAGGED
    again = world.buy(token, WIFI)
    assert quoted(world, again) is Lane.FLAGGED, "a new record does not forget it"
    world.clock.now += HOUR / 6
    assert quoted(world, again) is Lane.NEW

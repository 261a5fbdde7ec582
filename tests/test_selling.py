"""Sales: growing, renewed by key, within the bands of networks, charged where they are read."""

from __future__ import annotations

import base64
from collections.abc import Callable
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from challenge.core import visitors
from challenge.core.bands import Granted
from challenge.core.canonical import canonical
from challenge.core.models import Client, Offer, Sale
from challenge.errors import (
    BudgetFull,
    ClearanceRequired,
    Expired,
    KeyRequired,
    Malformed,
    Queued,
    Spent,
    Stale,
)
from challenge.jose import LEEWAY
from challenge.stores import Store
from challenge.stores.base import TAKEOVER_AFTER
from challenge.stores.memory import MemoryStore
from challenge.tally.selling import KEPT

from .test_tally import HOME, World, begin_epoch, body_of

RAMP = (5, 10, 20)
DAY = 24 * 3600


def at(number: int) -> Client:
    """A client in a /24 of its own."""
    return Client(ip_address(f"10.{number // 256}.{number % 256}.1"))


class Key:
    """A browser key."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        x, y = (b64(value.to_bytes(32)) for value in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def proof(self, challenge: str) -> str:
        message = canonical("challenge/v1/proof", challenge)
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256())))
        return b64(r.to_bytes(32) + s.to_bytes(32))

    def body(self, offer: Offer) -> bytes:
        return body_of(offer, key=self.jwk(), proof=self.proof(offer.challenge))

    def buy(self, world: World, clearance: str | None = None, client: Client = HOME) -> Sale:
        return world.redeem(self.body(world.ask(clearance)), client)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    # Bands without lanes; those are in test_lanes.py.
    return World(open_store(request.param), ramp=RAMP, band_burst=300, lanes=())


@pytest.fixture
def key() -> Key:
    return Key()


# -- growing sales


def test_a_sale_over_the_turn_of_a_second_is_for_now(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = body_of(world.ask())
    world.clock.now += 0.999
    spend = world.store.spend

    def slow(*args: Any, **how: Any) -> Any:
        world.clock.now += 0.5
        return spend(*args, **how | {"now": world.clock.now})

    monkeypatch.setattr(world.store, "spend", slow)
    sale = world.redeem(body)
    assert sale.not_before_ms == 0
    assert world.opens(sale.token, "ada") == 1


def test_sales_grow_for_a_bearer_and_for_a_key(world: World, key: Key) -> None:
    for buy in (world.buy, lambda token=None: key.buy(world, token).token):
        token, sizes, profile = None, [], 0
        for _ in range(4):
            token = buy(token)
            opened = world.opens(token, *range(profile, profile + 25))
            sizes.append(opened)
            profile += 25
        assert sizes == [5, 10, 20, 20]


def test_a_quote_fits_what_the_clearance_can_take(world: World, key: Key) -> None:
    sale = key.buy(world)
    assert (sale.budget, sale.remaining) == (5, 5)
    more = key.buy(world, sale.token)
    assert (more.budget, more.remaining) == (10, 15)
    last = key.buy(world, more.token)
    assert (last.budget, last.remaining) == (5, 20)
    with pytest.raises(BudgetFull):
        world.ask(last.token)
    world.admit(last.token, "ada")
    assert world.ask(last.token).budget == 1


# -- the browser key


def test_a_renewal_keeps_the_visitor_the_rest_and_what_was_opened(world: World, key: Key) -> None:
    first = key.buy(world)
    world.opens(first.token, 1, 2, 3)
    second = key.buy(world, first.token)
    read = world.tally._tokens.read_clearance
    one, two = (read(sale.token, world.clock.now) for sale in (first, second))
    assert one.visitor == two.visitor
    assert one.jti != two.jti
    assert one.thumbprint == two.thumbprint != ""
    assert second.remaining == 2 + 10
    assert world.admit(second.token, 1).remaining == 12


def test_the_clearance_before_has_a_minute(world: World, key: Key) -> None:
    first = key.buy(world)
    key.buy(world, first.token)
    assert world.opens(first.token, 1) == 1
    world.clock.now += visitors.PREVIOUS_GRACE
    with pytest.raises(ClearanceRequired) as refusal:
        world.admit(first.token, 1)
    assert refusal.value.code == "clearance_replaced"


def test_nobody_else_tops_a_record_up(world: World, key: Key) -> None:
    stolen = key.buy(world).token
    thief = Key()
    for body in (body_of(world.ask(stolen)), thief.body(world.ask(stolen))):
        with pytest.raises(KeyRequired) as refusal:
            world.redeem(body)
        assert refusal.value.code == "key_required"
        with pytest.raises(KeyRequired):
            world.redeem(body)
    offer = world.ask(stolen)
    mixed = body_of(offer, key=key.jwk(), proof=thief.proof(offer.challenge))
    with pytest.raises(KeyRequired) as refusal:
        world.redeem(mixed)
    assert refusal.value.code == "proof_invalid"
    assert world.redeem(key.body(offer)).remaining == 15, "nothing was spent"


def test_a_proof_is_for_its_own_challenge(world: World, key: Key) -> None:
    offer, other = world.ask(), world.ask()
    with pytest.raises(KeyRequired):
        world.redeem(body_of(offer, key=key.jwk(), proof=key.proof(other.challenge)))


@pytest.mark.parametrize(
    "change",
    [{"x": "A" * 43}, {"y": "_" * 43}, {"x": "A" * 42}, {"crv": "P-384"}, {"kty": "OKP"},
     {"d": "A" * 43}, {"x": 5}, {"y": "A" * 42 + "B"}],
    ids=str,
)  # fmt: skip
def test_a_key_of_another_form_is_malformed(
    world: World, key: Key, change: dict[str, object]
) -> None:
    offer = world.ask()
    with pytest.raises(Malformed):
        world.redeem(body_of(offer, key=key.jwk() | change, proof=key.proof(offer.challenge)))
    assert world.redeem(key.body(offer)).remaining == 5


@pytest.mark.parametrize("proof", ["", "A" * 85, "A" * 86 + "==", "A" * 88, "*" * 86])
def test_a_proof_of_another_form_is_malformed(world: World, key: Key, proof: str) -> None:
    with pytest.raises((Malformed, KeyRequired)):
        world.redeem(body_of(world.ask(), key=key.jwk(), proof=proof))


def test_key_and_proof_go_together(world: World, key: Key) -> None:
    offer = world.ask()
    for fields in ({"key": key.jwk()}, {"proof": key.proof(offer.challenge)}):
        with pytest.raises(Malformed):
            world.redeem(body_of(offer, **fields))


def test_an_ended_clearance_is_renewed_by_its_key_for_a_day(world: World, key: Key) -> None:
    first = key.buy(world)
    world.opens(first.token, 1, 2)
    world.clock.now += 1800 + DAY
    with pytest.raises(Expired):
        world.admit(first.token, 1)
    again = key.buy(world, first.token)
    # Three units were left, and are gone; a day without a sale begins at five again.
    assert again.remaining == 5
    assert world.admit(again.token, 1).remaining == 5, "what was opened stays open"


def test_later_than_that_it_is_a_new_visitor(world: World, key: Key) -> None:
    first = key.buy(world)
    world.opens(first.token, 1)
    world.clock.now += 1800 + LEEWAY + DAY
    again = key.buy(world, first.token)
    assert again.remaining == 5
    assert world.admit(again.token, 1).remaining == 4


def test_an_ended_bearer_clearance_is_nobodys(world: World) -> None:
    token = world.buy()
    world.opens(token, 1)
    world.clock.now += 1800
    again = world.redeem(body_of(world.ask(token)))
    assert again.remaining == 5
    assert world.admit(again.token, 1).remaining == 4


def test_two_renewals_of_one_quote_are_one(world: World, key: Key) -> None:
    first = key.buy(world)
    one, two = (key.body(world.ask(first.token)) for _ in range(2))
    assert world.redeem(one).remaining == 15
    with pytest.raises(Stale):
        world.redeem(two)
    again = world.redeem(one)
    assert again.remaining == 15, "the same body, the same answer"


def test_a_stale_top_up_puts_its_units_back(
    world: World, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = key.buy(world)
    body = key.body(world.ask(first.token))
    real = type(world.store).top_up
    monkeypatch.setattr(world.store, "top_up", lambda *_, **__: False)
    before = level(world, HOME)
    for _ in range(2):
        with pytest.raises(Stale):
            world.redeem(body)
    assert level(world, HOME) == before
    monkeypatch.setattr(world.store, "top_up", real.__get__(world.store))
    assert key.buy(world, first.token).remaining == 15


def test_a_winner_that_died_after_the_top_up_gives_the_same_token(
    world: World, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = key.buy(world)
    body = key.body(world.ask(first.token))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(world.store, "settle", die)
        world.redeem(body)
    used = level(world, HOME)
    world.clock.now += TAKEOVER_AFTER
    sale = world.redeem(body)
    assert sale.remaining == 15
    assert level(world, HOME) == used, "the band was charged once"
    assert world.redeem(body).token == sale.token


def refuse_slowly(world: World, monkeypatch: pytest.MonkeyPatch, body: bytes) -> Sale:
    """A winner finds its address's band empty, sleeps, and wakes when another worker has sold."""
    real, taken = world.store.reserve, list[Sale]()

    def slow(key: bytes, *rest: Any, **how: Any) -> Granted:
        # The wider network's band comes first.
        if key == address_key and not taken:
            world.clock.now += TAKEOVER_AFTER
            monkeypatch.setattr(world.store, "reserve", real)
            taken.append(world.redeem(body))
            return Granted(0, 0, retry_ms=1000)
        return real(key, *rest, **how)

    *_, (address_key, _, _) = world.tally._books._bands(HOME, world.clock.now)
    monkeypatch.setattr(world.store, "reserve", slow)
    with pytest.raises(Queued):
        world.redeem(body)
    return taken[0]


def test_a_slow_winner_that_was_taken_over_takes_nothing_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = body_of(world.ask())
    sale = refuse_slowly(world, monkeypatch, body)
    assert sale.remaining == 5
    with pytest.raises(Spent):
        world.redeem(body + b" ")
    assert world.redeem(body).token == sale.token
    assert all(level(world, HOME)), "both bands are charged for what was sold"


def test_control_a_reservation_of_nobody_in_particular_is_put_back_under_the_seller(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.tally._books, "_random", lambda count: b"n" * count)
    refuse_slowly(world, monkeypatch, body_of(world.ask()))
    wide, narrow = level(world, HOME)
    assert wide < world.clock.now * 1000 < narrow


# -- bands


def level(world: World, client: Client) -> list[int]:
    now = world.clock.now
    return [world.store.levels(key).band for key, _, _ in world.tally._books._bands(client, now)]


def buy_out(world: World, client: Client, limit: int = 1000) -> int:
    """Buy as a new visitor until the network gives no more; how many units that were."""
    bought = 0
    while bought < limit:
        offer = world.ask()
        try:
            sale = world.redeem(body_of(offer), client)
        except Queued as refusal:
            assert refusal.code == "network_busy"
            return bought
        if sale.not_before_ms:
            return bought
        bought += sale.budget
    return bought


def test_an_address_has_its_burst_and_its_rate(world: World) -> None:
    assert buy_out(world, HOME) == 300
    world.clock.now += 3600
    # Eight more were sold for later before the band refused: the backlog of ten minutes.
    assert 38 <= buy_out(world, HOME) <= 48


def test_control_another_address_has_its_own(world: World) -> None:
    assert buy_out(world, HOME) == 300
    assert buy_out(world, at(1)) == 300


def test_a_wider_network_has_three_times_that(world: World) -> None:
    sold = [buy_out(world, Client(ip_address(f"192.0.2.{host}"))) for host in range(1, 6)]
    # Each address was sold a little for later too, before it was refused.
    assert sold[:2] == [300, 300]
    assert 290 <= sold[2] <= 300
    assert sold[3:] == [0, 0]
    assert buy_out(world, Client(ip_address("192.0.3.1"))) == 300


def test_a_v6_site_has_three_times_that_and_a_56_one(world: World) -> None:
    def sold(text: str) -> int:
        return buy_out(world, Client(ip_address(text)))

    assert sold("2001:db8:0:1::1") == 300
    assert sold("2001:db8:0:1:ffff::1") == 0, "the same /64"
    assert sold("2001:db8:0:2::1") == 0, "the same /56"
    assert sold("2001:db8:0:100::1") == 300, "the same /48"
    assert sold("2001:db8:1:1::1") == 300


def test_a_refusal_leaves_the_wider_bands_as_they_were(world: World) -> None:
    buy_out(world, HOME)
    while True:
        body = body_of(world.ask())
        before = level(world, HOME)
        try:
            world.redeem(body)
        except Queued:
            break
    assert level(world, HOME) == before
    assert refusal_of(world, body) > 0
    world.clock.now += refusal_of(world, body)
    sale = world.redeem(body)
    assert sale.budget == 1, "the same body, once there is something to sell"


def refusal_of(world: World, body: bytes) -> int:
    with pytest.raises(Queued) as refusal:
        world.redeem(body)
    assert refusal.value.code == "network_busy"
    return refusal.value.retry_after


def test_a_late_slot_is_honoured_whichever_token_is_shown(world: World, key: Key) -> None:
    holder = key.buy(world)
    world.opens(holder.token, 1, 2, 3)
    buy_out(world, HOME, limit=295)
    assert buy_out(world, HOME) in (0, 5)
    sale = key.buy(world, holder.token)
    assert sale.budget == 1
    assert world.opens(sale.token, 4, 5) == 2, "owned units stay usable"
    with pytest.raises(Queued) as refusal:
        world.admit(sale.token, 6)
    assert 0 < refusal.value.retry_after <= 600
    with pytest.raises(Queued):
        world.admit(holder.token, 6)
    world.clock.now += refusal.value.retry_after
    assert world.opens(sale.token, 6) == 1


def test_a_first_sale_with_a_late_slot_waits_in_the_token(world: World) -> None:
    buy_out(world, HOME, limit=300)
    sale = world.redeem(body_of(world.ask()))
    while not sale.not_before_ms:
        sale = world.redeem(body_of(world.ask()))
    with pytest.raises(Queued) as refusal:
        world.admit(sale.token, "ada")
    assert refusal.value.code == "too_early"
    world.clock.now += refusal.value.retry_after
    assert world.opens(sale.token, "ada") == 1


@pytest.mark.parametrize("lifetime", [60, 120, 300, 1800])
def test_a_place_is_kept_for_two_minutes(lifetime: int) -> None:
    world = World(MemoryStore(), band_burst=20, band_per_hour=600, lifetime=lifetime)
    sales = []
    with pytest.raises(Queued) as refusal:
        while True:
            sales.append(world.redeem(body_of(world.ask())))
    waits = [sale.not_before_ms for sale in sales]
    assert bool(waits[-1]) is (lifetime > 120)
    assert waits[-1] <= 600_000
    assert refusal.value.opens_in - refusal.value.retry_after == pytest.approx(
        min(600, max(0, lifetime - KEPT)), abs=1
    )
    if waits[-1]:
        world.clock.now += waits[-1] / 1000 + KEPT - 1
        assert world.opens(sales[-1].token, "ada") == 1


def test_control_a_place_is_not_kept_for_ever() -> None:
    world = World(MemoryStore(), band_burst=20, band_per_hour=600, lifetime=300)
    while not (sale := world.redeem(body_of(world.ask()))).not_before_ms:
        continue
    world.clock.now += 300 + LEEWAY
    with pytest.raises(Expired):
        world.admit(sale.token, "ada")


def test_a_refusal_foretells_by_the_band_that_is_empty_for_longest(world: World) -> None:
    for hour in range(6):
        world.clock.now += 3600
        buy_out(world, Client(at(hour).address, account="ada"))
    for other in range(20):
        buy_out(world, Client(HOME.address, account=f"{other}"))
    with pytest.raises(Queued) as refusal:
        world.redeem(body_of(world.ask()), Client(HOME.address, account="ada"))
    told = refusal.value
    # The network, which refuses first, has a unit within minutes; ada's day has three an hour.
    assert told.opens_in > 900
    world.clock.now += told.retry_after
    sale = world.redeem(body_of(world.ask()), Client(at(9).address, account="ada"))
    assert 590 <= sale.not_before_ms / 1000 <= 600


def test_bands_go_on_over_midnight(world: World) -> None:
    world.clock.now = (world.clock.now // DAY + 1) * DAY - 60
    assert buy_out(world, HOME) == 300
    world.clock.now += 120
    assert buy_out(world, HOME) <= 2, "a new day's key is no new band"


def test_an_account_has_a_band_wherever_it_buys(world: World) -> None:
    sold = sum(buy_out(world, Client(at(number).address, account="ada")) for number in range(10))
    assert sold == 30
    assert buy_out(world, Client(at(11).address, account="bob")) == 30
    assert buy_out(world, at(0)) == 300, "who is not signed in has a band of its own"


# -- homes


def test_a_stolen_cookie_on_fifty_networks_opens_what_was_left(world: World, key: Key) -> None:
    token = key.buy(world, key.buy(world).token).token
    opened = sum(world.opens(token, f"profile-{number}", client=at(number)) for number in range(50))
    assert opened == 15


def test_clearances_of_a_hundred_networks_open_one_networks_band_in_one(world: World) -> None:
    tokens = [world.buy(client=at(number)) for number in range(100)]
    reader = Client(ip_address("203.0.113.5"))
    opened = sum(
        world.opens(token, *(f"{number}-{p}" for p in range(5)), client=reader)
        for number, token in enumerate(tokens)
    )
    assert opened == 300
    with pytest.raises(Queued) as refusal:
        world.admit(tokens[-1], "one more", reader)
    assert refusal.value.code == "network_busy"
    assert world.opens(tokens[-1], "at home", client=at(99)) == 1


def test_control_without_homes_all_of_them_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.tally._books, "home", lambda *_: (b"one home", b"oneplace"))
    tokens = [world.buy(client=at(number)) for number in range(100)]
    reader = Client(ip_address("203.0.113.5"))
    opened = sum(
        world.opens(token, *(f"{number}-{p}" for p in range(5)), client=reader)
        for number, token in enumerate(tokens)
    )
    assert opened == 500


def test_a_moved_reader_goes_on_without_a_challenge(world: World) -> None:
    token = world.buy()
    train = at(7)
    assert world.opens(token, 1, 2, client=train) == 2
    assert world.opens(token, 3, client=HOME) == 1
    assert world.opens(token, 4, 5, 6, client=train) == 2


# -- what a visitor has, and epochs


def test_what_a_visitor_has(world: World) -> None:
    assert world.tally.holding(None) is None
    assert world.tally.holding("nonsense") is None
    token = world.buy()
    world.admit(token, "ada")
    holding = world.tally.holding(token)
    assert holding is not None
    assert (holding.remaining, holding.budget, holding.not_before_ms) == (4, 5, 0)
    assert holding.expires_in == 1800
    world.clock.now += 1800 + LEEWAY
    assert world.tally.holding(token) is None


def test_a_new_epoch_asks_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token, body = world.buy(), body_of(world.ask())
    world.opens(token, 1)
    begin_epoch(world.store, monkeypatch)
    with pytest.raises(Expired) as refusal:
        world.admit(token, 1)
    assert refusal.value.code == "store_changed"
    with pytest.raises(Expired) as refusal:
        world.redeem(body)
    assert refusal.value.code == "store_changed"
    assert world.tally.holding(token) is None
    assert world.opens(world.buy(token), 2) == 1


# -- refunds and classes


def test_a_refund_is_for_the_request_that_paid(world: World) -> None:
    token = world.buy()
    paid = world.admit(token, "nobody")
    assert paid.remaining == 4
    assert world.tally.refund(paid)
    assert not world.tally.refund(paid)
    assert world.admit(token, "ada").remaining == 4
    shown = world.admit(token, "bob")
    world.admit(token, "bob")
    assert not world.tally.refund(shown), "another request was served on that charge"
    revisit = world.admit(token, "bob")
    assert not world.tally.refund(revisit)


def test_a_sensitive_page_costs_four(world: World) -> None:
    token = world.buy()
    assert world.admit(token, "ada").remaining == 4
    assert world.admit(token, "ada", sensitivity="high").remaining == 1
    with pytest.raises(ClearanceRequired) as refusal:
        world.admit(token, "bob", sensitivity="high")
    assert refusal.value.code == "budget_spent"
    assert world.admit(token, "bob").remaining == 0


def test_a_bearer_waits_for_all_the_units_of_a_sensitive_page(world: World) -> None:
    buy_out(world, HOME)
    sale = world.redeem(body_of(world.ask(units=4)))
    assert sale.budget == 4
    world.clock.now += sale.not_before_ms / 1000
    assert world.admit(sale.token, "ada", sensitivity="high").remaining == 0


def test_control_who_says_nothing_gets_what_is_there(world: World) -> None:
    buy_out(world, HOME)
    assert world.redeem(body_of(world.ask())).budget == 1


def test_a_renewal_waits_for_the_missing_units_only(world: World, key: Key) -> None:
    first = key.buy(world)
    world.opens(first.token, 1, 2)
    buy_out(world, HOME)
    sale = world.redeem(key.body(world.ask(first.token, units=4)))
    assert (sale.budget, sale.remaining) == (1, 4)


def test_asking_for_many_units_buys_no_more_of_them(world: World) -> None:
    assert world.redeem(body_of(world.ask(units=1000))).budget == 5


def test_profiles_are_texts_of_their_own(world: World) -> None:
    token = world.buy()
    names: list[Any] = ["1", "01", "1 ", "１"]
    assert [world.admit(token, name).remaining for name in names] == [4, 3, 2, 1]
    assert world.admit(token, 1).remaining == 1


def test_what_is_fetched_ahead_is_not_charged(world: World) -> None:
    from challenge.errors import NotYet

    token = world.buy()
    with pytest.raises(NotYet):
        world.admit(token, "ada", free_only=True)
    assert world.admit(token, "ada").remaining == 4
    assert world.admit(token, "ada", free_only=True).remaining == 4


def test_parts_are_for_one_visitor_place_and_time(world: World) -> None:
    token, other = world.buy(), world.buy()
    page = world.admit(token, "ada")
    ticket = world.tally.sign_part("photo of ada", page.visitor)
    opens = world.tally.part_opens
    assert opens(ticket, "photo of ada", token)
    assert not opens(ticket, "photo of bob", token)
    assert not opens(ticket, "photo of ada", other)
    assert not opens(ticket, "photo of ada", None)
    ends, _, mac = ticket.partition(".")
    later = str(int(ends) + 1)
    for forged in (f"{later}.{mac}", mac, "", ".", f"{ends}.", f"{ends}.{mac}=", f"٣.{mac}"):
        assert not opens(forged, "photo of ada", token), forged
    world.clock.now += 35 * 60
    assert not opens(ticket, "photo of ada", token)


def test_parts_need_no_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = world.buy()
    ticket = world.tally.sign_part("photo", world.admit(token, "ada").visitor)
    bare = SimpleNamespace(epoch=world.store.epoch)
    monkeypatch.setattr(world.tally._books, "store", bare)
    assert world.tally.part_opens(ticket, "photo", token)

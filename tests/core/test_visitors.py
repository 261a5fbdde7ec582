"""The visitor's record: exact, never more than was sold, and never more than a home paid for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from challenge.core import visitors
from challenge.core.alternating import Trail, Trails
from challenge.core.digests import CHARGED_MAX, DIGEST_BYTES, carried, holds, without
from challenge.core.models import Charge
from challenge.core.purchases import Purchase, first_purchase, top_up
from challenge.core.visitors import (
    HOMES_MAX,
    MOVE_SECONDS,
    MOVES_BURST,
    PREVIOUS_GRACE,
    Charged,
    Home,
    View,
    Visitor,
)
from challenge.stores.records import pack, unpack

NOW = 1_000_000
HERE, THERE = b"home-one", b"home-two"


def digest(number: int) -> bytes:
    return number.to_bytes(DIGEST_BYTES, "big")


def purchase(number: int = 0, **changes: Any) -> Purchase:
    """A sale that the band was charged for as a whole, unless told otherwise."""
    sale = Purchase(
        challenge=digest(number) * 2,
        number=number,
        jti=f"sale-{number}",
        thumbprint="",
        units=5,
        reserved=5,
        start=0,
        at=NOW,
        network=HERE,
        place=HERE,
        version=4,
        ends=NOW + 1800,
        expires=NOW + 1830,
    )
    return replace(sale, **({"reserved": changes.get("units", 5)} | changes))


def visitor(units: int = 5, charged: bytes = b"") -> Visitor:
    return first_purchase(purchase(units=units))._replace(charged=charged)


def view(number: int, units: int = 1, network: bytes = HERE, jti: str = "sale-0") -> View:
    return View(jti, network, network, 4, 20, ((digest(number), units),))


def charge(record: Visitor | None, seen: View, now: float = NOW) -> tuple[Visitor, Charged]:
    after, charged = visitors.charge(record, seen, now)
    assert after is not None or record is None
    return after, charged  # type: ignore[return-value]


@given(st.integers(0, 30), st.lists(st.integers(0, 40), max_size=120))
def test_distinct_profiles_charged_never_exceed_units_sold(sold: int, asked: list[int]) -> None:
    record = visitor(sold)
    opened = set()
    for number in asked:
        record, answer = charge(record, view(number))
        assert (answer.charge is Charge.REVISIT) == (number in opened)
        if answer.charge is Charge.CHARGED:
            opened.add(number)
    assert len(opened) == min(sold, len(set(asked)))
    assert record.left == sold - len(opened)


def test_a_match_across_two_digests_is_no_member() -> None:
    both = digest(0x0102030405060708) + digest(0x1112131415161718)
    straddling = bytes.fromhex("0506070811121314")
    assert straddling in both
    assert not holds(both, straddling)
    assert holds(both, digest(0x1112131415161718))
    wanted = bytes.fromhex("0505050505050505")
    assert holds(bytes.fromhex("0105050505050505") + b"\x05" * 7 + b"\x01" + wanted, wanted)
    assert without(both, digest(0x0102030405060708)) == digest(0x1112131415161718)


def test_refusals() -> None:
    assert charge(None, view(1))[1].charge is Charge.UNKNOWN
    assert charge(visitor(), view(1), NOW + 1830)[1].charge is Charge.UNKNOWN
    assert charge(visitor(), view(1), NOW + 1829)[1].charge is Charge.CHARGED
    assert charge(visitor(), view(1, jti="other"))[1].charge is Charge.REPLACED
    assert charge(visitor(0), view(1))[1].charge is Charge.EMPTY
    assert charge(visitor(3), view(1, units=4))[1].charge is Charge.EMPTY
    assert charge(visitor(0, digest(1)), view(1))[1].charge is Charge.REVISIT


def test_classes_charge_the_difference() -> None:
    low = View("sale-0", HERE, HERE, 4, 20, ((digest(1), 1),))
    high = View("sale-0", HERE, HERE, 4, 20, ((digest(1), 1), (digest(2), 3)))
    record, first = charge(visitor(5), low)
    record, more = charge(record, high)
    assert (first.units, more.units, record.left) == (1, 3, 1)
    assert charge(record, low)[1].charge is Charge.REVISIT
    record, whole = charge(visitor(5), high)
    assert (whole.units, record.left) == (4, 1)
    assert charge(record, low)[1].charge is Charge.REVISIT


def test_the_charged_set_is_bounded_and_keeps_the_newest() -> None:
    many = b"".join(digest(number) for number in range(CHARGED_MAX))
    kept = carried(many, digest(CHARGED_MAX))
    assert len(kept) == CHARGED_MAX * DIGEST_BYTES
    assert not holds(kept, digest(0))
    assert holds(kept, digest(1))
    assert holds(kept, digest(CHARGED_MAX))


# -- refunds


def test_a_refund_gives_back_what_the_request_paid() -> None:
    record, charged = charge(visitor(5), view(1, units=4))
    back, given = visitors.refund(record, charged.paid, charged.units, HERE)
    assert given
    assert back is not None
    assert (back.left, back.charged, back.unconfirmed) == (5, b"", b"")
    again = visitors.refund(back, charged.paid, charged.units, HERE)
    assert again == (back, False), "only once"
    for number in range(5):
        back, answer = charge(back, view(number))
        assert answer.charge is Charge.CHARGED


def test_no_refund_once_another_request_was_served_on_the_charge() -> None:
    record, charged = charge(visitor(5), view(1))
    record, again = charge(record, view(1))
    assert again.charge is Charge.REVISIT
    assert visitors.refund(record, charged.paid, charged.units, HERE) == (record, False)
    other, later = charge(record, view(2))
    assert visitors.refund(other, later.paid, later.units, HERE)[1], (
        "another profile's charge is its own"
    )


# -- sales


def test_a_top_up_adds_once_and_keeps_everything() -> None:
    record, _ = charge(visitor(5), view(1))
    more, done = top_up(record, purchase(1, units=10), NOW)
    assert done
    assert (more.bought, more.left, more.sales, more.jti) == (15, 14, 2, "sale-1")
    assert holds(more.charged, digest(1))
    assert top_up(more, purchase(1, units=10), NOW) == (more, True), "the same challenge again"
    assert top_up(more, purchase(1, challenge=b"x" * 16), NOW) == (more, False), "another came"


def test_the_clearance_before_has_a_minute_of_grace() -> None:
    record, _ = top_up(visitor(5), purchase(1), NOW)
    assert charge(record, view(1), NOW + PREVIOUS_GRACE - 1)[1].charge is Charge.CHARGED
    assert charge(record, view(1), NOW + PREVIOUS_GRACE)[1].charge is Charge.REPLACED
    assert charge(record, view(1, jti="sale-1"), NOW + 100)[1].charge is Charge.CHARGED


def test_another_key_tops_nothing_up() -> None:
    record = first_purchase(purchase(thumbprint="mine"))
    assert not top_up(record, purchase(1, thumbprint="theirs"), NOW)[1]
    assert not top_up(record, purchase(1, thumbprint=""), NOW)[1]
    assert top_up(record, purchase(1, thumbprint="mine"), NOW)[1]


def test_nothing_is_hoarded_past_the_end() -> None:
    record = visitor(20)._replace(expires=NOW + 100_000)
    record, _ = charge(record, view(1))
    late = NOW + 1800
    again, done = top_up(record, purchase(1, units=10, ends=late + 1800), late)
    assert done
    assert again.left == 10, "19 units were left, and are gone"
    assert holds(again.charged, digest(1)), "what was opened stays open"
    in_time, _ = top_up(record, purchase(1, units=10), late - 1)
    assert in_time.left == 29


def test_units_for_later_wait_and_owned_ones_do_not() -> None:
    record, _ = top_up(visitor(2), purchase(1, units=3, start=NOW + 40), NOW)
    for number in (1, 2):
        record, answer = charge(record, view(number, jti="sale-1"))
        assert answer.charge is Charge.CHARGED
    _, waiting = charge(record, view(3, jti="sale-1"))
    assert waiting.charge is Charge.WAIT
    assert 40 <= waiting.retry_after <= 41
    _, old_token = charge(record, view(3, jti="sale-0"))
    assert old_token.charge is Charge.WAIT, "whichever clearance is shown"
    assert charge(record, view(3, jti="sale-1"), NOW + 40)[1].charge is Charge.CHARGED


# -- homes


def reserve_there(record: Visitor, answer: Charged, network: bytes, units: int) -> Visitor:
    moved, _ = visitors.move(
        record, network, count=answer.count, becomes=answer.base + units, now=NOW
    )
    assert moved is not None
    return moved


def test_a_move_charges_the_new_home_for_what_is_unspent() -> None:
    record, _ = charge(visitor(5), view(1))
    same, answer = charge(record, view(2, network=THERE))
    assert same._replace(trails=record.trails) == record
    assert (answer.charge, answer.lacks, answer.lacks_now) == (Charge.MOVED, 4, 1)
    record = reserve_there(record, answer, THERE, 4)
    for number in (2, 3):
        record, answer = charge(record, view(number, network=THERE))
        assert answer.charge is Charge.CHARGED
    record, back = charge(record, view(4))
    assert back.charge is Charge.CHARGED, "the first home was charged for all of them"
    assert charge(record, view(1, network=b"elsewhere"[:8]))[1].charge is Charge.REVISIT


def test_a_home_that_was_charged_in_part_opens_that_part() -> None:
    _, answer = charge(visitor(5), view(1, network=THERE))
    record = reserve_there(visitor(5), answer, THERE, 2)
    for number in (1, 2):
        record, opened = charge(record, view(number, network=THERE))
        assert opened.charge is Charge.CHARGED
    _, answer = charge(record, view(3, network=THERE))
    assert (answer.charge, answer.lacks) == (Charge.MOVED, 3)


def test_a_move_is_noted_once() -> None:
    _, answer = charge(visitor(5), view(1, network=THERE))
    record = reserve_there(visitor(5), answer, THERE, 5)
    assert reserve_there(record, answer, THERE, 5) == record


def test_new_homes_are_rationed() -> None:
    record = visitor(5)
    for number in range(MOVES_BURST):
        network = digest(1000 + number)
        _, answer = charge(record, view(1, network=network))
        assert answer.charge is Charge.MOVED, number
        record = reserve_there(record, answer, network, 5)
    _, answer = charge(record, view(1, network=THERE))
    assert answer.charge is Charge.WAIT
    assert 0 < answer.retry_after <= MOVE_SECONDS
    later = NOW + MOVE_SECONDS
    assert charge(record, view(1, network=THERE), later)[1].charge is Charge.MOVED
    assert charge(record, view(1, network=network))[1].charge is Charge.CHARGED, "an old home"
    assert len(record.homes) == HOMES_MAX


HOMES = [digest(9000 + number) for number in range(11)]
steps = st.lists(
    st.tuples(
        st.sampled_from(["view", "view", "view", "sale", "refund"]),
        st.integers(0, 60),
        st.sampled_from(HOMES),
        st.integers(1, 4),
    ),
    max_size=80,
)


@settings(max_examples=300)
@given(steps)
def test_no_home_opens_more_than_its_band_was_charged(events: list[tuple[Any, ...]]) -> None:
    """Over any mix of views, sales and refunds, at more homes than a record remembers."""
    record = first_purchase(purchase(network=HOMES[0], expires=NOW + 10**6, ends=NOW + 10**6))
    charged = dict.fromkeys(HOMES, 0) | {HOMES[0]: 5}
    opened = dict.fromkeys(HOMES, 0)
    reservations: dict[tuple[bytes, int, int], int] = {}
    last: tuple[bytes, Charged] | None = None
    refunded = 0
    for number, (kind, profile, network, units) in enumerate(events):
        now = NOW + number * MOVE_SECONDS
        if kind == "sale":
            sale = purchase(
                record.sales, units=units, network=network, ends=NOW + 10**6, expires=NOW + 10**6
            )
            record, done = top_up(record, sale, now)
            assert done
            charged[network] += units
        elif kind == "refund" and last is not None:
            home, answer = last
            record, given_back = visitors.refund(record, answer.paid, answer.units, home)
            opened[home] -= answer.units if given_back else 0
            refunded += answer.units if given_back else 0
            last = None
        else:
            seen = view(profile, units, network, record.jti)
            _, answer = charge(record, seen, now)
            if answer.charge is Charge.MOVED:
                name = (network, answer.count, answer.base + answer.lacks)
                if name not in reservations:
                    reservations[name] = max(answer.lacks_now, answer.lacks // 2)
                    charged[network] += reservations[name]
                record, _ = visitors.move(
                    record,
                    network,
                    count=answer.count,
                    becomes=answer.base + reservations[name],
                    now=now,
                )
            record, answer = charge(record, seen, now)
            if answer.charge is Charge.CHARGED:
                opened[network] += answer.units
                last = (network, answer)
        assert all(opened[home] <= charged[home] for home in HOMES)
        assert sum(opened.values()) == record.spent - refunded <= record.bought - refunded
        assert len(record.homes) <= HOMES_MAX


def test_control_without_homes_one_network_opens_everything() -> None:
    record = visitor(5)
    everywhere = record._replace(homes=(Home(THERE, 10**6),))
    opened = 0
    for number in range(5):
        everywhere, answer = charge(everywhere, view(number, network=THERE))
        opened += answer.charge is Charge.CHARGED
    assert opened == 5, "what a count that is too high would let through"


def trail(places: int, returns: int) -> Trail:
    # A return is one to a place.
    seen = tuple(digest(n) for n in range(places))
    return Trail(seen, tuple(range(NOW, NOW + returns)) if seen else ())


@given(st.binary(max_size=16), st.integers(0, 2**31), st.integers(0, 8), st.integers(0, 1024))
def test_records_survive_packing(challenge: bytes, number: int, homes: int, profiles: int) -> None:
    record = first_purchase(purchase(thumbprint="t" * 43, jti="j" * 22))._replace(
        last_challenge=challenge,
        bought=number,
        later_from=number,
        previous_jti="p" * 22,
        previous_until=NOW,
        moves_level=number,
        trails=Trails(trail(homes, 4), trail(8 - homes, homes % 5)),
        homes=tuple(Home(digest(n), n) for n in range(homes)),
        unconfirmed=digest(7),
        charged=b"".join(digest(n) for n in range(profiles)),
    )
    assert unpack(pack(record)) == record

"""What every store promises, as tests. Subclass, and give a `make_store` fixture.

`make_store()` returns a store over the same rows each time it is called in one test, as a
second worker would open it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from challenge.core.bands import UNTOUCHED, Band, Granted, Levels, Wanted
from challenge.core.models import Charge, Lane
from challenge.core.purchases import Purchase, first_purchase
from challenge.core.visitors import Charged, View, Visitor
from challenge.errors import StoreUnavailable
from challenge.stores.base import RESERVATION_SECONDS, TAKEOVER_AFTER, Spending, Store

NOW = 1_800_000_000.0
END = int(NOW) + 200
ID, BODY, OTHER = b"i" * 16, b"b" * 32, b"o" * 32
KEY, JTI = b"k" * 16, "j" * 22
HOME, HOLDER = b"homehome", b"holder.."
BAND = Band(burst=10, per_hour=60)
MakeStore = Callable[[], Store]


def purchase(number: int = 0, units: int = 20, jti: str = JTI, expires: int = END) -> Purchase:
    return Purchase(
        challenge=digest(number) * 2,
        number=number,
        jti=jti,
        thumbprint="",
        units=units,
        reserved=units,
        start=0,
        at=END - 200,
        network=HOME,
        place=HOME,
        version=4,
        ends=END - 30,
        expires=expires,
    )


def visitor(left: int = 20, expires: int = END) -> Visitor:
    return first_purchase(purchase(units=left, expires=expires))


def view(number: int, jti: str = JTI, network: bytes = HOME) -> View:
    return View(jti, network, network, 4, 20, ((digest(number), 1),))


def digest(number: int) -> bytes:
    return number.to_bytes(8, "big")


def spend(
    store: Store,
    challenge: bytes,
    body: bytes,
    claims: bytes = b"",
    *,
    now: float = NOW,
    expires: int = END,
) -> Spending:
    """Spend it under the epoch that the store has."""
    return store.spend(challenge, body, claims, epoch=store.epoch, now=now, expires=expires)


def charge(store: Store, key: bytes, seen: View, *, now: float = NOW) -> Charged:
    """Charge it under the epoch that the store has."""
    return store.charge(key, seen, epoch=store.epoch, now=now)


class StoreConformance:
    """The suite."""

    #: Whether rows that have ended leave when others come, by the callers' time. A store whose
    #: rows end by a clock of its own keeps them, as ended, where a test moves the callers' time.
    ends_by_callers_time = True

    @pytest.fixture
    def store(self, make_store: MakeStore) -> Store:
        return make_store()

    # -- spend and settle

    def test_the_first_body_wins_and_its_claims_stay(self, store: Store) -> None:
        assert spend(store, ID, BODY, b"claims").state == "won"
        again = spend(store, ID, BODY, b"newer", now=NOW + 1)
        assert (again.state, again.claims) == ("pending", b"claims")

    @pytest.mark.parametrize("state", ["granted", "failed"])
    def test_how_it_ended_is_told_to_the_same_body(self, store: Store, state: str) -> None:
        spend(store, ID, BODY, b"claims")
        store.settle(ID, state, b"final", since=NOW)
        again = spend(store, ID, BODY, b"newer", now=NOW + 60)
        assert (again.state, again.claims) == (state, b"final")

    def test_a_settled_row_is_not_settled_again(self, store: Store) -> None:
        spend(store, ID, BODY, b"claims")
        store.settle(ID, "failed", b"", since=NOW)
        store.settle(ID, "granted", b"", since=NOW)
        assert spend(store, ID, BODY).state == "failed"

    @pytest.mark.parametrize("end", [None, "granted", "failed"])
    def test_another_body_is_told_nothing(self, store: Store, end: str | None) -> None:
        spend(store, ID, BODY, b"claims")
        if end:
            store.settle(ID, end, b"", since=NOW)
        late = NOW + TAKEOVER_AFTER + 1
        other = spend(store, ID, OTHER, b"theirs", now=late)
        assert (other.state, other.claims) == ("other", b"")

    def test_a_dead_winner_is_taken_over_with_its_claims_once(self, store: Store) -> None:
        spend(store, ID, BODY, b"claims")
        early = spend(store, ID, BODY, b"x", now=NOW + TAKEOVER_AFTER - 0.1)
        assert early.state == "pending"
        taken = spend(store, ID, BODY, b"x", now=NOW + TAKEOVER_AFTER + 0.1)
        assert (taken.state, taken.claims) == ("won", b"claims")
        again = spend(store, ID, BODY, b"x", now=NOW + TAKEOVER_AFTER + 0.2)
        assert again.state == "pending"

    def test_a_winner_that_was_taken_over_settles_nothing(self, store: Store) -> None:
        spend(store, ID, BODY, b"claims")
        late = NOW + TAKEOVER_AFTER + 0.125
        assert spend(store, ID, BODY, b"x", now=late).since == late
        store.unspend(ID, since=NOW)
        assert not store.settle(ID, "failed", b"", since=NOW)
        assert spend(store, ID, OTHER, b"x", now=late).state == "other"
        assert store.settle(ID, "granted", b"final", since=late)
        assert not store.settle(ID, "failed", b"", since=late)

    def test_a_granted_row_is_never_taken_over(self, store: Store) -> None:
        spend(store, ID, BODY, b"claims")
        store.settle(ID, "granted", b"", since=NOW)
        late = spend(store, ID, BODY, b"x", now=NOW + 2 * TAKEOVER_AFTER)
        assert late.state == "granted"

    def test_a_row_holds_until_its_end_and_not_longer(self, store: Store) -> None:
        spend(store, ID, BODY, b"claims")
        store.settle(ID, "granted", b"", since=NOW)
        assert spend(store, ID, OTHER, b"x", now=END - 0.1).state == "other"
        fresh = spend(store, ID, OTHER, b"theirs", now=END, expires=END + 100)
        assert (fresh.state, fresh.claims) == ("won", b"theirs")

    def test_what_is_taken_back_is_as_before(self, store: Store) -> None:
        spend(store, ID, BODY, b"claims")
        store.unspend(ID, since=NOW)
        fresh = spend(store, ID, OTHER, b"theirs")
        assert (fresh.state, fresh.claims) == ("won", b"theirs")
        store.settle(ID, "granted", b"", since=NOW)
        store.unspend(ID, since=NOW)
        assert spend(store, ID, BODY).state == "other"

    def test_one_of_many_callers_wins(self, make_store: MakeStore) -> None:
        for challenge in range(30):
            states = self.together(
                make_store,
                lambda store, at, c=challenge: (
                    spend(store, digest(c) * 2, digest(at % 2) * 4).state
                ),
            )
            assert states["won"] == 1
            assert states["won"] + states["pending"] + states["other"] == 16

    # -- the epoch

    def test_under_another_epoch_nobody_wins_and_nothing_is_charged(self, store: Store) -> None:
        """Whoever compares a token's epoch first may hear of a loss only afterwards."""
        store.open(KEY, visitor())
        with pytest.raises(StoreUnavailable):
            store.charge(KEY, view(1), epoch="another", now=NOW)
        with pytest.raises(StoreUnavailable):
            store.spend(ID, BODY, b"", epoch="another", now=NOW, expires=END)
        # The control: under its own it is.
        assert charge(store, KEY, view(1)).left == 19
        assert spend(store, OTHER[:16], BODY).state == "won"

    # -- visitors

    def test_a_visitor_is_opened_once(self, store: Store) -> None:
        store.open(KEY, visitor(left=3))
        store.open(KEY, visitor(left=9))
        assert store.read(KEY, now=NOW) == visitor(left=3)

    def test_an_unknown_or_ended_visitor(self, store: Store) -> None:
        assert store.read(KEY, now=NOW) is None
        assert charge(store, KEY, view(1)).charge is Charge.UNKNOWN
        store.open(KEY, visitor())
        assert store.read(KEY, now=END - 1) is not None
        assert store.read(KEY, now=END) is None
        assert charge(store, KEY, view(1), now=END).charge is Charge.UNKNOWN

    def test_charges_are_kept(self, make_store: MakeStore) -> None:
        store = make_store()
        store.open(KEY, visitor(left=2))
        asked = [1, 1, 2, 3, 1, 2]
        answers = [charge(store, KEY, view(n)) for n in asked]
        assert [(a.charge, a.left) for a in answers] == [
            (Charge.CHARGED, 1),
            (Charge.REVISIT, 1),
            (Charge.CHARGED, 0),
            (Charge.EMPTY, 0),
            (Charge.REVISIT, 0),
            (Charge.REVISIT, 0),
        ]
        kept = make_store().read(KEY, now=NOW)
        assert kept is not None
        assert (kept.left, kept.bought, kept.homes[0].network) == (0, 2, HOME)
        assert kept.charged == digest(1) + digest(2)

    def test_refunds_moves_and_sales_are_kept(self, make_store: MakeStore) -> None:
        store = make_store()
        store.open(KEY, visitor(left=2))
        paid = charge(store, KEY, view(1))
        assert store.refund(KEY, paid.paid, paid.units, HOME)
        assert not store.refund(KEY, paid.paid, paid.units, HOME)
        answer = charge(store, KEY, view(1, network=b"elsewher"))
        assert (answer.charge, answer.lacks) == (Charge.MOVED, 2)
        store.move(KEY, b"elsewher", count=answer.count, becomes=2, now=NOW)
        assert charge(store, KEY, view(1, network=b"elsewher")).charge is Charge.CHARGED
        assert store.top_up(KEY, purchase(1, units=7, jti="next", expires=END + 50), now=NOW)
        assert not store.top_up(KEY, replace(purchase(1), challenge=b"x" * 16), now=NOW)
        kept = make_store().read(KEY, now=END + 20)
        assert kept is not None, "a sale lengthens the record's life"
        assert (kept.left, kept.sales, kept.jti, kept.previous_jti) == (8, 2, "next", JTI)

    def test_unknown_visitors_are_not_made(self, store: Store) -> None:
        assert not store.refund(KEY, digest(1), 1, HOME)
        store.move(KEY, HOME, count=0, becomes=1, now=NOW)
        assert not store.top_up(KEY, purchase(1), now=NOW)
        assert store.read(KEY, now=NOW) is None

    def test_one_of_many_top_ups_wins(self, make_store: MakeStore) -> None:
        for round_ in range(10):
            key = digest(round_) * 2
            make_store().open(key, visitor(left=1))
            sales = self.together(
                make_store,
                lambda store, at, k=key: str(
                    store.top_up(k, replace(purchase(1, units=3), challenge=digest(at)), now=NOW)
                ),
            )
            assert sales == {"True": 1, "False": 15}
            kept = make_store().read(key, now=NOW)
            assert kept is not None
            assert kept.left == 4

    def test_a_budget_is_exact_for_many_callers(self, make_store: MakeStore) -> None:
        for round_ in range(10):
            key = digest(round_) * 2
            make_store().open(key, visitor(left=7))
            charges = self.together(
                make_store,
                lambda store, at, k=key: charge(store, k, view(at)).charge.name,
            )
            assert charges == {"CHARGED": 7, "EMPTY": 9}

    # -- bands

    def test_a_reservation_is_made_once(self, make_store: MakeStore) -> None:
        wanted = Wanted(4, 1, 0)
        first = make_store().reserve(KEY, ID, BAND, wanted, holder=HOLDER, now=NOW)
        assert first == Granted(4, int(NOW * 1000))
        assert make_store().reserve(KEY, ID, BAND, wanted, holder=HOLDER, now=NOW + 5) == first
        other = make_store().reserve(KEY, BODY, BAND, Wanted(99, 1, 0), holder=HOLDER, now=NOW)
        assert other.units == 6
        empty = make_store().reserve(KEY, OTHER, BAND, wanted, holder=HOLDER, now=NOW)
        assert (empty.units, empty.retry_ms) == (0, 60_000)
        late = NOW + RESERVATION_SECONDS
        assert make_store().reserve(KEY, ID, BAND, wanted, holder=HOLDER, now=late).start_ms == int(
            late * 1000
        )

    def test_a_refused_reservation_may_come_again(self, store: Store) -> None:
        store.reserve(KEY, BODY, BAND, Wanted(10, 1, 0), holder=HOLDER, now=NOW)
        assert store.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW).units == 0
        assert (
            store.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW + 120).units == 2
        )

    def test_what_is_released_can_be_reserved(self, make_store: MakeStore) -> None:
        store = make_store()
        store.reserve(KEY, ID, BAND, Wanted(10, 1, 0), holder=HOLDER, now=NOW)
        store.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=7)
        assert store.reserve(KEY, ID, BAND, Wanted(10, 1, 0), holder=HOLDER, now=NOW).units == 7
        store.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=8)
        assert (
            make_store().reserve(KEY, BODY, BAND, Wanted(9, 1, 0), holder=HOLDER, now=NOW).units
            == 3
        )
        store.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=0)
        store.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=0)
        store.release(KEY, OTHER, BAND, lane=Lane.NEW, holder=HOLDER, keep=0)
        assert (
            make_store().reserve(KEY, OTHER, BAND, Wanted(9, 1, 0), holder=HOLDER, now=NOW).units
            == 7
        )

    def test_what_two_were_given_neither_puts_back(self, make_store: MakeStore) -> None:
        store, wanted = make_store(), Wanted(6, 1, 0)
        for holder in (HOLDER, b"another."):
            granted = make_store().reserve(KEY, ID, BAND, wanted, holder=holder, now=NOW)
            assert granted.units == 6
        for holder in (HOLDER, b"another.", b""):
            store.release(KEY, ID, BAND, lane=Lane.NEW, holder=holder, keep=0)
        free = Wanted(9, 1, 0)
        assert store.reserve(KEY, BODY, BAND, free, holder=HOLDER, now=NOW).units == 4

    def test_control_what_one_was_given_twice_it_puts_back(self, store: Store) -> None:
        for _ in range(2):
            store.reserve(KEY, ID, BAND, Wanted(6, 1, 0), holder=HOLDER, now=NOW)
        store.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=0)
        free = Wanted(9, 1, 0)
        assert store.reserve(KEY, BODY, BAND, free, holder=HOLDER, now=NOW).units == 9

    def test_what_a_forgotten_band_gets_back_is_nothing(self, store: Store) -> None:
        brief = Band(10, 3600)
        assert store.reserve(KEY, ID, brief, Wanted(5, 1, 0), holder=HOLDER, now=NOW).units == 5
        late = NOW + 100
        store.read(KEY, now=late)
        spend(store, BODY[:16], BODY, now=late)
        store.release(KEY, ID, brief, lane=Lane.NEW, holder=HOLDER, keep=0)
        assert (
            store.reserve(KEY, OTHER[:16], brief, Wanted(20, 1, 0), holder=HOLDER, now=late).units
            == 10
        )

    def test_a_new_band_starts_from_what_is_carried_over(self, store: Store) -> None:
        ms = int(NOW * 1000)
        assert store.levels(KEY) == UNTOUCHED
        carried = store.reserve(
            KEY, ID, BAND, Wanted(9, 1, 0), holder=HOLDER, now=NOW, carry=Levels(ms + 480_000)
        )
        assert carried.units == 2
        assert store.levels(KEY) == Levels(ms + 600_000)
        again = store.reserve(
            KEY, BODY, BAND, Wanted(9, 1, 0), holder=HOLDER, now=NOW, carry=UNTOUCHED
        )
        assert again.units == 0, "only a new band is carried over to"

    def test_a_band_is_exact_for_many_callers(self, make_store: MakeStore) -> None:
        for round_ in range(10):
            key = digest(round_) * 2
            units = self.together(
                make_store,
                lambda store, at, k=key: str(
                    store.reserve(
                        k, digest(at), BAND, Wanted(1, 1, 0), holder=HOLDER, now=NOW
                    ).units
                ),
            )
            assert units == {"1": 10, "0": 6}

    def test_lanes_are_kept_for_all_workers(self, make_store: MakeStore) -> None:
        band = Band(100, 3600, (50, 30, 5))

        def take(lane: Lane, number: int, most: int = 100) -> int:
            wanted = Wanted(most, 1, 0, lane)
            reservation = digest(number) * 2
            store = make_store()
            return store.reserve(KEY, reservation, band, wanted, holder=HOLDER, now=NOW).units

        assert [take(lane, at) for at, lane in enumerate((Lane.NEW, Lane.KNOWN))] == [45, 50]
        assert [take(lane, 10 + lane) for lane in Lane] == [0, 0, 5]
        make_store().release(KEY, digest(1) * 2, band, lane=Lane.KNOWN, holder=HOLDER, keep=40)
        assert [take(lane, 20 + lane) for lane in (Lane.NEW, Lane.KNOWN)] == [0, 10]

    def test_a_lane_is_remembered_while_the_band_is_full_again(self, store: Store) -> None:
        band, wanted = Band(100, 3600, (50, 30, 5)), Wanted(5, 5, 0, Lane.FLAGGED)
        store.reserve(KEY, ID, band, wanted, holder=HOLDER, now=NOW)
        ms = int(NOW * 1000)
        assert store.levels(KEY) == Levels(band=ms + 5_000, flagged=ms + 100_000)
        # A sale to somebody else is when what has ended is deleted.
        for number, seconds in enumerate((70, 140)):
            other = digest(number) * 4
            store.reserve(other, other, band, wanted, holder=HOLDER, now=NOW + seconds)
            kept = store.levels(KEY)
            if not self.ends_by_callers_time and kept.latest <= ms + seconds * 1000:
                kept = UNTOUCHED
            assert (kept == UNTOUCHED) == (seconds > 101)

    # -- sketches

    def test_a_halfs_senders_are_one_row_for_all(self, make_store: MakeStore) -> None:
        def note(half: bytes, number: int, now: float = NOW) -> int:
            store = make_store()
            return store.note_sender(b"hh", half, digest(number), now=now, expires=END)

        def others(half: bytes, number: int, now: float = NOW) -> int:
            return make_store().other_senders(b"hh", half, digest(number), now=now)

        assert others(b"half", 1) == 0
        assert [note(b"half", number) for number in (1, 2, 2, 3, 1)] == [0, 1, 1, 2, 2]
        assert [others(b"half", number) for number in (1, 4)] == [2, 3]
        assert (note(b"othr", 9), others(b"othr", 8)) == (0, 0), "the row is taken"
        assert make_store().other_senders(b"xx", b"half", b"", now=NOW) == 0
        assert [others(b"half", 4, now) for now in (END - 1, END)] == [3, 0]
        assert [note(b"othr", number, END) for number in (9, 8)] == [0, 0], "ended before it began"

    def test_reading_senders_writes_none(self, store: Store) -> None:
        for number in range(9):
            store.other_senders(b"hh", b"half", digest(number), now=NOW)
        assert store.note_sender(b"hh", b"half", digest(9), now=NOW, expires=END) == 0

    def test_no_sender_is_lost_among_many_callers(self, make_store: MakeStore) -> None:
        for round_ in range(10):
            key = digest(round_)[-2:]
            told = self.together(
                make_store,
                lambda store, at, k=key: str(
                    store.note_sender(k, b"half", digest(at), now=NOW, expires=END)
                ),
            )
            assert told == {**{str(number): 1 for number in range(8)}, "8": 8}

    # -- day keys

    def test_a_days_key_is_one_for_all_and_ends(self, make_store: MakeStore) -> None:
        day = int(NOW) // 86400
        first = make_store().day_key(day, b"1" * 32, now=NOW)
        assert first == b"1" * 32
        assert make_store().day_key(day, b"2" * 32, now=NOW + 86400) == first
        assert make_store().day_key(day + 1, b"3" * 32, now=NOW + 86400) == b"3" * 32
        ended = (day + 2) * 86400
        assert make_store().day_key(day, b"4" * 32, now=ended - 1) == first
        assert make_store().day_key(day, b"5" * 32, now=ended) is None
        assert make_store().day_key(day, b"6" * 32, now=NOW) == b"6" * 32, "it was kept"

    def test_a_day_that_has_not_begun_has_no_key(self, store: Store) -> None:
        assert store.day_key(int(NOW) // 86400 + 1, b"1" * 32, now=NOW) is None

    def test_ping(self, store: Store) -> None:
        store.ping()

    @staticmethod
    def together(make_store: MakeStore, call: Callable[[Store, int], str]) -> Counter[str]:
        """Run `call` in 16 threads at one moment and count the answers."""
        barrier = Barrier(16)
        # Opened one after the other: what is raced for is the verb.
        stores = [make_store() for _ in range(16)]

        def run(at: int) -> str:
            barrier.wait(30)
            return call(stores[at], at)

        with ThreadPoolExecutor(16) as pool:
            return Counter(pool.map(run, range(16)))

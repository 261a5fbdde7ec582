"""What every store promises, as tests. Subclass, and give a `make_store` fixture.

`make_store()` returns a store over the same rows each time it is called in one test, as a
second worker would open it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from challenge.core.models import Charge
from challenge.core.visitors import Visitor
from challenge.stores.base import TAKEOVER_AFTER, Store

NOW = 1_800_000_000.0
END = int(NOW) + 200
ID, BODY, OTHER = b"i" * 16, b"b" * 32, b"o" * 32
KEY, JTI = b"k" * 16, "j" * 22
MakeStore = Callable[[], Store]


def visitor(left: int = 20, expires: int = END) -> Visitor:
    return Visitor(JTI, left, left, b"homehome", b"", expires)


def digest(number: int) -> bytes:
    return number.to_bytes(8, "big")


class StoreConformance:
    """The suite."""

    @pytest.fixture
    def store(self, make_store: MakeStore) -> Store:
        return make_store()

    # -- spend and settle

    def test_the_first_body_wins_and_its_claims_stay(self, store: Store) -> None:
        assert store.spend(ID, BODY, b"claims", now=NOW, expires=END).state == "won"
        again = store.spend(ID, BODY, b"newer", now=NOW + 1, expires=END)
        assert (again.state, again.claims) == ("pending", b"claims")

    @pytest.mark.parametrize("state", ["granted", "failed"])
    def test_how_it_ended_is_told_to_the_same_body(self, store: Store, state: str) -> None:
        store.spend(ID, BODY, b"claims", now=NOW, expires=END)
        store.settle(ID, state)
        again = store.spend(ID, BODY, b"newer", now=NOW + 60, expires=END)
        assert (again.state, again.claims) == (state, b"claims")

    def test_a_settled_row_is_not_settled_again(self, store: Store) -> None:
        store.spend(ID, BODY, b"claims", now=NOW, expires=END)
        store.settle(ID, "failed")
        store.settle(ID, "granted")
        assert store.spend(ID, BODY, b"", now=NOW, expires=END).state == "failed"

    @pytest.mark.parametrize("end", [None, "granted", "failed"])
    def test_another_body_is_told_nothing(self, store: Store, end: str | None) -> None:
        store.spend(ID, BODY, b"claims", now=NOW, expires=END)
        if end:
            store.settle(ID, end)
        late = NOW + TAKEOVER_AFTER + 1
        other = store.spend(ID, OTHER, b"theirs", now=late, expires=END)
        assert (other.state, other.claims) == ("other", b"")

    def test_a_dead_winner_is_taken_over_with_its_claims_once(self, store: Store) -> None:
        store.spend(ID, BODY, b"claims", now=NOW, expires=END)
        early = store.spend(ID, BODY, b"x", now=NOW + TAKEOVER_AFTER - 0.1, expires=END)
        assert early.state == "pending"
        taken = store.spend(ID, BODY, b"x", now=NOW + TAKEOVER_AFTER + 0.1, expires=END)
        assert (taken.state, taken.claims) == ("won", b"claims")
        again = store.spend(ID, BODY, b"x", now=NOW + TAKEOVER_AFTER + 0.2, expires=END)
        assert again.state == "pending"

    def test_a_granted_row_is_never_taken_over(self, store: Store) -> None:
        store.spend(ID, BODY, b"claims", now=NOW, expires=END)
        store.settle(ID, "granted")
        late = store.spend(ID, BODY, b"x", now=NOW + 2 * TAKEOVER_AFTER, expires=END)
        assert late.state == "granted"

    def test_a_row_holds_until_its_end_and_not_longer(self, store: Store) -> None:
        store.spend(ID, BODY, b"claims", now=NOW, expires=END)
        store.settle(ID, "granted")
        assert store.spend(ID, OTHER, b"x", now=END - 0.1, expires=END).state == "other"
        fresh = store.spend(ID, OTHER, b"theirs", now=END, expires=END + 100)
        assert (fresh.state, fresh.claims) == ("won", b"theirs")

    def test_one_of_many_callers_wins(self, make_store: MakeStore) -> None:
        for challenge in range(30):
            states = self.together(
                make_store,
                lambda store, at, c=challenge: (
                    store.spend(digest(c) * 2, digest(at % 2) * 4, b"", now=NOW, expires=END).state
                ),
            )
            assert states["won"] == 1
            assert states["won"] + states["pending"] + states["other"] == 16

    # -- visitors

    def test_a_visitor_is_opened_once(self, store: Store) -> None:
        store.open(KEY, visitor(left=3))
        store.open(KEY, visitor(left=9))
        assert store.read(KEY, now=NOW) == visitor(left=3)

    def test_an_unknown_or_ended_visitor(self, store: Store) -> None:
        assert store.read(KEY, now=NOW) is None
        assert store.charge(KEY, jti=JTI, profile=digest(1), now=NOW) == (Charge.UNKNOWN, 0)
        store.open(KEY, visitor())
        assert store.read(KEY, now=END - 1) is not None
        assert store.read(KEY, now=END) is None
        assert store.charge(KEY, jti=JTI, profile=digest(1), now=END)[0] is Charge.UNKNOWN

    def test_charges_are_kept(self, make_store: MakeStore) -> None:
        store = make_store()
        store.open(KEY, visitor(left=2))
        asked = [1, 1, 2, 3, 1, 2]
        answers = [store.charge(KEY, jti=JTI, profile=digest(n), now=NOW) for n in asked]
        assert answers == [
            (Charge.CHARGED, 1),
            (Charge.REVISIT, 1),
            (Charge.CHARGED, 0),
            (Charge.EMPTY, 0),
            (Charge.REVISIT, 0),
            (Charge.REVISIT, 0),
        ]
        kept = make_store().read(KEY, now=NOW)
        assert kept is not None
        assert (kept.left, kept.bought, kept.home) == (0, 2, b"homehome")
        assert kept.charged == digest(1) + digest(2)

    def test_another_sales_clearance_is_refused(self, store: Store) -> None:
        store.open(KEY, visitor())
        answer = store.charge(KEY, jti="another", profile=digest(1), now=NOW)
        assert answer == (Charge.REPLACED, 20)

    def test_a_budget_is_exact_for_many_callers(self, make_store: MakeStore) -> None:
        for round_ in range(10):
            key = digest(round_) * 2
            make_store().open(key, visitor(left=7))
            charges = self.together(
                make_store,
                lambda store, at, k=key: (
                    store.charge(k, jti=JTI, profile=digest(at), now=NOW)[0].name
                ),
            )
            assert charges == {"CHARGED": 7, "EMPTY": 9}

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

        def run(at: int) -> str:
            store = make_store()
            barrier.wait(30)
            return call(store, at)

        with ThreadPoolExecutor(16) as pool:
            return Counter(pool.map(run, range(16)))

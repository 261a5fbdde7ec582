"""Sketches: near is alike in a half, who does not move is like nobody, rows are bounded."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from challenge.core.behaviour import MOVEMENT
from challenge.core.kinematics import FULL
from challenge.core.sketches import SENDERS_MAX, STEPS, WINDOWS, Senders, cells, note, others

NOW, END = 100.0, 200
HALF, OTHER = b"half", b"othr"
movements = st.fixed_dictionaries({name: st.integers(0, FULL) for name in MOVEMENT})


def visitor(number: int) -> bytes:
    return number.to_bytes(8, "big")


def noted(*senders: tuple[bytes, int], now: float = NOW) -> Senders | None:
    row: Senders | None = None
    for half, number in senders:
        row, _ = note(row, half, visitor(number), now, END)
    return row


def test_every_movement_has_a_step() -> None:
    assert STEPS.keys() == set(MOVEMENT)
    assert all(step % 2 == 0 for step in STEPS.values()), "half a step is whole"


@given(movements, st.integers(0, WINDOWS - 1))
def test_who_hardly_moves_has_no_sketch(values: dict[str, int], windows: int) -> None:
    assert cells({}) == cells(dict.fromkeys(MOVEMENT, 0)) == ()
    assert cells(values) == cells({**values, "windows": windows}) == ()


@given(movements, st.integers(WINDOWS, 200), st.dictionaries(st.just("clicks"), st.just(5)))
def test_only_movement_counts(values: dict[str, int], windows: int, more: dict[str, int]) -> None:
    plain = cells({**values, "windows": WINDOWS})
    assert plain == cells({**values, **more, "windows": windows})
    assert len(plain) == 2


@given(movements, movements)
def test_what_is_a_step_apart_in_anything_is_not_alike(
    one: dict[str, int], two: dict[str, int]
) -> None:
    apart = any(abs(one[name] - two[name]) >= STEPS[name] for name in MOVEMENT)
    pairs = zip(cells({**one, "windows": 3}), cells({**two, "windows": 3}), strict=True)
    alike = any(a == b for a, b in pairs)
    assert not (apart and alike)
    assert alike or one != two


def test_what_is_near_is_alike_in_a_half_more_often_than_in_one_grid() -> None:
    random = Random(5)
    either = first = 0
    for _ in range(2000):
        one = {name: random.randrange(100, 900) for name in MOVEMENT}
        two = {name: value + random.choice((-1, 0, 1)) for name, value in one.items()}
        pairs = zip(cells({**one, "windows": 3}), cells({**two, "windows": 3}), strict=True)
        alike = [a == b for a, b in pairs]
        first += alike[0]
        either += any(alike)
    assert either / 2000 > 0.9
    assert either > first * 1.1


def test_others_are_counted_and_oneself_is_not() -> None:
    row = noted((HALF, 1), (HALF, 2), (HALF, 2), (HALF, 3))
    assert others(row, HALF, visitor(2), NOW) == 2
    assert others(row, HALF, visitor(9), NOW) == 3
    assert others(row, HALF, b"", NOW) == 3
    assert others(row, OTHER, visitor(9), NOW) == 0
    assert others(row, HALF, visitor(9), END) == 0
    assert others(None, HALF, visitor(9), NOW) == 0


def test_noting_tells_who_was_there_before() -> None:
    row = noted((HALF, 1), (HALF, 2))
    assert note(row, HALF, visitor(3), NOW, END)[1] == 2
    assert note(row, HALF, visitor(1), NOW, END) == (row, 1)


def test_a_row_is_bounded() -> None:
    row = noted(*((HALF, number) for number in range(100)))
    assert row is not None
    assert len(row.visitors) == SENDERS_MAX * 8
    assert others(row, HALF, b"", NOW) == SENDERS_MAX


def test_a_row_ends_when_its_first_sender_was_told() -> None:
    row, _ = note(noted((HALF, 1)), HALF, visitor(2), NOW + 50, END + 50)
    assert row.expires == END
    after, before = note(row, HALF, visitor(3), END, END + 100)
    assert (after, before) == (Senders(HALF, visitor(3), END + 100), 0)


def test_one_that_recurs_is_not_wiped_out_by_one_that_does_not() -> None:
    alone = noted((HALF, 1), (OTHER, 2))
    assert alone == Senders(OTHER, visitor(2), END), "one sender alone gives way"
    assert noted((HALF, 1), (HALF, 2), (OTHER, 3), (OTHER, 4)) == noted((HALF, 1), (HALF, 2))

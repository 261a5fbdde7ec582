"""The visitor's record: exact, and never more than was sold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from challenge.core.models import Charge
from challenge.core.visitors import CHARGED_MAX, DIGEST_BYTES, Visitor, carried, charge

NOW = 1_000_000


def visitor(left: int, charged: bytes = b"") -> Visitor:
    return Visitor("sale", left, left, b"homehome", charged, NOW + 100)


def digest(number: int) -> bytes:
    return number.to_bytes(DIGEST_BYTES, "big")


@given(st.integers(0, 30), st.lists(st.integers(0, 40), max_size=120))
def test_distinct_profiles_charged_never_exceed_units_sold(sold: int, asked: list[int]) -> None:
    record = visitor(sold)
    opened = set()
    for number in asked:
        record, answer = charge(record, jti="sale", profile=digest(number), now=NOW)
        assert (answer is Charge.REVISIT) == (number in opened)
        if answer is Charge.CHARGED:
            opened.add(number)
    assert len(opened) == min(sold, len(set(asked)))
    assert record.left == sold - len(opened)


def test_a_match_across_two_digests_is_no_charge() -> None:
    record = visitor(5, digest(0x0102030405060708) + digest(0x1112131415161718))
    straddling = bytes.fromhex("0506070811121314")
    assert straddling in record.charged
    assert not record.has_charged(straddling)
    assert record.has_charged(digest(0x1112131415161718))


def test_a_match_behind_a_straddling_one_is_found() -> None:
    wanted = bytes.fromhex("0505050505050505")
    record = visitor(5, bytes.fromhex("0105050505050505") + b"\x05" * 7 + b"\x01" + wanted)
    assert record.has_charged(wanted)


def test_refusals() -> None:
    one = digest(1)
    assert charge(None, jti="sale", profile=one, now=NOW)[1] is Charge.UNKNOWN
    assert charge(visitor(1), jti="sale", profile=one, now=NOW + 100)[1] is Charge.UNKNOWN
    assert charge(visitor(1), jti="sale", profile=one, now=NOW + 99)[1] is Charge.CHARGED
    assert charge(visitor(1), jti="other", profile=one, now=NOW)[1] is Charge.REPLACED
    assert charge(visitor(0), jti="sale", profile=one, now=NOW)[1] is Charge.EMPTY
    assert charge(visitor(0, one), jti="sale", profile=one, now=NOW)[1] is Charge.REVISIT


def test_the_charged_set_is_bounded_and_keeps_the_newest() -> None:
    many = b"".join(digest(number) for number in range(CHARGED_MAX))
    kept = carried(many, digest(CHARGED_MAX))
    assert len(kept) == CHARGED_MAX * DIGEST_BYTES
    assert kept.endswith(digest(CHARGED_MAX))
    assert not visitor(0, kept).has_charged(digest(0))
    assert visitor(0, kept).has_charged(digest(1))

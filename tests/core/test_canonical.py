"""Canonical bytes: the shared vectors, and that no two lists of parts collide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge.core.canonical import canonical

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "canonical.json").read_text())
part = st.text(st.characters(exclude_categories=["Cs"])) | st.binary()


@pytest.mark.parametrize("vector", VECTORS["cases"], ids=lambda v: v["hex"][:24])
def test_vectors(vector: dict) -> None:
    parts = [bytes.fromhex(p["hex"]) if isinstance(p, dict) else p for p in vector["parts"]]
    assert canonical(*parts).hex() == vector["hex"]


def encoded(parts: list[str | bytes]) -> list[bytes]:
    return [part.encode() if isinstance(part, str) else part for part in parts]


@given(st.lists(part), st.lists(part))
def test_equal_bytes_mean_equal_parts(one: list[str | bytes], other: list[str | bytes]) -> None:
    assert (canonical(*one) == canonical(*other)) == (encoded(one) == encoded(other))


def test_control_plain_joining_collides() -> None:
    assert b"".join(encoded(["a", "bc"])) == b"".join(encoded(["ab", "c"]))
    assert canonical("a", "bc") != canonical("ab", "c")


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical("\ud800")

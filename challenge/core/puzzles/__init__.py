"""The registry of puzzle kinds. A kind turns work into a puzzle and checks answers to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .kind import Kind as Kind
from .kind import seed as seed
from .kind import threshold as threshold
from .sha256 import Sha256

_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known by its name.

    :raises ValueError: if the name is taken.
    """
    if kind.name in _kinds:
        raise ValueError(f"puzzle kind {kind.name!r} is registered already")
    _kinds[kind.name] = kind


@contextmanager
def lent(kind: Kind) -> Iterator[None]:
    """Make a kind known inside, and nowhere else.

    :raises ValueError: if the name is taken.
    """
    register(kind)
    try:
        yield
    finally:
        del _kinds[kind.name]


def get(name: str) -> Kind:
    """The kind of this name.

    :raises KeyError: if there is none.
    """
    return _kinds[name]


def names() -> tuple[str, ...]:
    """All registered names, sorted."""
    return tuple(sorted(_kinds))


register(Sha256())

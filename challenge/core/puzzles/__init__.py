"""The registry of puzzle kinds. A kind turns work into a puzzle and checks answers to it."""

from __future__ import annotations

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


def get(name: str) -> Kind:
    """The kind of this name.

    :raises KeyError: if there is none.
    """
    return _kinds[name]


def names() -> tuple[str, ...]:
    """All registered names, sorted."""
    return tuple(sorted(_kinds))


register(Sha256())

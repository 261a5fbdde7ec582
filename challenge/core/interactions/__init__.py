"""The registry of interactions: what a person may be asked to do where a price is high.

There is always another way: to wait, and do nothing (see `evidence`).
"""

from __future__ import annotations

from .hold import Hold
from .kind import Kind as Kind

_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known by its name.

    :raises ValueError: if the name is taken.
    """
    if kind.name in _kinds:
        raise ValueError(f"interaction {kind.name!r} is registered already")
    _kinds[kind.name] = kind


def get(name: str) -> Kind:
    """The kind of this name.

    :raises KeyError: if there is none.
    """
    return _kinds[name]


def names() -> tuple[str, ...]:
    """All registered names, sorted."""
    return tuple(sorted(_kinds))


register(Hold())

"""What a screen reader sees and does, by AT-SPI: JSON lines in, JSON lines out.

Run by the system's Python, which has GObject; see `Sight`.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402 - the version comes first

NAMED = ("link", "entry")


def all_of(node: Any) -> Iterator[Any]:
    """A node, and what is in it."""
    yield node
    for at in range(node.get_child_count()):
        if (child := node.get_child_at_index(at)) is not None:
            yield from all_of(child)


def extents(node: Any) -> list[int]:
    """Where it is on the screen."""
    box = node.get_extents(Atspi.CoordType.SCREEN)
    return [box.x, box.y, box.width, box.height]


def shown(roles: tuple[str, ...], name: str | None) -> Any:
    """The first such node that has a size, whichever program shows it."""
    for node in all_of(Atspi.get_desktop(0)):
        if node.get_role_name() in roles and name in (None, node.get_name()):
            box = extents(node)
            if box[2] > 0 and box[3] > 0:
                return node
    return None


def answer(verb: str, name: str | None) -> Any:
    """What is asked; None where there is no such thing, or no longer."""
    try:
        node = shown(("document web",) if verb == "window" else NAMED, name)
        if node is None:
            return None
        if verb in ("find", "window"):
            return extents(node)
        if verb == "focused":
            return bool(node.get_state_set().contains(Atspi.StateType.FOCUSED))
        return bool(node.grab_focus() if verb == "focus" else node.do_action(0))
    except GLib.Error:
        return None


def main() -> None:
    """Answer until nobody asks."""
    warnings.simplefilter("ignore", DeprecationWarning)
    Atspi.init()
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()

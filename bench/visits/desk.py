"""What a visitor has before them: a browser, something to see it with, and something to move."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from .motion import Box, Step

PATIENCE_S = 60.0
Found = TypeVar("Found")


class Desk(ABC):
    """A browser that has the site's first page open.

    Things on a page are called by the name that a screen reader would say. Keys are called as X
    calls them.
    """

    @abstractmethod
    def find(self, name: str) -> Box | None:
        """Where a link or field is, also if it is scrolled out of sight; None if nowhere."""

    @abstractmethod
    def window(self) -> Box:
        """Where the page is seen."""

    @abstractmethod
    def is_focused(self, name: str) -> bool:
        """Whether keys go to this link or field."""

    @abstractmethod
    def move(self, steps: Sequence[Step]) -> None:
        """Move the pointer."""

    @abstractmethod
    def click(self, held_s: float) -> None:
        """Press the pointer's button where it is, and let go."""

    @abstractmethod
    def turn(self, notches: int) -> None:
        """Turn the wheel, by one notch after the other; down if positive."""

    @abstractmethod
    def key(self, key: str, held_s: float) -> None:
        """Press a key, and let go."""

    @abstractmethod
    def focus(self, name: str) -> None:
        """As a screen reader moves the focus to a link or field."""

    @abstractmethod
    def follow(self, name: str) -> None:
        """As a screen reader follows a link."""

    @abstractmethod
    def touch(self, steps: Sequence[Step]) -> None:
        """Put a finger down at the first step, draw it along the others, and lift it."""

    @abstractmethod
    def enlarge(self) -> None:
        """Zoom to 400 %."""

    def seen(self, name: str) -> Box:
        """Where a link or field is, waited for.

        :raises TimeoutError: if it does not come within a minute.
        """
        return wait_for(lambda: self.find(name), name)


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    """What `look` comes to once it is not None.

    :raises TimeoutError: if it does not within a minute.
    """
    end = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        if time.monotonic() > end:
            raise TimeoutError(f"in vain: {what}")
        time.sleep(0.2)
    return found

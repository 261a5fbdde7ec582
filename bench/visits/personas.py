"""People who look around the town, each in their own way, and at their own pace."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .desk import Desk, wait_for
from .driven import driven_desk
from .motion import Box, Hand, Step
from .plain import Program, plain_desk
from .route import PROFILES, Route, route
from .tools import chromium
from .watched import Told, Watched, watched

FIELD = "Find somebody"
#: tabs from a page's beginning to any link of the route, and more
TABS_MAX = 150


class Visitor(ABC):
    """Somebody at a desk."""

    def __init__(self, desk: Desk, rng: Random, pace: float = 1) -> None:
        self.desk, self.rng, self._pace = desk, rng, pace

    def visit(self, site: Watched, way: Route) -> None:
        """Search, and read one profile after the other."""
        self.desk.seen(FIELD)
        self.pause(2, 3)
        self.go_to_field()
        for letter in way.query:
            self.desk.key(letter, self.rng.uniform(0.07, 0.13))
            self.pause(0.08, 0.25)
        self.desk.key("Return", self.rng.uniform(0.07, 0.13))
        for person in way.people:
            self.desk.seen(person.name)
            self.pause(0.8, 2)
            self.open(person.name)
            site.wait_until_opened(person.handle)
            self.desk.seen(f"Public card of {person.name}")
            self.read()

    def pause(self, least_s: float, most_s: float) -> None:
        """Do nothing, in one's own time."""
        time.sleep(self._pace * self.rng.uniform(least_s, most_s))

    @abstractmethod
    def go_to_field(self) -> None:
        """Get to where a search is typed."""

    @abstractmethod
    def open(self, name: str) -> None:
        """Follow a link."""

    @abstractmethod
    def read(self) -> None:
        """Read a profile."""


class WithKeyboard(Visitor):
    """Tab, Return and Page Down, and nothing else."""

    def _tab_to(self, name: str) -> None:
        for _ in range(TABS_MAX):
            if self.desk.is_focused(name):
                return
            self.desk.key("Tab", self.rng.uniform(0.06, 0.12))
            self.pause(0.05, 0.25)
        raise TimeoutError(f"no tab leads to {name}")

    def go_to_field(self) -> None:
        self._tab_to(FIELD)

    def open(self, name: str) -> None:
        self._tab_to(name)
        self.pause(0.2, 0.5)
        self.desk.key("Return", self.rng.uniform(0.06, 0.12))

    def read(self) -> None:
        self.pause(2, 4)
        self.desk.key("Next", self.rng.uniform(0.06, 0.12))
        self.pause(2, 4)


class WithScreenReader(Visitor):
    """Listens; the screen reader moves the focus and follows the links."""

    def go_to_field(self) -> None:
        self.desk.focus(FIELD)
        self.pause(0.5, 1)

    def open(self, name: str) -> None:
        self.desk.focus(name)
        self.pause(0.5, 1)
        self.desk.follow(name)

    def read(self) -> None:
        self.pause(5, 9)


class WithMouse(Visitor):
    """A mouse with a wheel."""

    #: of the hand, in pixels and times a second
    swing = 0.4, 9.0
    held_s = 0.07, 0.14

    def __init__(self, desk: Desk, rng: Random, pace: float = 1) -> None:
        super().__init__(desk, rng, pace)
        self._hand = Hand(rng, *self.swing)
        self._at = (640.0, 500.0)

    def _reach(self, place: tuple[float, float]) -> None:
        steps = self._hand.reach(self._at, place)
        self.desk.move(steps)
        self._at = (steps[-1].x, steps[-1].y) if steps else self._at

    def _click(self, name: str) -> None:
        box = self._scroll_to(name)
        self._reach(self._hand.within(box))
        self.pause(0.1, 0.3)
        self.desk.click(self.rng.uniform(*self.held_s))

    def _scroll_to(self, name: str) -> Box:
        def in_sight() -> Box | None:
            box, window = self.desk.seen(name), self.desk.window()
            if window.holds(box):
                return box
            self.desk.turn(self.rng.randint(1, 3) * (1 if box.y > window.y else -1))
            self.pause(0.3, 0.9)
            return None

        return wait_for(in_sight, name)

    def go_to_field(self) -> None:
        self._click(FIELD)
        self.pause(0.3, 0.6)

    def open(self, name: str) -> None:
        self._click(name)

    def read(self) -> None:
        for _ in range(self.rng.randint(2, 3)):
            self.pause(1, 3)
            self.desk.turn(self.rng.randint(1, 2))
            if self.rng.random() < 0.4:
                x, y = self._at
                self._reach((x + self.rng.gauss(0, 60), max(y + self.rng.gauss(0, 40), 200)))


class WithTremor(WithMouse):
    """A hand that shakes five times a second, and presses for long."""

    swing = 5.0, 5.0
    held_s = 0.15, 0.4


class WithZoom(WithMouse):
    """Sees four times larger, and so a sixteenth at a time."""

    def go_to_field(self) -> None:
        self.desk.enlarge()
        self.pause(1, 2)
        super().go_to_field()


class WithTouch(Visitor):
    """A finger: taps and flings."""

    def _scroll_to(self, name: str) -> Box:
        def in_sight() -> Box | None:
            box, window = self.desk.seen(name), self.desk.window()
            if window.holds(box):
                return box
            self._fling(down=box.y > window.y)
            self.pause(1, 1.5)
            return None

        return wait_for(in_sight, name)

    def _fling(self, *, down: bool) -> None:
        window = self.desk.window()
        x = window.x + window.width * self.rng.uniform(0.6, 0.8)
        y = window.y + window.height * (0.7 if down else 0.3)
        far = self.rng.uniform(0.15, 0.3) * window.height * (-1 if down else 1)
        count = self.rng.randint(9, 15)
        steps = [Step(0, round(x), round(y))]
        for at in range(1, count + 1):
            share = (at / count) ** 1.6
            bend = self.rng.gauss(0, 1) + 14 * share
            steps.append(Step(0.012, round(x + bend), round(y + far * share)))
        self.desk.touch(steps)

    def _tap(self, name: str) -> None:
        box = self._scroll_to(name)
        x, y = (round(part) for part in Hand(self.rng).within(box))
        self.desk.touch([Step(0, x, y), Step(self.rng.uniform(0.05, 0.11), x, y)])

    def go_to_field(self) -> None:
        self._tap(FIELD)
        self.pause(0.5, 1)

    def open(self, name: str) -> None:
        self._tap(name)

    def read(self) -> None:
        self.pause(2, 4)
        self._fling(down=True)
        self.pause(2, 4)


@dataclass(frozen=True)
class Persona:
    """Somebody, and the browser they use."""

    name: str
    visitor: type[Visitor]
    #: how many times longer their pauses are
    pace: float = 1
    program: Program = "chromium"
    flags: Sequence[str] = ()
    touchable: bool = False
    #: how many times slower their machine is
    slowness: float = 1
    #: what Playwright's context needs to be like it
    context: Mapping[str, Any] = field(default_factory=dict)


ZOOMED = {"viewport": {"width": 320, "height": 190}, "device_scale_factor": 4}

PERSONAS = (
    Persona("keyboard only", WithKeyboard),
    Persona("screen reader", WithScreenReader),
    Persona("touch", WithTouch, touchable=True, context={"has_touch": True}),
    Persona("slow reader", WithMouse, pace=2.5),
    Persona("tremor", WithTremor),
    Persona(
        "reduced motion",
        WithMouse,
        flags=("--force-prefers-reduced-motion",),
        context={"reduced_motion": "reduce"},
    ),
    Persona("zoom 400 %", WithZoom, context=ZOOMED),
    Persona("slow processor", WithMouse, slowness=6),
    Persona("resist fingerprinting", WithMouse, program="firefox"),
)


def visit(persona: Persona, *, driven: bool = False, profiles: int = PROFILES) -> Told:
    """Let somebody make the visit to a site of its own.

    :param driven: Playwright does it for them, at the usual pace.
    :param profiles: after how many they have seen enough; four renew once.
    :raises TimeoutError: if something does not come within a minute.
    """
    with watched() as site, _desk(persona, site.url, driven=driven) as desk:
        # The same person each time.
        pace = 1 if driven else persona.pace
        visitor = persona.visitor(desk, Random(persona.name), pace)
        visitor.visit(site, route(profiles))
        return site.told()


@contextmanager
def _desk(persona: Persona, url: str, *, driven: bool) -> Iterator[Desk]:
    if driven:
        with driven_desk(url, chromium(), persona.context, slowness=persona.slowness) as desk:
            yield desk
        return
    with plain_desk(
        url,
        chromium(),
        program=persona.program,
        flags=persona.flags,
        touchable=persona.touchable,
        slowness=persona.slowness,
    ) as plain:
        yield plain

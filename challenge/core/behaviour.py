"""What a report says about the price: evidence that a program moves the browser.

Behaviour moves a price and shuts nobody out. No evidence is neutral: whoever uses a keyboard, a
screen reader, a switch or a touch screen, or reads without moving, sends no more than zeros. Each
piece of evidence has a reason, and can only add; what adds is capped by group
(docs/behaviour.md lists them all).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .kinematics import FULL, Model

#: of a window of movement
MOVEMENT = (
    *("start", "stop", "plateau", "spread", "acceleration"),
    *("jerk", "bow", "detour", "straight", "jitter"),
)
FACTOR_MAX = 8
#: from here on a sale comes out of the flagged lane
FLAGGED_FROM = 4
#: From here on a person may be asked to do something. One step higher: what extensions do that
#: keep a browser private comes to four at most.
INTERACTION_FROM = 5
#: what a report may hold: name and largest value; the browser's registry has the same names
#: (static/js/src/signals/registry.js)
SIGNALS: Mapping[str, int] = {
    # Contradictions of the environment; 1 where there is one.
    "webdriver": 1,
    "webdriver_gone": 1,
    "globals": 1,
    "driver_calls": 9999,
    "worker_differs": 1,
    "permissions_differ": 1,
    # Chromium's version by navigator.userAgentData; 0 where it has none, and whether it should.
    "hints_major": 9999,
    "hints_gone": 1,
    # What programs do by default: how many of how many.
    "clicks": 9999,
    "short_clicks": 9999,
    "centre_clicks": 9999,
    "keys": 9999,
    "short_keys": 9999,
    "keyless_inputs": 9999,
    "teleports": 9999,
    "nameless_calls": 9999,
    # Timing and reading.
    "moves": 9999,
    "single_moves": 9999,
    "scrolls": 9999,
    "scripted_scrolls": 9999,
    "glimpses": 9999,
    # Windows of movement, and means over them (see `kinematics`).
    "windows": 200,
    **dict.fromkeys(MOVEMENT, FULL),
}


@dataclass(frozen=True, slots=True)
class Headers:
    """What the headers of an ask say of the browser."""

    #: whether it calls itself headless
    headless: bool = False
    #: Chromium's version by User-Agent and by Sec-CH-UA; 0 where it is not named
    agent_major: int = 0
    hint_major: int = 0


#: of who has sent none that says anything
SILENT = Headers()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a report comes to."""

    #: 1 for nothing odd, up to `FACTOR_MAX`
    factor: int = 1
    #: names of what is odd, in the order of the rules
    reasons: tuple[str, ...] = ()


#: of who has sent nothing, or nothing odd
NEUTRAL = Assessment()

Values = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that there is to judge."""

    #: of a report; what is missing counts as nothing odd
    values: Values
    headers: Headers
    #: of how a hand moves a mouse
    model: Model
    #: how many other visitors have sent the same movement, or nearly the same (see `sketches`)
    others: int = 0

    def of(self, name: str) -> int:
        """A value of the report."""
        return self.values.get(name, 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """One piece of evidence: what it adds, and to which group, and what it holds the factor at."""

    name: str
    holds: Callable[[Evidence], bool]
    points: int = 0
    group: str = ""
    floor: int = 1


def _is(name: str) -> Callable[[Evidence], bool]:
    return lambda seen: seen.of(name) > 0


def _many(name: str, least: int) -> Callable[[Evidence], bool]:
    return lambda seen: seen.of(name) >= least


def _mostly(part: str, whole: str, least: int) -> Callable[[Evidence], bool]:
    """So many of them, and half of all or more."""

    def holds(seen: Evidence) -> bool:
        return seen.of(part) >= least and 2 * seen.of(part) >= seen.of(whole)

    return holds


def _hints_missing(seen: Evidence) -> bool:
    return seen.of("hints_major") > 0 and seen.headers.hint_major == 0


def _hints_differ(seen: Evidence) -> bool:
    headers = seen.headers
    majors = {seen.of("hints_major"), headers.agent_major, headers.hint_major} - {0}
    return headers.hint_major > 0 and len(majors) > 1


def _typed_without_keys(seen: Evidence) -> bool:
    return seen.of("keyless_inputs") >= max(4, seen.of("keys"))


def _all_single(seen: Evidence) -> bool:
    return seen.of("single_moves") >= 40 and seen.of("single_moves") >= seen.of("moves")


def _contradicts(seen: Evidence) -> bool:
    return any(seen.of(part) > seen.of(whole) for part, whole in PARTS.items())


def _moves_like_a_program(seen: Evidence) -> bool:
    model = seen.model
    if seen.of("windows") < model.windows or seen.of("straight") < STEADY:
        return False
    score = model.score({name: seen.of(name) for name in model.names})
    return score > model.threshold + MARGIN


#: How far beyond its threshold the model has to be, and how straight the way has to be, in
#: thousandths of its turns. Who trembles was not among those it was fitted to. A tremor that a
#: program played for a test scored 1.9 beyond, on a busy machine more, with 67 at most; no tool
#: that was looked at had fewer than 186.
MARGIN = 2.2
STEADY = 80
#: From so many other visitors with the same movement on it is no chance: of 10,000 reports of
#: people, 2 met so many (docs/behaviour.md).
REPLAYED_FROM = 5
#: what is counted, and of what
PARTS: Mapping[str, str] = {
    "short_clicks": "clicks",
    "centre_clicks": "clicks",
    "short_keys": "keys",
    "teleports": "clicks",
    "single_moves": "moves",
    "scripted_scrolls": "scrolls",
}

RULES: tuple[Rule, ...] = (
    Rule("webdriver", _is("webdriver"), floor=FACTOR_MAX),
    Rule("headless", lambda seen: seen.headers.headless, floor=FACTOR_MAX),
    Rule("globals", _is("globals"), floor=FACTOR_MAX),
    Rule("driver_calls", _is("driver_calls"), floor=FACTOR_MAX),
    # Extensions that keep a browser private cause these too: one is dear, all are no dearer than a
    # program's habits are.
    Rule("worker_differs", _is("worker_differs"), points=2, group="environment"),
    Rule("permissions_differ", _is("permissions_differ"), points=1, group="environment"),
    Rule("webdriver_gone", _is("webdriver_gone"), points=2, group="environment"),
    Rule("hints_gone", _is("hints_gone"), points=2, group="environment"),
    Rule("hints_missing", _hints_missing, points=2, group="environment"),
    Rule("hints_differ", _hints_differ, points=2, group="environment"),
    Rule("short_clicks", _mostly("short_clicks", "clicks", 2), points=2, group="defaults"),
    Rule("centre_clicks", _mostly("centre_clicks", "clicks", 2), points=2, group="defaults"),
    Rule("short_keys", _mostly("short_keys", "keys", 4), points=1, group="defaults"),
    Rule("keyless_inputs", _typed_without_keys, points=2, group="defaults"),
    Rule("teleports", _mostly("teleports", "clicks", 3), points=1, group="defaults"),
    Rule("movement", _moves_like_a_program, points=2, group="movement"),
    Rule("contradicts", _contradicts, points=3, group="report"),
    Rule("replayed", lambda seen: seen.others >= REPLAYED_FROM, points=3, group="replay"),
    # Touchpads, anchors, bookmarklets and the like: together no more than a hint.
    Rule("single_moves", _all_single, points=1, group="weak"),
    Rule("scripted_scrolls", _mostly("scripted_scrolls", "scrolls", 20), points=1, group="weak"),
    Rule("nameless_calls", _many("nameless_calls", 2), points=1, group="weak"),
    Rule("glimpses", _many("glimpses", 6), points=1, group="weak"),
)
#: what a group adds at most
CAPS: Mapping[str, int] = {
    **{"environment": 3, "defaults": 5, "report": 3, "replay": 3},
    **{"movement": 2, "weak": 1},
}


def assess(values: Values, headers: Headers, model: Model, others: int = 0) -> Assessment:
    """The factor by which a price rises, and why.

    :param values: of a report; what is missing counts as nothing odd.
    :param model: of how a hand moves a mouse.
    :param others: visitors that have sent the same movement.
    """
    seen = Evidence(values, headers, model, others)
    found = [rule for rule in RULES if rule.holds(seen)]
    points = dict.fromkeys(CAPS, 0)
    for rule in found:
        if rule.group:
            points[rule.group] = min(CAPS[rule.group], points[rule.group] + rule.points)
    floor = max((rule.floor for rule in found), default=1)
    factor = min(FACTOR_MAX, max(floor, 1 + sum(points.values())))
    return Assessment(factor, tuple(rule.name for rule in found))


def known(fields: Mapping[str, object]) -> dict[str, int] | None:
    """The values of a report's fields, or None for one that no browser of ours has sent."""
    values: dict[str, int] = {}
    for name, value in fields.items():
        most = SIGNALS.get(name)
        if most is None or type(value) is not int or not 0 <= value <= most:
            return None
        values[name] = value
    return values

"""The movement model: fitted to some people and tools, tried on others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from . import _pointer
from ._logistic import Fit, Row, fit, quantile, wilson
from ._pointer import Mouse
from ._views import AS_RECORDED, View

#: what is measured of a window, in the browser's order
Names = Sequence[str]
#: a model judges the means over so many windows
WINDOWS = 3
FOLDS = 5
#: drawn mice count as much as all tools together
DRAWN_SHARE = 0.5
RIDGE = 0.02


@dataclass(frozen=True)
class Seen:
    """What the browser would tell of a mouse, for each view of it."""

    mouse: Mouse
    rows: Mapping[str, Sequence[Row]]

    def without(self, views: Iterable[str]) -> Seen:
        """The same mouse in other views only."""
        return Seen(self.mouse, {v: rows for v, rows in self.rows.items() if v not in views})


def seen(
    mice: Sequence[Mouse], views: Mapping[str, View], windows: int = WINDOWS
) -> tuple[Names, list[Seen]]:
    """All mice in all views, and the names of what is told."""
    told = _pointer.summaries(
        (view(mouse.recordings) for mouse in mice for view in views.values()),
        windows,
    )
    rows = iter([[tuple(one[n] for n in told.names) for one in mouse] for mouse in told.summaries])
    return told.names, [Seen(mouse, {view: next(rows) for view in views}) for mouse in mice]


@dataclass(frozen=True)
class Detector:
    """A model and what is above anything that the people it was fitted to have scored."""

    fit: Fit
    threshold: float
    #: scores of these people as recorded, unless that view is hidden
    people: Sequence[float] = field(repr=False)

    def flags(self, row: Row) -> bool:
        """Whether the price would at least double."""
        return self.fit.score(row) > self.threshold

    def at(self, share: float) -> float:
        """What so large a share of the people it was fitted to, as recorded, are above."""
        return quantile(self.people, 1 - share)


def detector(people: Sequence[Seen], tools: Sequence[Seen], drawn: Sequence[Seen]) -> Detector:
    """Fitted to these. People and tools weigh the same, and so does each set, mouse and view."""
    weighed = [*_weighed(people, 0, 0.5)]
    weighed += _weighed(tools, 1, 0.5 * (1 - DRAWN_SHARE))
    weighed += _weighed(drawn, 1, 0.5 * DRAWN_SHARE)
    rows, classes, shares = zip(*weighed, strict=True)
    whole = sum(shares)
    model = fit(rows, classes, [share / whole for share in shares], RIDGE)
    scores = {
        view: [model.score(row) for person in people for row in person.rows.get(view, ())]
        for view in people[0].rows
    }
    return Detector(
        model, max(map(max, filter(None, scores.values()))), scores.get(AS_RECORDED, ())
    )


def _weighed(mice: Sequence[Seen], kind: int, whole: float) -> Iterator[tuple[Row, int, float]]:
    groups = {one.mouse.group for one in mice}
    for group in sorted(groups):
        members = [one for one in mice if one.mouse.group == group]
        for one in members:
            views = [rows for rows in one.rows.values() if rows]
            share = whole / len(groups) / len(members) / max(1, len(views))
            for rows in views:
                yield from ((row, kind, share / len(rows)) for row in rows)


def fold(people: Sequence[Seen], number: int) -> tuple[list[Seen], list[Seen]]:
    """Those to fit to, and those to try: each person is tried in one of the folds."""
    sets: dict[str, int] = {}
    rest: list[Seen] = []
    tried: list[Seen] = []
    for person in people:
        at = sets[person.mouse.group] = sets.get(person.mouse.group, -1) + 1
        (tried if at % FOLDS == number else rest).append(person)
    return rest, tried


@dataclass
class Share:
    """So many of so many."""

    hits: float = 0.0
    of: int = 0

    @classmethod
    def among(cls, hits: Iterable[bool]) -> Share:
        """How many are true."""
        listed = list(hits)
        return cls(sum(listed), len(listed))

    @property
    def percent(self) -> float:
        """0 if there are none."""
        return 100 * self.hits / self.of if self.of else 0.0

    def __str__(self) -> str:
        low, high = wilson(self.hits, self.of)
        return f"{self.hits:.3g} of {self.of}; 95 %: {100 * low:.1f} to {100 * high:.1f}"


@dataclass(frozen=True)
class Trial:
    """A detector that has never seen some people and one tool."""

    detector: Detector
    people: Sequence[Seen]
    tool: Seen


def trials(people: Sequence[Seen], tools: Sequence[Seen], drawn: Sequence[Seen]) -> list[Trial]:
    """Every fold of people with every tool left out."""
    found = []
    for number in range(FOLDS):
        rest, tried = fold(people, number)
        for tool in tools:
            others = [other for other in tools if other is not tool]
            found.append(Trial(detector(rest, others, drawn), tried, tool))
    return found


Flags = Callable[[Detector, Row], bool]
#: the rows of a mouse that are tried
Rows = Callable[[Seen], Sequence[Row]]


def viewed(view: str) -> Rows:
    """The mouse in a view."""
    return lambda one: one.rows[view]


#: the mouse as it is in the data
as_recorded = viewed(AS_RECORDED)


def people_flagged(
    held: Sequence[Trial], rows: Rows = as_recorded, flags: Flags = Detector.flags
) -> dict[str, list[list[bool]]]:
    """For each set and person, which rows any detector flags that has not seen the person."""
    found: dict[str, dict[str, list[bool]]] = {}
    for trial in held:
        for person in trial.people:
            now = [flags(trial.detector, row) for row in rows(person)]
            members = found.setdefault(person.mouse.group, {})
            before = members.get(person.mouse.name, [False] * len(now))
            members[person.mouse.name] = [a or b for a, b in zip(before, now, strict=True)]
    return {group: list(members.values()) for group, members in sorted(found.items())}


def people_share(
    held: Sequence[Trial], rows: Rows = as_recorded, flags: Flags = Detector.flags
) -> Share:
    """Of all their rows."""
    sets = people_flagged(held, rows, flags).values()
    return Share.among(flag for people in sets for person in people for flag in person)


def tools_flagged(
    held: Sequence[Trial], rows: Rows = as_recorded, flags: Flags = Detector.flags
) -> dict[str, Share]:
    """For each tool, how many rows the detectors flag that have not seen it, in the mean."""
    found: dict[str, Share] = {}
    for trial in held:
        tried = rows(trial.tool)
        share = found.setdefault(trial.tool.mouse.name, Share(0, len(tried)))
        share.hits += sum(flags(trial.detector, row) for row in tried) / FOLDS
    return found


def tools_share(
    held: Sequence[Trial], rows: Rows = as_recorded, flags: Flags = Detector.flags
) -> Share:
    """Of all their rows."""
    return together(tools_flagged(held, rows, flags).values())


def together(shares: Iterable[Share]) -> Share:
    """All of them as one."""
    listed = list(shares)
    return Share(sum(share.hits for share in listed), sum(share.of for share in listed))

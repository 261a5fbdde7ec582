"""What one says of the movement model: of people and tools that it was not fitted to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from statistics import fmean

from . import _pointer, _views
from ._logistic import auc
from ._movement import (
    FOLDS,
    Detector,
    Seen,
    Share,
    Trial,
    as_recorded,
    detector,
    fold,
    people_flagged,
    people_share,
    together,
    tools_flagged,
    tools_share,
    trials,
    viewed,
)
from ._pointer import REST_MS, Mouse, Position
from ._report import Figure

#: false positives in percent, and tools found in percent, that are asked for
MOST_FALSE, LEAST_FOUND, MOST_MS = 1.0, 60.0, 1.0
#: people whose movement is timed
TIMED = 20
#: shares of people that a laxer threshold would let be flagged
SHARES = (0.005, 0.01, 0.02)
#: views that show the same in much the same way
KIN = ("touchpad", "smooth", "level", "joined")


def false_positives(held: Sequence[Trial], touch: Sequence[Seen]) -> Iterator[Figure]:
    """By set of people, and the worst of them.

    :param touch: gestures, one window at a time: the browser never passes them on.
    """
    flagged = people_flagged(held)
    shares = {group: Share.among(chain(*people)) for group, people in flagged.items()}
    notes = {group: str(share) for group, share in shares.items()}
    for finger in touch:
        rows, group = as_recorded(finger), finger.mouse.group
        shares[group] = Share.among(any(t.detector.flags(row) for t in held) for row in rows)
        gestures = len(finger.mouse.recordings)
        notes[group] = f"{shares[group]}, windows of {gestures} gestures, were they passed on"
    worst = max(shares, key=lambda group: shares[group].percent)
    note = f"worst set, {worst}: {notes[worst]}; held-out people, any of the fold's models"
    yield _most("behaviour.fpr", shares[worst].percent, "%", MOST_FALSE, note)
    for group, share in shares.items():
        yield Figure(f"behaviour.fpr.{group}", share.percent, "%", note=notes[group])
    for group, people in flagged.items():
        who = Share.among(any(rows) for rows in people)
        note = f"people of whom anything is flagged: {who}"
        yield Figure(f"behaviour.fpr_people.{group}", who.percent, "%", note=note)


def found(held: Sequence[Trial], still: Sequence[str]) -> Iterator[Figure]:
    """By tool, each left out of what the model was fitted to, and all together."""
    shares = tools_flagged(held)
    whole = together(shares.values())
    mean = fmean(share.percent for share in shares.values())
    note = f"{whole}, each tool left out; mean of the {len(shares)} tools {mean:.0f} %"
    if still:
        note += f"; no windows to judge: {', '.join(still)}"
    ok = whole.percent >= LEAST_FOUND
    yield Figure("behaviour.tpr_movement", whole.percent, "%", LEAST_FOUND, ok, note)
    for tool, share in shares.items():
        yield Figure(f"behaviour.tpr.{tool}", share.percent, "%", note=str(share))


def _most(name: str, value: float, unit: str, reach: float, note: str) -> Figure:
    return Figure(name, value, unit, reach, value <= reach, note)


def separation(held: Sequence[Trial]) -> Iterator[Figure]:
    """Areas under the curve, by tool and by set, in the mean of the folds."""
    areas: dict[str, list[float]] = {}
    for trial in held:
        score = trial.detector.fit.score
        high = [score(row) for row in as_recorded(trial.tool)]
        people: dict[str, list[float]] = {}
        for person in trial.people:
            people.setdefault(person.mouse.group, []).extend(map(score, as_recorded(person)))
        for group, low in people.items():
            areas.setdefault(group, []).append(auc(low, high))
        areas.setdefault(trial.tool.mouse.name, []).append(auc([*chain(*people.values())], high))
    for name, values in sorted(areas.items()):
        note = f"mean of {len(values)} folds, the lowest {min(values):.3f}"
        yield Figure(f"behaviour.auc.{name}", fmean(values), "", note=note)


def trade_off(held: Sequence[Trial]) -> Iterator[Figure]:
    """What laxer thresholds would do, chosen on the training people as they were recorded."""
    for share in SHARES:

        def flags(model: Detector, row: Sequence[float], share: float = share) -> bool:
            return model.fit.score(row) > model.at(share)

        false, tools = people_share(held, flags=flags), tools_share(held, flags=flags)
        name = f"behaviour.at_{100 * share:g}_percent"
        yield Figure(f"{name}.fpr", false.percent, "%", note=str(false))
        yield Figure(f"{name}.tpr", tools.percent, "%", note=str(tools))


def by_windows(held: Sequence[Trial], number: int, others: Sequence[Seen]) -> Iterator[Figure]:
    """The same models and thresholds on means over another number of windows."""
    rows = {(one.mouse.group, one.mouse.name): as_recorded(one) for one in others}

    def tried(one: Seen) -> Sequence[Sequence[float]]:
        return rows[one.mouse.group, one.mouse.name]

    false, tools = people_share(held, tried), tools_share(held, tried)
    name = f"behaviour.windows_{number}"
    yield Figure(f"{name}.fpr", false.percent, "%", note=str(false))
    yield Figure(f"{name}.tpr", tools.percent, "%", note=str(tools))


def by_view(
    held: Sequence[Trial], people: Sequence[Seen], tools: Sequence[Seen], drawn: Sequence[Seen]
) -> Iterator[Figure]:
    """Held-out people as others would have shown them; then so that no model knows the view."""
    worst: dict[str, tuple[float, str]] = {"known": (-1, ""), "unseen": (-1, "")}
    print("| view of people | flagged | flagged, the view unseen |\n| --- | --- | --- |")
    for view in _views.PEOPLE:
        known = people_share(held, viewed(view))
        unseen = Share.among(_flagged_unseen(view, people, tools, drawn))
        print(f"| {view} | {known} | {unseen} |")
        worst["known"] = max(worst["known"], (known.percent, f"{view}: {known}"))
        worst["unseen"] = max(worst["unseen"], (unseen.percent, f"{view}: {unseen}"))
    print()
    for name, (percent, note) in worst.items():
        yield Figure(f"behaviour.fpr_view.{name}", percent, "%", note=f"worst view, {note}")


def _flagged_unseen(
    view: str, people: Sequence[Seen], tools: Sequence[Seen], drawn: Sequence[Seen]
) -> Iterator[bool]:
    hidden = {v for v in _views.PEOPLE if v == view or any(k in v and k in view for k in KIN)}
    for number in range(FOLDS):
        rest, tried = fold(people, number)
        model = detector([one.without(hidden) for one in rest], tools, drawn)
        for person in tried:
            yield from (model.flags(row) for row in person.rows[view])


def drawn_unseen(
    people: Sequence[Seen], tools: Sequence[Seen], drawn: Sequence[Seen]
) -> Iterator[Figure]:
    """Each way of drawing, left out of what the model was fitted to."""
    shares = {}
    for way in drawn:
        model = detector(people, tools, [other for other in drawn if other is not way])
        shares[way.mouse.name] = Share.among(map(model.flags, as_recorded(way)))
    whole = together(shares.values())
    low = min(shares, key=lambda name: shares[name].percent)
    note = f"{whole}, each way left out; the lowest, {low}: {shares[low]}"
    yield Figure("behaviour.tpr_drawn", whole.percent, "%", note=note)


def without_kin(
    people: Sequence[Seen], tools: Sequence[Seen], drawn: Sequence[Seen]
) -> Iterator[Figure]:
    """What finds the tools: several move alike, so that leaving one out leaves its like in."""
    models = [detector(fold(people, number)[0], [], drawn) for number in range(FOLDS)]
    alone = [Trial(model, [], tool) for model in models for tool in tools]
    share = tools_share(alone)
    note = f"{share}, all tools left out: fitted to people and drawn mice only"
    yield Figure("behaviour.tpr_no_tools", share.percent, "%", note=note)
    shares = tools_flagged(trials(people, tools, []))
    low = min(shares, key=lambda name: shares[name].percent)
    share = together(shares.values())
    note = f"{share}, each tool left out, nothing drawn; the lowest, {low}: {shares[low]}"
    yield Figure("behaviour.tpr_no_drawn", share.percent, "%", note=note)


def across_sets(
    people: Sequence[Seen], tools: Sequence[Seen], drawn: Sequence[Seen]
) -> Iterator[Figure]:
    """Each set of people, tried with a model that was fitted to the other sets."""
    groups = sorted({person.mouse.group for person in people})
    if len(groups) < 2:
        print(f"Across sets nothing can be said: {groups[0]} is the only one with a mouse.\n")
        return
    for group in groups:
        model = detector([p for p in people if p.mouse.group != group], tools, drawn)
        tried = [p for p in people if p.mouse.group == group]
        share = Share.among(model.flags(row) for one in tried for row in as_recorded(one))
        yield Figure(f"behaviour.across.{group}", share.percent, "%", note=str(share))


def thread_time(mice: Sequence[Mouse]) -> Figure:
    """Main-thread time for a second of movement."""
    moves: list[Position] = []
    now = 0.0
    # More would be past the last window that is counted.
    mice = mice[:TIMED]
    for before, after in chain.from_iterable(
        pairwise(one.moves) for mouse in mice for one in mouse.recordings
    ):
        if after[0] - before[0] <= REST_MS:
            now += after[0] - before[0]
            moves.append((now, after[1], after[2]))
    took = json.loads(_pointer.node("thread_time.mjs", given=json.dumps(moves)))
    note = (
        f"first round, in Node, {took['events']:.0f} events in a second of movement;"
        f" median of all rounds {took['median']:.3f}"
    )
    return _most("behaviour.thread_ms", took["first"], "ms", MOST_MS, note)

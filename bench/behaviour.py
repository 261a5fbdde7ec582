"""Fits the movement model, and tells how well it does on people and tools that it has not seen.

`./run bench behaviour --data FOLDER` fits it to the data and says whether that is the model that
is committed; `--write` replaces that. With `--apply` nothing is fitted: the committed model is
tried on whatever is in the folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from math import ceil
from pathlib import Path
from typing import Any

from challenge import kinematics

from . import _movement_figures as of
from . import _pointer, _views
from ._drawn import drawn
from ._logistic import auc
from ._movement import DRAWN_SHARE, RIDGE, WINDOWS, Share, as_recorded, detector, seen, trials
from ._pointer import Mouse
from ._report import Figure, content, publish, show, write

SEED = 8
#: for each way of drawing
RECORDINGS = 12
#: other numbers of windows that the model is tried on
OTHER_WINDOWS = (1, 2, 6)
PLAIN = {_views.AS_RECORDED: _views.PEOPLE[_views.AS_RECORDED]}
COMMAND = "./run bench behaviour --data FOLDER --write"


class Data:
    """Whom the model is fitted to: who is in the folder and can be judged, and drawn mice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mice = _pointer.read(folder)
        with_mouse = [mouse for mouse in self.mice if mouse.device == "mouse"]
        people = [mouse for mouse in with_mouse if not mouse.is_tool]
        tools = [mouse for mouse in with_mouse if mouse.is_tool]
        self.names, moved = seen(people, _views.PEOPLE)
        self.people = [one for one in moved if as_recorded(one)]
        _, moved = seen(tools, _views.TOOLS)
        self.tools = [one for one in moved if as_recorded(one)]
        #: tools of which nothing can be judged
        self.still = [one.mouse.name for one in moved if not as_recorded(one)]
        _, self.touch = seen([mouse for mouse in self.mice if mouse.device == "touch"], PLAIN, 1)
        _, self.drawn = seen(list(drawn(SEED, RECORDINGS)), PLAIN)


def figures(data: Data) -> Iterator[Figure]:
    """All that is measured; nobody is tried with a model that was fitted to them."""
    known = data.people, data.tools, data.drawn
    held = trials(*known)
    yield from of.false_positives(held, data.touch)
    yield from of.found(held, data.still)
    yield from of.separation(held)
    yield from of.trade_off(held)
    movers = [one.mouse for one in (*data.people, *data.tools)]
    for number in OTHER_WINDOWS:
        yield from of.by_windows(held, number, seen(movers, PLAIN, number)[1])
    yield from of.by_view(held, *known)
    yield from of.drawn_unseen(*known)
    yield from of.without_kin(*known)
    yield from of.across_sets(*known)
    yield of.thread_time([one.mouse for one in data.people])


def record(data: Data) -> dict[str, Any]:
    """The model that is fitted to everybody, with its provenance."""
    model = detector(data.people, data.tools, data.drawn).fit
    fitted = {
        "names": list(data.names),
        "means": [round(mean, 2) for mean in model.means],
        "scales": [round(scale, 2) for scale in model.scales],
        "weights": [round(weight, 4) for weight in model.weights],
        "intercept": round(model.intercept, 4),
        "threshold": 0.0,
        "windows": WINDOWS,
    }
    score = kinematics.load(fitted).score
    rows = chain.from_iterable(rows for person in data.people for rows in person.rows.values())
    highest = max(score(_named(data.names, row)) for row in rows)
    fitted["threshold"] = ceil(100 * highest) / 100
    return fitted | {"provenance": provenance(data)}


def provenance(data: Data) -> dict[str, Any]:
    """What the model was fitted to, and how."""
    groups = [person.mouse.group for person in data.people]
    return {
        "command": COMMAND,
        "fitted": datetime.now(UTC).date().isoformat(),
        "seed": SEED,
        "ridge": RIDGE,
        "people": {group: groups.count(group) for group in sorted(set(groups))},
        "views_of_people": list(_views.PEOPLE),
        "tools": [tool.mouse.name for tool in data.tools],
        "views_of_tools": list(_views.TOOLS),
        "drawn_ways": len(data.drawn),
        "drawn_share": DRAWN_SHARE,
        "data_sha256": {path.name: _pointer.digest(path) for path in _pointer.files(data.folder)},
    }


def _named(names: Sequence[str], row: Sequence[float]) -> dict[str, int]:
    return {name: int(value) for name, value in zip(names, row, strict=True)}


def is_committed(fitted: Mapping[str, Any]) -> bool:
    """Whether the model in the repository is this one, but for the day."""
    if not kinematics.path().exists():
        return False
    kept = json.loads(kinematics.path().read_text())
    return _dayless(kept) == _dayless(fitted)


def _dayless(fitted: Mapping[str, Any]) -> dict[str, Any]:
    return {**fitted, "provenance": {**fitted["provenance"], "fitted": ""}}


def applied(mice: Sequence[Mouse]) -> Iterator[Figure]:
    """The committed model on each set and tool, for several numbers of windows."""
    model = kinematics.model()
    for number in sorted({WINDOWS, *OTHER_WINDOWS}):
        names, found = seen(mice, PLAIN, number)
        scores: dict[str, list[float]] = {}
        for one in found:
            group = one.mouse.name if one.mouse.is_tool else one.mouse.group
            told = (model.score(_named(names, row)) for row in as_recorded(one))
            scores.setdefault(group, []).extend(told)
        people = {one.mouse.group for one in found if not one.mouse.is_tool}
        low = [score for group in people for score in scores[group]]
        nothing = [group for group, values in scores.items() if not values]
        print(f"Nothing to judge in {number} windows: {', '.join(nothing) or 'nobody'}\n")
        for group, values in scores.items():
            if group in nothing:
                continue
            share = Share.among(score > model.threshold for score in values)
            area = "" if group in people or not low else f"; AUC {auc(low, values):.3f}"
            name = f"behaviour.applied.windows_{number}.{group}"
            yield Figure(name, share.percent, "%", note=f"{share}{area}")


def main() -> None:
    """Fit, tell, and compare; or apply."""
    parser = argparse.ArgumentParser(prog="./run bench behaviour", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of */*.jsonl.gz")
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--write", action="store_true", help="write challenge/kinematics.json")
    does.add_argument("--apply", action="store_true", help="try the committed model; fit nothing")
    options = parser.parse_args()
    try:
        _pointer.files(options.data)
    except FileNotFoundError as error:
        sys.exit(str(error))
    if options.apply:
        measured = list(applied(_pointer.read(options.data)))
        show(measured)
        write("behaviour-applied", content("./run bench behaviour --apply", measured))
        return
    data = Data(options.data)
    fitted = record(data)
    print(json.dumps(fitted, indent=1), end="\n\n", flush=True)
    publish("behaviour", list(figures(data)))
    if options.write:
        kinematics.path().write_text(json.dumps(fitted, indent=1) + "\n")
    elif not is_committed(fitted):
        sys.exit(f"\n{kinematics.path().name} is NOT what the fit prints")
    print(f"\n{kinematics.path().name} is what the fit prints")


if __name__ == "__main__":
    main()

"""The same hand with another mouse, screen, recorder or page; the same tool on another machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import hypot

from ._pointer import REST_MS, Moves, Position, Recording

AS_RECORDED = "as recorded"

Change = Callable[[Moves], Moves]
View = Callable[[Sequence[Recording]], Sequence[Recording]]


def _every(ms: float) -> Change:
    """Seen in frames: the last position of each."""

    def view(moves: Moves) -> Moves:
        start = moves[0][0]
        frames = {-int((start - t) // ms): (x, y) for t, x, y in moves}
        return [(start + frame * ms, x, y) for frame, (x, y) in frames.items()]

    return view


def _scaled(space: float, time: float = 1) -> Change:
    return lambda moves: [(t * time, x * space, y * space) for t, x, y in moves]


def _level(moves: Moves) -> Moves:
    """Turned so that the whole goes from left to right."""
    (_, x, y), (_, to_x, to_y) = moves[0], moves[-1]
    length = hypot(to_x - x, to_y - y) or 1.0
    right, down = (to_x - x) / length, (to_y - y) / length
    return [
        (t, (px - x) * right + (py - y) * down, (py - y) * right - (px - x) * down)
        for t, px, py in moves
    ]


def _smooth(moves: Moves) -> Moves:
    """A finer mouse: positions are means over about 50 ms."""
    smoothed = []
    for i, (t, _, _) in enumerate(moves):
        near = [move for move in moves[max(0, i - 2) : i + 3] if abs(move[0] - t) <= 30]
        x, y = (sum(move[axis] for move in near) / len(near) for axis in (1, 2))
        smoothed.append((t, x, y))
    return smoothed


def _uneven(moves: Moves) -> Moves:
    """Times that are wrong by up to 8 ms."""
    return [(t + 8 * (i * 0.618034 % 1), x, y) for i, (t, x, y) in enumerate(moves)]


def _stalled(moves: Moves) -> Moves:
    """A busy page: in each 700 ms nothing is seen for 150."""
    return [move for move in moves if (move[0] - moves[0][0]) % 700 < 550]


def _movements(moves: Moves) -> list[list[Position]]:
    found: list[list[Position]] = []
    for move in moves:
        if not found or move[0] - found[-1][-1][0] > REST_MS:
            found.append([])
        found[-1].append(move)
    return found


def _lifted(moves: Moves) -> Moves:
    """A touchpad: the finger lands and lifts in motion, so nothing begins or ends slowly."""
    start, *place = moves[0]
    seen: list[Position] = [(start - 2 * REST_MS, place[0], place[1])]
    for movement in _movements(moves):
        first, last = _fast_part(movement)
        _, before_x, before_y = movement[max(0, first - 1)]
        _, x, y = seen[-1]
        seen += [
            (t, x + to_x - before_x, y + to_y - before_y)
            for t, to_x, to_y in movement[first : last + 1]
        ]
    return seen


def _fast_part(movement: Sequence[Position], share: float = 0.2) -> tuple[int, int]:
    """First and last of what is faster than a share of the highest speed."""
    steps = [hypot(b[1] - a[1], b[2] - a[2]) / max(1.0, b[0] - a[0]) for a, b in pairwise(movement)]
    speeds = [sum(steps[max(0, i - 1) : i + 2]) / 3 for i in range(len(steps))]
    fast = [i for i, speed in enumerate(speeds, start=1) if speed > share * max(speeds)]
    return (fast[0], fast[-1]) if fast else (0, len(movement) - 1)


def _each(*changes: Change) -> View:
    """Every recording changed, with no less rest at its end."""

    def view(recordings: Sequence[Recording]) -> list[Recording]:
        seen = []
        for one in recordings:
            moves = one.moves
            for change in changes:
                moves = change(moves)
            rest = one.end - one.moves[-1][0]
            seen.append(Recording(moves, max(one.end, moves[-1][0] + rest)))
        return seen

    return view


def _joined(recordings: Sequence[Recording]) -> list[Recording]:
    """One after the other, each beginning where the one before came to rest."""
    seen: list[Recording] = []
    for one in recordings:
        if not seen or not seen[-1].rests:
            seen.append(one)
            continue
        end, (_, x, y) = seen[-1].end, seen[-1].moves[-1]
        start, from_x, from_y = one.moves[0]
        later = end - start
        moves = [(t + later, to_x - from_x + x, to_y - from_y + y) for t, to_x, to_y in one.moves]
        seen[-1] = Recording([*seen[-1].moves, *moves], one.end + later)
    return seen


FRAME = _every(1000 / 60)
#: people as other hands, screens and recorders would have shown them
PEOPLE: Mapping[str, View] = {
    AS_RECORDED: _each(),
    "60 Hz": _each(FRAME),
    "60 Hz, joined": lambda recordings: _each(FRAME)(_joined(recordings)),
    "60 Hz, joined, near": lambda recordings: _each(FRAME, _scaled(0.4))(_joined(recordings)),
    "60 Hz, half as far": _each(FRAME, _scaled(0.5)),
    "60 Hz, a third as far": _each(FRAME, _scaled(0.3)),
    "60 Hz, a seventh as far": _each(FRAME, _scaled(0.15)),
    "60 Hz, half as fast": _each(_scaled(1, 2), FRAME),
    "60 Hz, a seventh as fast": _each(_scaled(0.6, 4), FRAME),
    "60 Hz, twice as far": _each(_scaled(2), FRAME),
    "60 Hz, level": _each(_level, FRAME),
    "60 Hz, level, near": _each(_level, FRAME, _scaled(0.3)),
    "60 Hz, uneven times": _each(FRAME, _uneven),
    "60 Hz, smooth": _each(_smooth, FRAME),
    "60 Hz, smooth, near": _each(_smooth, FRAME, _scaled(0.4)),
    "30 Hz": _each(_every(1000 / 30)),
    "60 Hz, busy page": _each(FRAME, _stalled),
    "60 Hz, touchpad": _each(_lifted, FRAME),
    "60 Hz, touchpad, near": _each(_lifted, FRAME, _scaled(0.4)),
}


def _even(ms: float) -> Change:
    """On a faster machine, whose events come evenly."""

    def view(moves: Moves) -> Moves:
        now, seen = moves[0][0], [moves[0]]
        for before, move in pairwise(moves):
            since = move[0] - before[0]
            now += ms if since <= 70 else since
            seen.append((now, *move[1:]))
        return seen

    return view


#: tools as a faster machine or another page would have shown them
TOOLS: Mapping[str, View] = {
    AS_RECORDED: _each(),
    "even": _each(_even(1000 / 60)),
    "even, 120 Hz": _each(_even(1000 / 120)),
    "half as far": _each(_scaled(0.5)),
    "even, slow": _each(_even(1000 / 120), _scaled(1, 4)),
}

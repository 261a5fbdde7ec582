"""Copies of a recording as browsers would see them, and a day's visitors drawn from few people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random

from challenge.core.behaviour import MOVEMENT, REPLAYED_FROM
from challenge.core.sketches import HALF_BYTES, ROW_BYTES, WINDOWS, Senders, cells, note

from . import _pointer
from ._movement import Seen
from ._pointer import Moves, Recording

FRAME_MS = 1000 / 60
DAY_ENDS = 1
#: a report's values
Report = Mapping[str, int]


@dataclass(frozen=True)
class Playing:
    """How a recording is played: how far off it is, and whether a display's frames are between."""

    #: standard deviation of a position, px, and largest error of a time, ms
    px: float
    ms: float
    frames: bool

    def of(self, recordings: Sequence[Recording], random: Random) -> list[Recording]:
        """One more copy."""
        return [self._one(recording, random) for recording in recordings]

    def _one(self, recording: Recording, random: Random) -> Recording:
        moves, now = [], float("-inf")
        for t, x, y in recording.moves:
            now = max(now, t + random.uniform(-self.ms, self.ms))
            moves.append((now, x + random.gauss(0, self.px), y + random.gauss(0, self.px)))
        if self.frames:
            moves = _seen_in_frames(moves, random.uniform(0, FRAME_MS))
        rest = recording.end - recording.moves[-1][0]
        return Recording(moves, max(recording.end, moves[-1][0] + rest))


def _seen_in_frames(moves: Moves, start: float) -> list[_pointer.Position]:
    """The last position of each frame, told at its end."""
    frames = {int((t - start) // FRAME_MS): (x, y) for t, x, y in moves}
    return [(start + (frame + 1) * FRAME_MS, x, y) for frame, (x, y) in frames.items()]


def farm(people: Sequence[Seen], playing: Playing, copies: int, seed: int) -> list[list[Report]]:
    """Of each person's first movements, what so many browsers report that play them."""
    random = Random(seed)
    played = [
        playing.of(one.mouse.recordings[: WINDOWS + 1], random)
        for one in people
        for _ in range(copies)
    ]
    told = _pointer.summaries(played, WINDOWS).summaries
    reports = [summaries[:1] for summaries in told]
    return [
        [report for found in reports[at : at + copies] for report in found]
        for at in range(0, len(reports), copies)
    ]


def day(people: Sequence[Seen], view: str, windows: int, visitors: int, seed: int) -> list[Report]:
    """What so many visitors report: each time other windows of one of the people, chosen anew."""
    random = Random(seed)
    moving = [one.rows[view] for one in people if len(one.rows[view]) >= windows]
    reports: list[Report] = []
    for _ in range(visitors):
        rows = random.sample(random.choice(moving), windows)
        means = [round(sum(column) / windows) for column in zip(*rows, strict=True)]
        reports.append({"windows": windows, **dict(zip(MOVEMENT, means, strict=True))})
    return reports


def met(reports: Sequence[Report]) -> Iterator[int]:
    """How many others each visitor of a day meets, one visitor a report."""
    rows: dict[bytes, Senders] = {}
    for number, report in enumerate(reports):
        most = 0
        for grid, cell in enumerate(cells(report)):
            half = sha256(bytes([grid]) + cell).digest()[:HALF_BYTES]
            key, sender = half[:ROW_BYTES], number.to_bytes(8, "big")
            rows[key], others = note(rows.get(key), half, sender, 0, DAY_ENDS)
            most = max(most, others)
        yield most


def flagged(reports: Sequence[Report]) -> list[bool]:
    """Of which the price rises."""
    return [others >= REPLAYED_FROM for others in met(reports)]

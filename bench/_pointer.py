"""Recorded mice: people and tools, and what the browser would tell of them."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "behaviour"
#: a pause that ends a movement, ms
REST_MS = 100.0

#: milliseconds and pixels
Position = tuple[float, float, float]
Moves = Sequence[Position]


@dataclass(frozen=True)
class Recording:
    """What was seen of a mouse from some moment until `end`."""

    moves: Moves
    end: float

    @property
    def rests(self) -> bool:
        """Whether the mouse is known to rest at the end."""
        return self.end - self.moves[-1][0] > REST_MS


@dataclass(frozen=True)
class Mouse:
    """Somebody's recordings, in order."""

    #: the name of a set of people; "bot" for tools
    group: str
    #: a person's number or a tool's name
    name: str
    device: str
    recordings: Sequence[Recording]

    @property
    def is_tool(self) -> bool:
        """Whether no person moved it."""
        return self.group == "bot"


def read(folder: Path) -> list[Mouse]:
    """Everybody in the data, people in the order of their trials.

    :raises FileNotFoundError: if there is no data.
    """
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for path in files(folder):
        with gzip.open(path, "rt") as lines:
            for session in map(json.loads, lines):
                name = session.get("user") or session["tool"]
                device = "touch" if session.get("device") == "touch" else "mouse"
                found.setdefault((session["set"], name, device), []).append(session)
    mice = []
    for (group, name, device), sessions in sorted(found.items()):
        sessions.sort(key=lambda session: session.get("t0_ms") or 0)
        recordings = [_recording(session["ev"]) for session in sessions]
        mice.append(Mouse(group, name, device, [one for one in recordings if one.moves]))
    return mice


def files(folder: Path) -> list[Path]:
    """The data files.

    :raises FileNotFoundError: if there are none.
    """
    paths = sorted(folder.glob("*/*.jsonl.gz"))
    if not paths:
        raise FileNotFoundError(f"no */*.jsonl.gz in {folder}")
    return paths


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _recording(events: Sequence[Mapping[str, Any]]) -> Recording:
    moves = [(e["t_ms"], e["x"], e["y"]) for e in events if e["type"] == "move"]
    return Recording(moves, max(e["t_ms"] for e in events))


@dataclass(frozen=True)
class Told:
    """What the browser's own module tells of mice."""

    names: Sequence[str]
    #: of each mouse, so many windows at a time
    summaries: Sequence[Sequence[Mapping[str, int]]]


def summaries(mice: Iterable[Sequence[Recording]], windows: int) -> Told:
    """What the browser would tell of each mouse's recordings, so many windows at a time."""
    lines = "".join(
        json.dumps([{"moves": one.moves, "end": one.end} for one in recordings]) + "\n"
        for recordings in mice
    )
    names, *told = map(json.loads, node("summaries.mjs", str(windows), given=lines).splitlines())
    return Told(names, told)


def node(script: str, *arguments: str, given: str) -> str:
    """What a script of bench/behaviour prints."""
    command = ["node", str(SCRIPTS / script), *arguments]
    return subprocess.run(
        command, input=given, stdout=subprocess.PIPE, text=True, check=True
    ).stdout

"""Reads the word lists in `words/`: what the town's people do and say, one sentence a line."""

from dataclasses import dataclass
from pathlib import Path

WORDS = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Entry:
    """A name, with the lines (`- `) and the remarks (`> `) that stand below it."""

    name: str
    lines: tuple[str, ...]
    remarks: tuple[str, ...]


def sentences(path: Path) -> tuple[str, ...]:
    """The lines of a list; those that begin with `#` and empty ones are left out."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def entries(path: Path) -> tuple[Entry, ...]:
    """The entries of a list. Raises ValueError if a sentence belongs to none."""
    found: list[tuple[str, dict[str, list[str]]]] = []
    for line in sentences(path):
        mark, _, sentence = line.partition(" ")
        if mark not in ("-", ">"):
            found.append((line, {"-": [], ">": []}))
        elif not found:
            raise ValueError(f"{path.name} begins with a sentence of nobody: {line}")
        else:
            found[-1][1][mark].append(sentence)
    return tuple(Entry(name, tuple(said["-"]), tuple(said[">"])) for name, said in found)

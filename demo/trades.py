"""The trades of Aldersound: what people do, where, and how they talk about it at home."""

from dataclasses import dataclass

from demo.word_lists import WORDS, entries


@dataclass(frozen=True)
class Trade:
    """A role, its public lines, and remarks that only a profile shows."""

    role: str
    guild: str  # the list it stands in, and the drawing on its people's cards
    lines: tuple[str, ...]
    remarks: tuple[str, ...]


TRADES = tuple(
    Trade(entry.name, path.stem, entry.lines, entry.remarks)
    for path in sorted(WORDS.glob("trades/*.txt"))
    for entry in entries(path)
)

GUILDS = tuple(dict.fromkeys(trade.guild for trade in TRADES))

"""The register of the town's people that everybody may leaf through and search."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from demo.register import fold
from demo.town import Member

SOME = 48
PAGE = 60


@dataclass(frozen=True)
class Sheet:
    """One page of a list, and where it stands among the others."""

    people: Sequence[Member]
    number: int
    of: int


@dataclass(frozen=True)
class Directory:
    """The members of one town, in directory order."""

    people: tuple[Member, ...]
    #: chooses whom the first page shows
    seed: int

    @cached_property
    def by_handle(self) -> Mapping[str, Member]:
        """Everybody, by handle."""
        return {member.handle: member for member in self.people}

    @cached_property
    def letters(self) -> Mapping[str, tuple[Member, ...]]:
        """Everybody, under the letters of a printed directory."""
        grouped = groupby(self.people, key=lambda member: member.letter)
        return {letter: tuple(group) for letter, group in grouped}

    @cached_property
    def some(self) -> tuple[Member, ...]:
        """A first page's worth of people, of as many trades as there are."""
        drawn = random.Random(self.seed).sample(range(len(self.people)), len(self.people))
        seen: Counter[str] = Counter()
        turn = {}
        for at in drawn:
            seen[self.people[at].role] += 1
            turn[at] = seen[self.people[at].role]
        chosen = sorted(drawn, key=turn.__getitem__)[:SOME]
        return tuple(self.people[at] for at in sorted(chosen))

    def search(self, query: str) -> tuple[Member, ...]:
        """Who has every word of the query in name, trade or public line; accents do not count.

        Those come first in whose name all words begin a word. Personal values are not looked at.
        """
        words = spread(query).split()
        if not words:
            return ()
        found = [at for at, text in enumerate(self._texts) if all(word in text for word in words)]
        named = {at for at in found if all(f" {word}" in self._names[at] for word in words)}
        return tuple(self.people[at] for at in sorted(found, key=lambda at: (at not in named, at)))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(f" {spread(member.name)}" for member in self.people)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        public = (f" {spread(f'{member.role} {member.line}')}" for member in self.people)
        return tuple(name + text for name, text in zip(self._names, public, strict=True))


def sheet(people: Sequence[Member], number: int) -> Sheet | None:
    """That page of a list, counted from 1; None if the list has no such page."""
    of = max(1, -(-len(people) // PAGE))
    if not 1 <= number <= of:
        return None
    return Sheet(people[(number - 1) * PAGE : number * PAGE], number, of)


def spread(text: str) -> str:
    """The text as it is searched: small plain letters, apostrophes dropped, words apart."""
    plain = fold(text).casefold().replace("'", "")
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())

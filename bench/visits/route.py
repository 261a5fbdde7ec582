"""The one visit that everybody makes: a search, its first result, and on to who is linked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from demo.app import PEOPLE, SEED
from demo.directory import Directory
from demo.town import Member, members

QUERY = "sailmaker"
#: The first sale is five profiles and renewed when one is left, so the fourth asks.
PROFILES = 6


@dataclass(frozen=True)
class Route:
    """What is typed on the first page, and who is opened then, each linked from the one before."""

    query: str
    people: tuple[Member, ...]


@cache
def route(profiles: int = PROFILES) -> Route:
    """The route through the demo's town. Nobody on it has a namesake."""
    directory = Directory(members(SEED, PEOPLE), SEED)
    names = Counter(member.name for member in directory.people)
    people = [directory.search(QUERY)[0]]
    while len(people) < profiles:
        ties = (directory.by_handle[tie] for tie in people[-1].ties)
        people.append(next(m for m in ties if m not in people and names[m.name] == 1))
    assert names[people[0].name] == 1
    return Route(QUERY, tuple(people))

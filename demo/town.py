"""The people of Aldersound, invented from a seed: equal seeds give equal towns."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from demo.looks import look
from demo.places import CLUBS, Club
from demo.register import Deck, Register, fold
from demo.trades import TRADES, Trade

TOWN = "Aldersound"
SMALLEST = 5  # fewer people could not have four different ties each
LARGEST = 4000  # the register has four-figure postcodes, and names, for about as many


@dataclass(frozen=True)
class Member:
    """One person: what everybody may read, and what only a visitor of the profile may."""

    # Public: may stand on any page.
    handle: str
    given: str
    family: str
    role: str
    guild: str  # of the role
    line: str
    # Personal: never on a public page. Each value is unlike that of every other member.
    email: str
    phone: str
    address: str
    birthday: str
    bio: str
    portrait_seed: int  # the photo that it gives is personal too
    # Shown with the profile only: a club, and two neighbours followed by two mates of the club.
    club: str
    ties: tuple[str, ...]

    @property
    def name(self) -> str:
        """The whole name, as it is said."""
        return f"{self.given} {self.family}"

    @property
    def personal(self) -> tuple[str, ...]:
        """Every personal value that is text, for checks that none of them gets out."""
        return (self.email, self.phone, self.address, self.birthday, self.bio)

    @property
    def sort_key(self) -> str:
        """Family name first, without accents: the order of a printed directory."""
        return fold(f"{self.family} {self.given}").casefold()

    @property
    def letter(self) -> str:
        """The heading under which a printed directory would list this person."""
        return self.sort_key[0].upper()


def members(seed: int, count: int) -> tuple[Member, ...]:
    """Invent `count` people, in directory order.

    Handles and personal values are all different, every tie is another member, and whoever
    follows the ties can reach everybody. Raises ValueError outside SMALLEST to LARGEST.
    """
    if not SMALLEST <= count <= LARGEST:
        raise ValueError(f"a town has {SMALLEST} to {LARGEST} people, not {count}")
    rng = random.Random(seed)
    register = Register(rng)
    trades = Deck(rng, TRADES)
    clubs = Deck(rng, CLUBS[: max(1, count // 5)])  # so that every club has at least five
    street = [
        _entered(rng, register, trades.draw(), clubs.draw(), register.address(own, count))
        for own in range(count)
    ]
    tied = (replace(member, ties=ties) for member, ties in zip(street, _ties(street), strict=True))
    return tuple(sorted(tied, key=lambda member: (member.sort_key, member.handle)))


def _entered(
    rng: random.Random, register: Register, trade: Trade, club: Club, address: str
) -> Member:
    seed = rng.getrandbits(48)
    seen = look(seed)
    given, family, handle = register.name(seen)
    return Member(
        handle=handle,
        given=given,
        family=family,
        role=trade.role,
        guild=trade.guild,
        line=register.line(trade),
        email=register.email(given, family),
        phone=register.phone(),
        address=address,
        birthday=register.birthday(seen),
        bio=register.bio(trade, club),
        portrait_seed=seed,
        club=club.name,
        ties=(),
    )


def _ties(street: Sequence[Member]) -> list[tuple[str, ...]]:
    """The doors on both sides, which make one ring of the whole town, and the club's next two."""
    rolls: dict[str, list[int]] = defaultdict(list)
    for own, member in enumerate(street):
        rolls[member.club].append(own)
    ties: list[tuple[str, ...]] = [()] * len(street)
    for roll in rolls.values():
        for at, own in enumerate(roll):
            doors = ((own + 1) % len(street), (own - 1) % len(street))
            others = (mate for mate in roll[at + 1 :] + roll[:at] if mate not in doors)
            ties[own] = tuple(street[tie].handle for tie in (*doors, *islice(others, 2)))
    return ties

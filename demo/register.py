"""The town register: draws what makes people different, and never the same thing twice."""

import random
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Generic, TypeVar

from demo.looks import Look
from demo.names import FAMILY, GIVEN
from demo.places import CLUBS, PASTIMES, STREETS, Club
from demo.trades import TRADES, Trade

TODAY = date(2026, 6, 1)  # ages are told from here, so that the town never changes by itself
SHORTEST_STREET = 12  # houses, in a town that has so many people
MAIL_HOSTS = ("aldersound.example", "northslip.example", "harbourpost.example")
NUMBERS = (
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
# What Unicode does not take apart into a letter and an accent.
UNFOLDED = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "\u0131": "i"}
    | {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"}
)
T = TypeVar("T")


def fold(text: str) -> str:
    """Return the text in plain ASCII letters, accents dropped."""
    spread = unicodedata.normalize("NFKD", text.translate(UNFOLDED))
    return spread.encode("ascii", "ignore").decode("ascii")


class Deck(Generic[T]):
    """Cards dealt in random order; no card comes twice before every card came once."""

    def __init__(self, rng: random.Random, cards: Sequence[T]) -> None:
        self._rng = rng
        self._cards = tuple(cards)
        self._left: list[T] = []

    def draw(self) -> T:
        """Deal the next card, shuffling anew when the deck is used up."""
        if not self._left:
            self._left = self._rng.sample(self._cards, len(self._cards))
        return self._left.pop()


class Register:
    """Draws values from one source of randomness and remembers which are taken."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()
        self._given = {bearing: Deck(rng, names) for bearing, names in GIVEN.items()}
        self._family = Deck(rng, FAMILY)
        self._pastimes = Deck(rng, PASTIMES)
        self._lines = {trade: Deck(rng, trade.lines) for trade in TRADES}
        self._work = {trade: Deck(rng, trade.remarks) for trade in TRADES}
        self._club = {club: Deck(rng, club.remarks) for club in CLUBS}

    def name(self, look: Look) -> tuple[str, str, str]:
        """A given name that suits the look, a family name, and the handle of both."""
        while True:
            given, family = self._given[look.bearing].draw(), self._family.draw()
            handle = slug(f"{given} {family}")
            if handle not in self._taken:
                self._taken.add(handle)
                return given, family, handle

    def email(self, given: str, family: str) -> str:
        """An address that leads nowhere: RFC 2606 keeps `.example` out of the real world."""
        local = f"{slug(given)}.{slug(family).replace('-', '')}"
        return f"{local}@{self._rng.choice(MAIL_HOSTS)}"

    def phone(self) -> str:
        """A number in a country code that nobody has."""
        return self._fresh(
            lambda: "+00 4127 {:03d} {:03d}".format(*self._rng.choices(range(1000), k=2))
        )

    def address(self, own: int, count: int) -> str:
        """A house on one of the streets, which are filled one after the other.

        So whoever is entered next to somebody also lives next to them.
        """
        streets = min(len(STREETS), max(2, count // SHORTEST_STREET))
        length = -(-count // streets)
        street, house = divmod(own, length)
        first = 3 + street * 5 % 17
        code = self._fresh(lambda: f"AS{self._rng.randrange(1000, 10000)}")
        return f"{first + 2 * house} {STREETS[street]}, {code}"

    def birthday(self, look: Look) -> str:
        """A day that gives the age one sees in the portrait."""
        return self._fresh(
            lambda: _written(
                TODAY - timedelta(days=round(look.age * 365.25) + self._rng.randrange(1, 365))
            )
        )

    def line(self, trade: Trade) -> str:
        """What the trade says in public."""
        return self._lines[trade].draw()

    def bio(self, trade: Trade, club: Club) -> str:
        """Three sentences: work, club, home."""
        return self._fresh(
            lambda: " ".join(
                (
                    self._work[trade].draw(),
                    self._club[club].draw(),
                    self._pastimes.draw().format(n=self._rng.choice(NUMBERS)),
                )
            )
        )

    def _fresh(self, draw: Callable[[], str]) -> str:
        while (value := draw()) in self._taken:
            pass
        self._taken.add(value)
        return value


def slug(name: str) -> str:
    """The name in the letters of a URL: ada-lind for Ada Lind."""
    kept = "".join(letter for letter in fold(name).lower() if letter.isalpha() or letter in " -")
    return "-".join(kept.replace("-", " ").split())


def _written(day: date) -> str:
    # Not strftime: a server's locale must not change what the directory says.
    weekday = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    month = (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    )
    return f"{weekday[day.weekday()]} {day.day} {month[day.month - 1]} {day.year}"

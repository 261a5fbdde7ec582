"""What people pay who use a browser in their own way: `./run bench personas`.

Each makes the visit by what the system sends to a plain browser, and once more with Playwright in
their place, to see that it is the program that pays and not the way.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ._report import Figure, publish
from .visits import reports
from .visits.personas import PERSONAS, Persona, visit
from .visits.watched import NOTHING, Told

NEUTRAL = 1.0


@dataclass(frozen=True)
class Row:
    """What came of a persona, and of Playwright in its place."""

    name: str
    plain: Told
    driven: Told

    @property
    def is_neutral(self) -> bool:
        """Whether the persona paid nothing for its way, at any ask."""
        return bool(self.plain.quotes) and all(q.factor == NEUTRAL for q in self.plain.quotes)

    @property
    def tells_programs(self) -> bool:
        """Whether Playwright paid at its first renewal, going the same way."""
        quote = self.driven.first_renewal
        return quote is not None and quote.factor > NEUTRAL


def rows(personas: Iterable[Persona]) -> Iterator[Row]:
    """One for each; printed as they come."""
    print("| persona | profiles | renewals | factor | reasons | through Playwright | reasons |")
    print("| --- | ---: | ---: | ---: | --- | ---: | --- |")
    for persona in personas:
        row = Row(persona.name, _visit(persona, driven=False), _visit(persona, driven=True))
        cells = [row.name, str(len(row.plain.opened)), str(row.plain.renewals)]
        for told in (row.plain, row.driven):
            cells += [told.factor, ", ".join(told.reasons)]
        print(f"| {' | '.join(cells)} |", flush=True)
        yield row


def _visit(persona: Persona, *, driven: bool) -> Told:
    """A visit; one that fails is nobody's, and stops no other."""
    try:
        return visit(persona, driven=driven)
    except TimeoutError as error:
        print(f"{persona.name}: {error}", file=sys.stderr)
        return NOTHING


def figures(found: Sequence[Row]) -> Iterator[Figure]:
    """How many paid nothing."""
    neutral = sum(row.is_neutral for row in found)
    odd = ", ".join(row.name for row in found if not row.is_neutral)
    note = "factor 1 at every ask" + (f"; not {odd}" if odd else "")
    yield Figure(
        "behaviour.personas_neutral",
        neutral,
        "personas",
        reach=len(found),
        ok=neutral == len(found),
        note=note,
    )
    caught = sum(row.tells_programs for row in found)
    yield Figure(
        "behaviour.personas_driven",
        caught,
        "personas",
        reach=len(found),
        ok=caught == len(found),
        note="the same through Playwright, factor over 1 at the first renewal",
    )


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run bench personas", description=__doc__)
    names = [persona.name for persona in PERSONAS]
    parser.add_argument("--only", action="append", choices=names, help="one; publishes nothing")
    options = parser.parse_args()
    chosen = [persona for persona in PERSONAS if not options.only or persona.name in options.only]
    found = list(rows(chosen))
    if not options.only:
        print()
        visits = [visit for row in found for visit in (row.plain, row.driven)]
        told = [*figures(found), *reports.figures("behaviour.personas", visits)]
        publish("personas", told)


if __name__ == "__main__":
    main()

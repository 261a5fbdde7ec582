"""The streets, clubs and pastimes of Aldersound."""

from dataclasses import dataclass

from demo.word_lists import WORDS, entries, sentences


@dataclass(frozen=True)
class Club:
    """A club, and what a member says of it at home."""

    name: str
    remarks: tuple[str, ...]


# No public line names one of these, so that looking for a street finds nobody.
STREETS = (
    "Rope Street", "Lamplighter Lane", "Caulker's Row", "Tar Yard", "Upper Quay", "Gull Steps",
    "Anchor Hill", "Net Loft Close", "Customs House Lane", "Old Ferry Road", "Windlass Walk",
    "Sailmakers' Court", "Beacon Rise", "Herring Alley", "Chandlers' End", "Bell Buoy Terrace",
    "Pilot's Gate", "Cork Lane", "Mizzen Street", "Oakum Yard", "Tideway", "Samphire Bank",
    "Cooper's Hill", "Spindrift Road", "Lantern Street", "Three Barrels Lane", "Kelp Row",
    "Fathom Street", "Captain's Walk", "Ballast Lane", "Saltpan Road", "Plover Close",
    "Weathercock Hill", "Figurehead Lane", "Nine Steps", "Marram Street", "Biscuit Alley",
    "Curlew Terrace", "Old Battery Road", "Compass Row", "Widow's Reach", "Mulberry Slip",
    "Tern Street", "Bollard Lane", "Orchard Rise", "Doldrum Street", "Hawser Court",
    "Lobster Pot Lane", "Whistle Hill", "Smokehouse Street", "Pound Lock Road", "Gannet Row",
    "Sextant Street", "Low Water Lane", "Ferryman's End", "Sea Holly Bank", "Brass Bell Lane",
    "Merchant's Stair", "Ginger Street", "Leeward Road",
)  # fmt: skip

CLUBS = tuple(Club(entry.name, entry.remarks) for entry in entries(WORDS / "clubs.txt"))

PASTIMES = sentences(WORDS / "pastimes.txt")

"""The streets, clubs and pastimes of Aldersound."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Club:
    """A club, and what a member says of it at home."""

    name: str
    remarks: tuple[str, ...]


STREETS = (
    "Rope Street", "Lamplighter Lane", "Caulker's Row", "Tar Yard", "Upper Quay", "Gull Steps",
    "Anchor Hill", "Net Loft Close", "Customs House Lane", "Old Ferry Road", "Windlass Walk",
    "Sailmakers' Court", "Beacon Rise", "Herring Alley", "Chandlers' End", "Bell Buoy Terrace",
)  # fmt: skip

CLUBS = (
    Club("Six-Oar Rowing Club", (
        "I row bow in the Tuesday six and have never once been on time.",
        "I steer for the rowing club, since somebody has to face forward.",
        "On race day I bring the towels and the ginger biscuits for the rowers.",
    )),
    Club("Harbour Choir", (
        "I sing second alto in the Harbour Choir, next to the radiator.",
        "I joined the choir for the tea and stayed for the Bach.",
        "I keep the choir's music in order, in biscuit tins, by key.",
    )),
    Club("Customs House Chess", (
        "I lose at chess on Thursdays with great pleasure.",
        "I have played the same unfinished game at the Customs House for two winters.",
        "I teach the under-tens their openings on Saturday mornings.",
    )),
    Club("Cold Water Swimmers", (
        "I swim from the South Slip every morning from May to the first frost.",
        "I am told the water is warmer in September, and I go in to check.",
        "I hold the flask and the stopwatch for the cold water swimmers.",
    )),
    Club("Beekeepers' Circle", (
        "My two hives stand behind the chapel and are better tempered than I am.",
        "I label the honey for the bee circle and spell heather right most years.",
        "I came to the bees late and now plan my holidays round the swarm season.",
    )),
    Club("Brass on the Quay", (
        "I play the tenor horn in the quay band, mostly the long notes.",
        "I took up the cornet at the band's open evening and nobody stopped me.",
        "I carry the big drum on feast days, because I am the right height for it.",
    )),
    Club("Allotment Society", (
        "My leeks came third at the allotment show and I have kept the card.",
        "I share plot nineteen with a blackbird and grow far too much chard.",
        "I run the seed swap, so my kitchen drawers are all envelopes.",
    )),
    Club("Night Sky Society", (
        "I keep the telescope dry for the sky society and the cocoa warm.",
        "I wait for clear nights on Beacon Rise and talk to whoever is there.",
        "I once showed half the school the rings of Saturn through a gap in the fog.",
    )),
    Club("Mending Evening", (
        "I darn at the mending evening and can be had for the price of a story.",
        "I repair toasters on Wednesdays and have not yet met one I disliked.",
        "I sew on buttons for anyone under eight and over eighty.",
    )),
    Club("Lifeboat Crew", (
        "I have been on the lifeboat roster long enough to sleep in my socks.",
        "I am shore crew for the lifeboat, which means ropes, soup and waiting.",
        "I rattle the lifeboat tin at the fair, dressed as a puffin.",
    )),
)  # fmt: skip

PASTIMES = (
    "The house has {n} clocks and no two agree.",
    "I have read the same {n} detective novels since I was nine.",
    "I came for one summer, {n} summers ago.",
    "My cat has {n} names, depending on the street.",
    "I have painted the front door {n} times and am still not sure of the green.",
    "I can name {n} kinds of knot and tie about half of them.",
    "I bake {n} loaves on Fridays and give most of them away.",
    "My grandmother's trunk holds {n} letters that I am slowly copying out.",
    "I keep a weather diary, {n} notebooks so far.",
    "There are {n} steps to my door, and visitors count them aloud.",
    "I have {n} pen friends and one good pen.",
    "The lodger is a tortoise of about {n}.",
    "My record for skimming a stone is {n} bounces, with a witness.",
    "I know {n} songs about the sea and one about a train.",
    "I have mended the same kettle {n} times.",
    "Ask me about the winter when {n} geese came to the market.",
    "I have tried {n} ways to cook mackerel and returned to the first.",
    "My shed holds {n} jam jars waiting for a good year.",
    "I have walked round the bay {n} times for charity.",
    "The piano has {n} keys that work, which is enough.",
)

"""The trades of Aldersound: what people do, where, and how they talk about it at home."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trade:
    """A role, its public lines, and a remark that only a profile shows."""

    role: str
    lines: tuple[str, str]
    remark: str


TRADES = (
    Trade(
        "Boatbuilder",
        ("Clinker dinghies, at the North Slip", "Larch on oak, and one boat at a time"),
        "I still cut the first plank by eye and the second by ruler.",
    ),
    Trade(
        "Sailmaker",
        (
            "Sails and covers, in the loft over the chandlery",
            "Tan sails mended while the tide is out",
        ),
        "I have a sailmaker's palm that was my aunt's and fits nobody else.",
    ),
    Trade(
        "Harbour pilot",
        ("Brings the coasters in past Old Agnes", "Up before the tide, most days"),
        "I know the bar by its sound and trust the echo sounder second.",
    ),
    Trade(
        "Lighthouse keeper",
        ("Keeps the lamp at the Skerry Head light", "Opens the tower on the first Sunday"),
        "The lamp looks after itself these days, so I look after the paint.",
    ),
    Trade(
        "Baker",
        ("Rye, seeded and Saturday buns, on the Quay", "First light on in town since the old oven"),
        "I sleep from seven to two and dream about hydration.",
    ),
    Trade(
        "Fishmonger",
        ("The blue door by the fish steps", "What came in this morning, and how to cook it"),
        "I was raised on a boat and get seasick in cars.",
    ),
    Trade(
        "Net maker",
        ("Nets, hammocks and swings to order", "Works by the open door of the net loft"),
        "My hands know the knot so well that I can argue while I tie it.",
    ),
    Trade(
        "Midwife",
        ("For the town and both islands", "Has met a third of the harbour on day one"),
        "I carry a spare jumper in the boat because babies choose the weather.",
    ),
    Trade(
        "Teacher",
        ("Class four at the Harbour School", "Sums, newts and sea shanties"),
        "I learned more about tides from nine-year-olds than from any book.",
    ),
    Trade(
        "Librarian",
        ("At the old Customs House, open late on Thursdays", "Finds the book with the red cover"),
        "I read the last page first and see nothing wrong in it.",
    ),
    Trade(
        "Ferry captain",
        ("Island ferry, four crossings a day", "Waits for you if you wave"),
        "I have crossed the sound more often than I have crossed the road.",
    ),
    Trade(
        "Blacksmith",
        ("Gates, hinges and boat iron, in Tar Yard", "The forge is open when the shutter is up"),
        "I made my own door knocker and have regretted its volume since.",
    ),
    Trade(
        "Potter",
        ("Blue-grey glazes from local clay", "Mugs that sit well on a moving table"),
        "My first kiln was a dustbin and it is still my favourite.",
    ),
    Trade(
        "Beekeeper",
        ("Heather honey from the headland", "Collects swarms, kindly and by ladder"),
        "I have been stung often enough to have opinions about weather.",
    ),
    Trade(
        "District nurse",
        ("Rounds on a green bicycle", "Monday clinic at the seamen's mission"),
        "I know whose stairs creak and whose dog only pretends.",
    ),
    Trade(
        "Piano tuner",
        ("Pianos, harmoniums and the chapel organ", "Listens for a living"),
        "Sea air is my best customer and my worst enemy.",
    ),
    Trade(
        "Clockmaker",
        ("Ship's clocks and town clocks", "Winds the Market Hall clock on Mondays"),
        "I am late for everything, on principle, by four minutes.",
    ),
    Trade(
        "Postmaster",
        ("Behind the brass grille on Market Square", "Parcels, pensions and passing on hellos"),
        "I can tell a love letter by how slowly it is handed over.",
    ),
    Trade(
        "Gardener",
        ("Looks after the Captain's Garden", "Salt-proof hedges and old roses"),
        "I talk to the roses and have stopped apologising for it.",
    ),
    Trade(
        "Carpenter",
        ("Stairs, shelves and ships' doors", "Joints without screws, where it matters"),
        "My workshop floor is the warmest in town, being mostly shavings.",
    ),
    Trade(
        "Bookbinder",
        ("Logbooks, ledgers and family bibles", "Two presses and a great deal of thread"),
        "I have a soft spot for books that were dropped in the bath.",
    ),
    Trade(
        "Marine biologist",
        ("Counts seals and seagrass for the sound", "Field station at the old ice house"),
        "My longest study is of one anemone, and it has outlived three grants.",
    ),
    Trade(
        "Cook",
        ("Soup and something, at the Mission Kitchen", "Feeds the night shift and the choir"),
        "I season by smell since I burned my tongue at a wedding.",
    ),
    Trade(
        "Tailor",
        ("Alterations and good coats, above the bank", "Takes up, lets out, makes do"),
        "I measure people at parties and try not to say the number.",
    ),
    Trade(
        "Cooper",
        ("Barrels, buckets and bathtubs", "Oak and willow, from the yard by the bridge"),
        "My barrels go abroad more than I do.",
    ),
    Trade(
        "Radio operator",
        ("The calm voice of Aldersound Coast Radio", "Weather at six, noon and nine"),
        "I speak slowly on the air and far too fast at supper.",
    ),
    Trade(
        "Glazier",
        ("Windows, lanterns and a little stained glass", "Putty, patience and a steady ladder"),
        "I put a very small fish in every window that I make.",
    ),
    Trade(
        "Veterinary surgeon",
        ("Sheep, cats and the occasional seal", "Surgery behind the creamery"),
        "I have been bitten by everything except the seals.",
    ),
    Trade(
        "Signwriter",
        ("Boat names and shop fronts by brush", "Gold leaf on still days only"),
        "I have misspelled one boat and the owner liked it better.",
    ),
    Trade(
        "Ropemaker",
        ("Three-strand and braided, at the long walk", "A hundred fathoms at a time"),
        "I walk backwards for a living and know every dip in the floor.",
    ),
    Trade(
        "Cheesemaker",
        ("Goat and ewe, washed in sea water", "The creamery at the top of the hill"),
        "I name the cheeses after storms, so the catalogue is long.",
    ),
    Trade(
        "Chandler",
        ("Lamps, line and lamp oil", "If it floats or fastens, third shelf"),
        "I keep one of everything that nobody makes any more.",
    ),
    Trade(
        "Music teacher",
        ("Fiddle and accordion, all ages", "Scales on Monday, reels on Friday"),
        "I can hear from the street who has practised.",
    ),
    Trade(
        "Bus driver",
        ("The number 3, harbour to headland", "Knows which stop you meant"),
        "I hum on the hill and the regulars join in at the bend.",
    ),
    Trade(
        "Weaver",
        ("Blankets in the colours of the sound", "Two looms by the west window"),
        "I plan a blanket all winter and change my mind at the first stripe.",
    ),
    Trade(
        "Photographer",
        ("Weddings, boats and other launchings", "Dark room in the cellar, light one upstairs"),
        "I wait for the moment after everyone thinks that I have finished.",
    ),
    Trade(
        "Crab fisher",
        ("Forty pots off Skerry Head", "Sells from the boat at half past ten"),
        "I named the boat after my sister so that she would have to forgive me.",
    ),
    Trade(
        "Historian",
        ("The town museum, and its attic", "Keeps the old harbour ledgers"),
        "I have found three wrong dates on the town monument and told nobody but you.",
    ),
    Trade(
        "Pharmacist",
        ("The green lamp on Market Square", "Sea-sickness, sunburn and sound advice"),
        "I make my own liquorice and prescribe it freely.",
    ),
    Trade(
        "Shipwright",
        ("Big repairs at the South Slip", "Steel hulls and straight answers"),
        "I have walked under more boats than most people have been on.",
    ),
    Trade(
        "Tea merchant",
        ("Seven sorts and one secret blend", "The shop with the bell that sticks"),
        "I taste two hundred cups a week and drink water at home.",
    ),
    Trade(
        "Bicycle mechanic",
        ("Rust is the house speciality", "Open shed, opposite the ferry"),
        "I have never owned a bicycle with all its own parts.",
    ),
    Trade(
        "Physiotherapist",
        ("Backs, knees and rowers", "Upstairs at the bath house"),
        "I can spot a rower's shoulder from across the market.",
    ),
    Trade(
        "Software developer",
        ("Tide tables and timetables, from a garden shed", "Keeps the harbour's computers afloat"),
        "I moved here for the quiet and live beside the bell buoy.",
    ),
    Trade(
        "Judge's clerk",
        ("At the small court over the corn hall", "Files, deadlines and dry humour"),
        "I write very short poems on the backs of adjourned lists.",
    ),
    Trade(
        "Florist",
        ("Sea holly, sweet peas and wreaths", "The bucket stall by the steps"),
        "I sneeze from May to August and would not change a thing.",
    ),
    Trade(
        "Puppeteer",
        ("The Pocket Theatre, most Saturdays", "Forty puppets, two hands"),
        "The crocodile is based on a cousin who has not noticed.",
    ),
    Trade(
        "Roofer",
        ("Slate, lead and a head for heights", "Gutters cleared before the gales"),
        "I know the town from above and like it even better that way.",
    ),
)

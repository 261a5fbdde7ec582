"""How somebody looks: every choice a portrait draws, made once from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

Bearing = Literal["f", "m", "n"]
T = TypeVar("T")


@dataclass(frozen=True)
class Skin:
    """Four flat tones: the skin, its shadow, the drawn line and the cheek."""

    base: str
    shade: str
    line: str
    cheek: str


@dataclass(frozen=True)
class Look:
    """Everything visible about a person; equal seeds give equal looks."""

    seed: int
    age: int
    bearing: Bearing  # which given names suit: f, m, or n for either
    skin: Skin
    half_width: int  # of the head, in drawing units
    jaw: float  # 0.5 narrow to 0.8 square
    hair: str
    style: str
    beard: str
    brow: str
    eyes: str
    nose: str
    mouth: str
    glasses: str
    freckles: bool
    earrings: bool
    hearing_aid: bool
    dress: str
    cloth: str
    trim: str
    shoulders: int
    backdrop: str
    scene: str


SKINS = (
    Skin("#f5d9c6", "#e6bea6", "#b07b62", "#e59c88"),
    Skin("#f0cbaf", "#dfae8d", "#a3704f", "#de9079"),
    Skin("#e5b792", "#cf9a73", "#8f5d3c", "#d0805f"),
    Skin("#d2a077", "#ba8459", "#7f5233", "#bd6f4c"),
    Skin("#b57d54", "#9c6742", "#67402a", "#a4583a"),
    Skin("#96633f", "#7e5032", "#4e2e1c", "#8a4630"),
    Skin("#845638", "#6c442b", "#3a2013", "#7c3f2c"),
    Skin("#704731", "#5a3725", "#2a140c", "#6e3527"),
)
DARK_HAIR = ("#221c1c", "#2f2420", "#43302a")
FAIR_HAIR = ("#5d3c28", "#7d4b2c", "#a5592f", "#94734a", "#c39f63", "#43302a", "#2f2420")
GREY_HAIR = ("#8f8c88", "#a9a6a0", "#c9c5bd")
WHITE_HAIR = ("#c9c5bd", "#dedad1", "#ebe7de")
DYED_HAIR = ("#3f6f73", "#7b4a63")

CLOTHS = (
    "#2f5146", "#34506a", "#8a4b38", "#b98a3c", "#6b7462", "#54455c", "#28383f", "#a3603f",
    "#c9b48c", "#476c73", "#7a3b46", "#d8d0bd",
)  # fmt: skip
TRIMS = ("#f1e9d8", "#e2c98f", "#d9a08a", "#a9c3b6", "#b9c8d3")
BACKDROPS = ("#b9ccc6", "#dccfae", "#d9bfae", "#b3c3cc", "#c3cbac", "#d8cfc0", "#cbbfc4", "#e0cf9f")
# Behind pale cloth, so that nobody melts into the wall.
COOL_BACKDROPS = ("#b9ccc6", "#b3c3cc", "#c3cbac")
PALE = ("#c9b48c", "#d8d0bd")
SCENES = ("sun", "sea", "hills", "sail", "bunting", "roofs", "leaves", "plain")

LONG = ("bob", "long", "waves", "bun", "ponytail", "plaits", "knot", "fringe", "pixie", "curls")
SHORT = ("crop", "parted", "quiff", "curly_top", "receding", "bald", "ring", "swept")
EITHER = ("crop", "swept", "curls", "bob", "pixie", "curly_top", "knot")
COILED_F = ("afro", "braids", "puff", "curls", "crop", "wrap", "bun")
COILED_M = ("crop", "crop", "flat_top", "locs", "bald", "receding")
HATS = {
    "f": ("beanie", "sunhat", "hijab", "hijab", "kerchief"),
    "m": ("beanie", "cap", "turban", "cap", "souwester"),
    "n": ("beanie", "cap", "souwester", "sunhat"),
}
DRESSES = {
    "f": ("crew", "breton", "shirt", "dungarees", "cardigan", "rollneck", "scarf", "blouse",
          "drape", "oilskin"),
    "m": ("crew", "breton", "shirt", "dungarees", "waistcoat", "rollneck", "apron", "gansey",
          "oilskin", "tunic"),
    "n": ("crew", "breton", "shirt", "dungarees", "cardigan", "gansey", "apron", "scarf"),
}  # fmt: skip

PLAIN = ("crew", "rollneck", "gansey")  # what a long headscarf may fall over


def look(seed: int) -> Look:
    """Choose a whole appearance; pure, so town and portrait agree about the same seed."""
    rng = random.Random(seed)
    bearing: Bearing = _weighted(rng, (("f", 44), ("m", 44), ("n", 12)))
    age = int(_weighted(rng, ((rng.randint(19, 33), 27), (rng.randint(34, 57), 43),
                              (rng.randint(58, 71), 20), (rng.randint(72, 90), 10))))  # fmt: skip
    tone = rng.randrange(len(SKINS))
    style = _style(rng, bearing, tone, age)
    cloth = rng.choice(CLOTHS)
    return Look(
        seed=seed,
        age=age,
        bearing=bearing,
        skin=SKINS[tone],
        half_width=rng.randint(46, 52),
        jaw=rng.uniform(0.56, 0.68) if bearing == "f" else rng.uniform(0.6, 0.78),
        hair=_hair(rng, tone, age),
        style=style,
        beard=_beard(rng, bearing, age),
        brow=rng.choice(("soft", "soft", "flat", "arched")),
        eyes=rng.choice(("open", "open", "open", "open", "smiling")),
        nose=rng.choice(("left", "right", "button", "broad" if tone > 3 else "button")),
        mouth=rng.choice(("smile", "smile", "half", "wide", "calm")),
        glasses=_glasses(rng, age),
        freckles=tone < 3 and rng.random() < 0.25,
        earrings=bearing != "m" and rng.random() < 0.4,
        hearing_aid=rng.random() < (0.2 if age > 65 else 0.04),
        dress=rng.choice(PLAIN if style == "hijab" else DRESSES[bearing]),
        cloth=cloth,
        trim=rng.choice([trim for trim in TRIMS if trim != cloth]),
        shoulders=rng.randint(94, 108) if bearing == "f" else rng.randint(100, 122),
        backdrop=rng.choice(COOL_BACKDROPS if cloth in PALE else BACKDROPS),
        scene=rng.choice(SCENES),
    )


def _weighted(rng: random.Random, choices: Sequence[tuple[T, int]]) -> T:
    return rng.choices([value for value, _ in choices], [weight for _, weight in choices])[0]


def _style(rng: random.Random, bearing: Bearing, tone: int, age: int) -> str:
    if rng.random() < 0.2:
        return rng.choice(HATS[bearing])
    coiled = {"f": COILED_F, "m": COILED_M, "n": COILED_F[:3] + COILED_M[:4]}
    straight = {"f": LONG, "m": SHORT, "n": EITHER}
    style = rng.choice((coiled if tone >= 5 else straight)[bearing])
    # A young man may be bald, but a receding line on a face of twenty looks like a mistake.
    if age < 36 and style in ("receding", "ring"):
        return "crop" if tone >= 5 else "quiff"
    return style


def _hair(rng: random.Random, tone: int, age: int) -> str:
    if age >= 72:
        return rng.choice(WHITE_HAIR)
    if age >= 58 or (age >= 48 and rng.random() < 0.4):
        return rng.choice(GREY_HAIR)
    if age < 40 and rng.random() < 0.06:
        return rng.choice(DYED_HAIR)
    return rng.choice(DARK_HAIR if tone >= 3 else FAIR_HAIR)


def _beard(rng: random.Random, bearing: Bearing, age: int) -> str:
    if bearing != "m":
        return "none"
    if age <= 26:
        return rng.choice(("stubble", "none", "none"))
    # Grey stubble reads as a stain at this size, so it ends where the grey begins.
    kinds = (
        "full",
        "short",
        "moustache",
        "none",
        "none",
        "none",
        "stubble" if age < 46 else "full",
    )
    return rng.choice(kinds)


def _glasses(rng: random.Random, age: int) -> str:
    share = 0.2 if age < 45 else 0.45
    return rng.choice(("round", "square", "half")) if rng.random() < share else "none"

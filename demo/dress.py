"""Clothes of the portraits: each draws what lies inside the outline of the shoulders."""

from collections.abc import Callable

from demo.drawing import MID, circles, path, stroke, toned
from demo.looks import Look

Garment = Callable[[Look], str]


def outline(look: Look) -> str:
    """The path of the shoulders and chest; garments are clipped to it."""
    s = look.shoulders
    return (
        f"M{MID - s} 324C{MID - s + 4} 274 {MID - s + 30} 258 {MID - 34} 240"
        f"Q{MID - 26} 236 {MID - 24} 226"
        f"H{MID + 24}Q{MID + 26} 236 {MID + 34} 240"
        f"C{MID + s - 30} 258 {MID + s - 4} 274 {MID + s} 324Z"
    )


def dress(look: Look) -> str:
    """Draw the look's clothes; an unknown garment is a programming error and raises KeyError."""
    return GARMENTS[look.dress](look)


def _base(look: Look, colour: str, neck: int = 252) -> str:
    """The cloth itself, with a round neckline down to `neck`."""
    # Below the edge of the outline, where cloth under skin would show as a hairline.
    ground = f'<rect y="228" width="320" height="96" fill="{colour}"/>'
    opening = path(
        f"M{MID - 30} 219C{MID - 30} {neck + 6} {MID + 30} {neck + 6} {MID + 30} 219Z",
        look.skin.base,
    )
    return ground + opening


def _crew(look: Look) -> str:
    band = stroke("M128 234C132 262 188 262 192 234", toned(look.cloth), 7)
    return _base(look, look.cloth) + band


def _breton(look: Look) -> str:
    stripes = "".join(
        stroke(f"M30 {y + 14}Q160 {y - 8} 290 {y + 14}", "#2e4560", 6) for y in range(276, 340, 18)
    )
    return (
        _base(look, "#efe8d8", 258)
        + stripes
        + stroke("M126 232C132 268 188 268 194 232", "#d9cfba", 4)
    )


def _shirt(look: Look) -> str:
    left = path("M132 226L118 240L142 272L160 252Z", toned(look.cloth, 0.88))
    right = path("M188 226L202 240L178 272L160 252Z", toned(look.cloth, 0.88))
    front = stroke("M160 256V324", toned(look.cloth, 0.78), 2)
    buttons = circles([(166, 278, 2.6), (166, 302, 2.6)], look.trim)
    return _base(look, look.cloth, 246) + left + right + front + buttons


def _dungarees(look: Look) -> str:
    bib = path("M116 286H204V324H116Z", toned(look.cloth, 0.82))
    straps = stroke("M104 236L126 292M216 236L194 292", toned(look.cloth, 0.82), 13)
    pegs = circles([(127, 293, 5), (193, 293, 5)], "#e2c98f")
    return _base(look, look.trim) + straps + bib + pegs


def _cardigan(look: Look) -> str:
    blouse = path("M136 222L160 300L184 222Z", look.trim)
    edge = stroke("M132 232L160 300V324M188 232L160 300", toned(look.cloth, 0.78), 5)
    skin = path("M136 222C138 256 182 256 184 222Z", look.skin.base)
    return _base(look, look.cloth) + blouse + skin + edge + circles([(169, 308, 3)], look.trim)


def _rollneck(look: Look) -> str:
    roll = f'<rect x="127" y="214" width="66" height="34" rx="13" fill="{toned(look.cloth, 0.9)}"/>'
    fold = stroke("M131 232Q160 240 189 232", toned(look.cloth, 0.75), 2)
    return f'<rect y="210" width="320" height="114" fill="{look.cloth}"/>' + roll + fold


def _scarf(look: Look) -> str:
    shade = toned(look.trim, 0.84)
    wrap = path("M112 226C128 250 192 250 208 226L214 250C194 276 126 276 106 250Z", look.trim)
    end = path("M176 258L204 254L210 324H178Z", shade)
    folds = stroke("M118 240C140 258 180 258 202 240", shade, 2.5)
    return _base(look, look.cloth) + end + wrap + folds


def _blouse(look: Look) -> str:
    opening = path("M134 222L160 282L186 222Z", look.skin.base)
    edge = stroke("M130 228L160 284L190 228", toned(look.cloth), 4)
    beads = circles(
        [(140, 248, 3), (148, 258, 3), (160, 263, 3.6), (172, 258, 3), (180, 248, 3)], look.trim
    )
    return _base(look, look.cloth) + opening + edge + beads


def _drape(look: Look) -> str:
    sash = path("M196 224C236 232 262 254 270 324H150C186 300 202 264 196 224Z", look.trim)
    folds = stroke(
        "M204 240C208 276 194 306 172 324M220 244C226 284 214 308 202 324",
        toned(look.trim, 0.82),
        2.5,
    )
    hem = stroke("M196 226C200 268 184 302 150 324", toned(look.cloth, 0.85), 4)
    return _base(look, look.cloth, 256) + sash + folds + hem


def _oilskin(look: Look) -> str:
    oiled = "#d3a437" if look.seed % 2 else "#37566a"
    collar = path(
        "M128 222L104 240L138 280L160 262L182 280L216 240L192 222C186 252 134 252 128 222Z",
        toned(oiled, 0.86),
    )
    placket = stroke("M160 264V324", toned(oiled, 0.7), 2.5)
    snaps = circles([(170, 286, 3.4), (170, 308, 3.4)], toned(oiled, 0.5))
    under = path("M130 222C134 258 186 258 190 222Z", look.cloth)
    return _base(look, oiled) + under + collar + placket + snaps


def _waistcoat(look: Look) -> str:
    coat = path("M96 236L128 238L160 300L192 238L224 236L236 324H84Z", look.cloth)
    shirt = path(
        "M130 228L120 240L144 266L160 250L176 266L200 240L190 228C184 250 136 250 130 228Z",
        "#f6f0e2",
    )
    seam = stroke("M160 300V324", toned(look.cloth, 0.7), 2)
    return _base(look, "#ebe3d1", 246) + coat + shirt + seam + circles([(166, 312, 2.8)], look.trim)


def _apron(look: Look) -> str:
    bib = path("M112 276Q160 268 208 276L214 324H106Z", toned(look.cloth, 0.72))
    straps = stroke("M130 234L116 278M190 234L204 278", toned(look.cloth, 0.72), 8)
    pocket = stroke("M146 300H174", look.trim, 2.5)
    return _base(look, look.trim) + straps + bib + pocket


def _gansey(look: Look) -> str:
    shade = toned(look.cloth, 0.8)
    yoke = stroke("M60 282Q160 262 260 282", shade, 2.5)
    ladder = "".join(stroke(f"M{x} 286l7 9l-7 9l7 9", shade, 2.5) for x in range(66, 260, 24))
    collar = (
        f'<rect x="128" y="218" width="64" height="26" rx="11" fill="{toned(look.cloth, 0.9)}"/>'
    )
    return f'<rect y="214" width="320" height="110" fill="{look.cloth}"/>' + collar + yoke + ladder


def _tunic(look: Look) -> str:
    band = stroke("M130 232C134 252 186 252 190 232", look.trim, 6)
    slit = stroke("M160 250V288", look.trim, 7) + stroke("M160 250V286", toned(look.cloth, 0.7), 2)
    return _base(look, look.cloth, 244) + band + slit


GARMENTS: dict[str, Garment] = {
    "crew": _crew,
    "breton": _breton,
    "shirt": _shirt,
    "dungarees": _dungarees,
    "cardigan": _cardigan,
    "rollneck": _rollneck,
    "scarf": _scarf,
    "blouse": _blouse,
    "drape": _drape,
    "oilskin": _oilskin,
    "waistcoat": _waistcoat,
    "apron": _apron,
    "gansey": _gansey,
    "tunic": _tunic,
}

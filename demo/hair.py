"""Hair and hats of the portraits: one small function a style, each a back and a front layer."""

from collections.abc import Callable
from dataclasses import dataclass

from demo.drawing import CROWN, MID, circles, path, stroke, toned
from demo.looks import Look

TEMPLE = 142


@dataclass(frozen=True)
class Layers:
    """SVG drawn behind the body and in front of the face."""

    back: str
    front: str


Style = Callable[[Look], Layers]


def hair(look: Look) -> Layers:
    """Draw the look's style; an unknown style is a programming error and raises KeyError."""
    return STYLES[look.style](look)


def _cap(look: Look, line: str, rise: float = 10, temple: int = TEMPLE, full: float = 3) -> str:
    """The hair of the skull: an outline of this rise, closed by a hairline from right to left."""
    w = look.half_width
    left, right, top = MID - w - full, MID + w + full, CROWN - rise
    outer = (
        f"M{left} {temple}C{left - 5} {top + 24} {MID - 34} {top} {MID} {top}"
        f"C{MID + 34} {top} {right + 5} {top + 24} {right} {temple}"
    )
    down = (
        f"L{right - full - 3} {temple}C{right - full - 5} 126 {MID + w - 8} 118 {MID + w - 13} 110"
    )
    up = f"C{MID - w + 8} 118 {left + full + 5} 126 {left + full + 3} {temple}Z"
    return path(outer + down + line + up, look.hair)


def _line(look: Look, shape: str) -> str:
    """The hairline, from (MID + w - 13, 110) to (MID - w + 13, 110)."""
    end = f"{MID - look.half_width + 13} 110"
    return {
        "even": f"C{MID + 20} 100 {MID - 20} 100 {end}",
        "side": f"C186 112 150 106 134 88C131 98 128 106 {end}",
        "centre": f"C188 108 166 100 {MID} 86C154 100 132 108 {end}",
        "high": f"C197 84 178 84 {MID} 91C142 84 123 84 {end}",
        "fringe": f"C198 124 178 129 {MID} 129C142 129 122 124 {end}",
        "swept": f"C190 98 150 102 128 118C122 118 118 114 {end}",
    }[shape]


def _drop(look: Look, bottom: int, spread: float, foot: float) -> str:
    """Hair that falls behind the shoulders down to `bottom`."""
    w = look.half_width
    out = w + spread
    return path(
        f"M{MID} 62C{MID - out} 62 {MID - out - 4} 120 {MID - out} 170"
        f"C{MID - out + 2} {bottom - 40} {MID - out - foot} {bottom - 14} {MID - out + 10} {bottom}"
        f"Q{MID} {bottom + 14} {MID + out - 10} {bottom}"
        f"C{MID + out + foot} {bottom - 14} {MID + out - 2} {bottom - 40} {MID + out} 170"
        f"C{MID + out + 4} 120 {MID + out} 62 {MID} 62Z",
        toned(look.hair, 0.86),
    )


def _capped(shape: str, rise: float = 10, temple: int = TEMPLE, full: float = 3) -> Style:
    return lambda look: Layers("", _cap(look, _line(look, shape), rise, temple, full))


def _falling(shape: str, bottom: int, spread: float, foot: float, temple: int = 160) -> Style:
    return lambda look: Layers(
        _drop(look, bottom, spread, foot), _cap(look, _line(look, shape), 12, temple, 6)
    )


def _over(below: Style, back: Callable[[Look], str]) -> Style:
    def drawn(look: Look) -> Layers:
        layers = below(look)
        return Layers(back(look) + layers.back, layers.front)

    return drawn


def _quiff(look: Look) -> Layers:
    lift = path(
        "M118 104C112 76 128 52 168 54C196 54 210 74 204 100C196 86 186 82 166 88"
        "C146 94 132 92 118 104Z",
        look.hair,
    )
    return Layers("", _cap(look, _line(look, "even"), 4) + lift)


def _bun(look: Look) -> str:
    return circles([(MID, 54, 26)], look.hair) + stroke(
        "M144 52C150 42 170 42 176 52", toned(look.hair), 2.5
    )


def _tail(look: Look) -> str:
    return path(
        "M196 84C244 84 250 150 232 214C228 228 214 222 216 208C222 166 214 128 190 112Z",
        toned(look.hair, 0.86),
    )


def _low_knot(look: Look) -> str:
    return circles([(MID + look.half_width - 4, 182, 24)], toned(look.hair, 0.9))


def _puff(look: Look) -> str:
    return circles([(MID, 58, 32), (132, 68, 22), (188, 68, 22)], look.hair)


def _curl_points(look: Look, low: int) -> list[tuple[float, float, float]]:
    w = look.half_width
    side = [
        (MID + sign * (w + 4 + (y % 3)), y, 17.0) for sign in (-1, 1) for y in range(104, low, 18)
    ]
    crown = [
        (MID - 42, 84.0, 20.0),
        (MID - 20, 70.0, 22.0),
        (MID + 6, 66.0, 23.0),
        (MID + 30, 74.0, 21.0),
        (MID + 46, 90.0, 18.0),
    ]
    return [(float(x), float(y), r) for x, y, r in crown + side]


def _curls(look: Look) -> Layers:
    back = circles(_curl_points(look, 204), toned(look.hair, 0.86))
    brow = circles(
        [(122, 102, 15), (142, 94, 17), (164, 92, 17), (184, 96, 16), (200, 106, 14)], look.hair
    )
    return Layers(back, circles(_curl_points(look, 132), look.hair) + brow)


def _curly_top(look: Look) -> Layers:
    top = [
        (118, 94, 15),
        (130, 78, 18),
        (152, 70, 20),
        (176, 72, 19),
        (194, 84, 16),
        (204, 98, 12),
        (140, 94, 14),
        (162, 90, 14),
        (182, 94, 13),
    ]
    return Layers(
        "", _cap(look, _line(look, "even"), 2) + circles([(x, y, r) for x, y, r in top], look.hair)
    )


def _afro(look: Look) -> Layers:
    w = look.half_width
    back = f'<ellipse cx="160" cy="118" rx="{w + 38}" ry="82" fill="{toned(look.hair, 0.9)}"/>'
    return Layers(back, _cap(look, _line(look, "even"), 30, 148, 16))


def _flat_top(look: Look) -> Layers:
    w = look.half_width
    block = path(
        f"M{MID - w - 2} 112L{MID - w + 2} 62Q{MID} 48 {MID + w - 2} 62L{MID + w + 2} 112"
        f"C{MID + 20} 98 {MID - 20} 98 {MID - w - 2} 112Z",
        look.hair,
    )
    return Layers("", _cap(look, _line(look, "even"), 4) + block)


def _strands(look: Look, low: int, gap: int) -> str:
    w, deep = look.half_width, toned(look.hair, 0.75)
    lines = []
    for side in (-1, 1):
        for at, tone in enumerate((deep, look.hair, deep)):
            x = MID + side * (w - 2 + at * gap)
            lines.append(
                stroke(
                    f"M{MID + side * (w - 8)} 100Q{x + side * 8} 150 {x} {low - at * 12}",
                    tone,
                    gap + 1,
                )
            )
    return "".join(lines)


def _partings(look: Look) -> str:
    shine = toned(look.hair, 1.7) if look.age < 58 else toned(look.hair)
    return "".join(
        stroke(
            f"M{160 + x} {99 - abs(x) // 12}Q{160 + x * 1.1:g} 82 {160 + x * 0.7:g} 70", shine, 1.6
        )
        for x in (-32, -16, 0, 16, 32)
    )


def _braids(look: Look) -> Layers:
    return Layers(
        _strands(look, 262, 9), _cap(look, _line(look, "even"), 8, 150, 4) + _partings(look)
    )


def _locs(look: Look) -> Layers:
    return Layers(
        _strands(look, 226, 10), _cap(look, _line(look, "even"), 10, 146, 5) + _partings(look)
    )


def _plaits(look: Look) -> Layers:
    chain = []
    for side in (-1, 1):
        for at in range(6):
            x, y = MID + side * (look.half_width + 6 - at % 2), 178 + at * 15
            chain.append(
                f'<ellipse cx="{x}" cy="{y}" rx="{11 - at * 0.7:g}" ry="10"'
                f' fill="{look.hair if at % 2 else toned(look.hair, 0.88)}"/>'
            )
        chain.append(circles([(MID + side * (look.half_width + 6), 266, 5)], look.trim))
    cap = _cap(look, _line(look, "centre"), 10, 172, 6)
    return Layers("", "".join(chain) + cap)


def _ring(look: Look) -> Layers:
    w = look.half_width
    sides = "".join(
        path(
            f"M{MID + s * (w + 5)} 160"
            f"C{MID + s * (w + 12)} 128 {MID + s * (w + 6)} 104 {MID + s * (w - 6)} 98"
            f"C{MID + s * (w - 2)} 118 {MID + s * (w - 4)} 140 {MID + s * (w - 3)} 156Z",
            look.hair,
        )
        for s in (-1, 1)
    )
    return Layers("", sides)


STYLES: dict[str, Style] = {
    "crop": _capped("even", 5, 136, 2),
    "parted": _capped("side", 11),
    "swept": _capped("swept", 13),
    "receding": _capped("high", 5, 140),
    "pixie": _capped("swept", 14, 156, 6),
    "bald": lambda look: Layers("", ""),
    "bob": _falling("side", 214, 14, 8, 172),
    "fringe": _falling("fringe", 222, 12, 2, 170),
    "long": _falling("centre", 274, 12, 4),
    "waves": _falling("side", 262, 20, 16),
    "knot": _over(_capped("centre", 10, 160, 4), _low_knot),
    "bun": _over(_capped("even", 10, 150, 4), _bun),
    "ponytail": _over(_capped("side", 11, 152, 4), _tail),
    "puff": _over(_capped("even", 6, 146, 3), _puff),
    "quiff": _quiff,
    "curls": _curls,
    "curly_top": _curly_top,
    "afro": _afro,
    "flat_top": _flat_top,
    "braids": _braids,
    "locs": _locs,
    "plaits": _plaits,
    "ring": _ring,
}

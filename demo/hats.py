"""Hats and head-coverings of the portraits, over the hair that shows beneath them."""

from demo.drawing import MID, circles, path, stroke, toned
from demo.hair import STYLES, Layers
from demo.looks import Look


def _beneath(look: Look) -> Layers:
    """What shows under a hat: cropped sides, or a fall of hair for one in two who wear it long."""
    if look.bearing == "m" or look.seed % 2:
        return STYLES["ring"](look)
    return Layers(STYLES["bob"](look).back, STYLES["ring"](look).front)


def _beanie(look: Look) -> Layers:
    w, under = look.half_width, _beneath(look)
    crown = path(
        f"M{MID - w - 6} 112C{MID - w - 8} 58 {MID - 30} 50 160 50"
        f"C{MID + 30} 50 {MID + w + 8} 58 {MID + w + 6} 112Z",
        look.cloth,
    )
    brim = (
        f'<rect x="{MID - w - 9}" y="96" width="{2 * w + 18}" height="24" rx="8"'
        f' fill="{toned(look.cloth, 0.85)}"/>'
    )
    ribs = "".join(
        stroke(f"M{MID + x} 101V115", toned(look.cloth, 0.7), 2) for x in range(-w + 2, w + 1, 9)
    )
    return Layers(under.back, under.front + crown + brim + ribs)


def _cap(look: Look) -> Layers:
    w, under = look.half_width, _beneath(look)
    crown = path(
        f"M{MID - w - 10} 106C{MID - w - 12} 68 130 58 164 58"
        f"C{MID + 42} 58 {MID + w + 14} 76 {MID + w + 8} 106Q160 92 {MID - w - 10} 106Z",
        look.cloth,
    )
    peak = path(
        f"M{MID - w + 2} 104Q160 86 {MID + w - 2} 104Q{MID + w + 2} 112 {MID + w - 4} 115"
        f"Q160 100 {MID - w + 4} 115Q{MID - w - 2} 112 {MID - w + 2} 104Z",
        toned(look.cloth, 0.78),
    )
    return Layers(
        under.back, under.front + crown + peak + circles([(162, 59, 4)], toned(look.cloth))
    )


def _wide(look: Look, colour: str, band: str) -> Layers:
    w, under = look.half_width, _beneath(look)
    crown = path(
        f"M{MID - w} 104C{MID - w} 62 130 54 160 54C190 54 {MID + w} 62 {MID + w} 104Z", colour
    )
    ribbon = path(f"M{MID - w} 92Q160 84 {MID + w} 92V106Q160 98 {MID - w} 106Z", band)
    brim = path(
        f"M{MID - w - 34} 118Q{MID - w - 6} 100 160 98Q{MID + w + 6} 100 {MID + w + 34} 118"
        f"Q160 106 {MID - w - 34} 118Z",
        toned(colour, 0.88),
    )
    return Layers(under.back, under.front + crown + ribbon + brim)


def _sunhat(look: Look) -> Layers:
    return _wide(look, "#e0c88f", look.cloth)


def _souwester(look: Look) -> Layers:
    return _wide(look, "#d3a437", "#b98a25")


def _kerchief(look: Look) -> Layers:
    w, under = look.half_width, STYLES["long"](look)
    cloth = path(
        f"M{MID - w - 8} 132C{MID - w - 10} 76 126 60 160 60"
        f"C194 60 {MID + w + 10} 76 {MID + w + 8} 132"
        f"C{MID + w - 8} 106 186 94 160 94C134 94 {MID - w + 8} 106 {MID - w - 8} 132Z",
        look.cloth,
    )
    dots = circles(
        [(128, 92, 3), (146, 78, 3), (166, 82, 3), (186, 78, 3), (196, 98, 3)], look.trim
    )
    return Layers(under.back, under.front + cloth + dots)


def _wrap(look: Look) -> Layers:
    w = look.half_width
    cloth = path(
        f"M{MID - w - 5} 124C{MID - w - 22} 70 120 36 166 38"
        f"C212 40 {MID + w + 20} 76 {MID + w + 5} 124"
        f"C{MID + w - 10} 108 186 102 160 102"
        f"C134 102 {MID - w + 10} 108 {MID - w - 5} 124Z",
        look.cloth,
    )
    folds = stroke(
        "M118 104C118 74 146 52 188 50M128 100C136 82 168 66 210 74M156 100C170 92 196 90 212 96",
        look.trim,
        3,
    )
    return Layers("", cloth + folds)


def _turban(look: Look) -> Layers:
    w = look.half_width
    cloth = path(
        f"M{MID - w - 6} 128C{MID - w - 18} 74 122 42 160 42"
        f"C198 42 {MID + w + 18} 74 {MID + w + 6} 128"
        f"C{MID + w - 4} 112 182 100 160 88C138 100 {MID - w + 4} 112 {MID - w - 6} 128Z",
        look.cloth,
    )
    shade = toned(look.cloth, 0.78)
    folds = stroke(
        f"M160 88C146 84 124 92 {MID - w - 4} 112M160 78C144 70 122 76 108 92"
        f"M160 68C148 58 130 62 116 76M160 88C174 84 196 92 {MID + w + 4} 112"
        "M160 78C176 70 198 76 212 92M160 68"
        "C172 58 190 62 204 76",
        shade,
        2.5,
    )
    return Layers("", cloth + folds)


def _hijab(look: Look) -> Layers:
    w = look.half_width
    face = (
        f"M{MID - w + 3} 148C{MID - w + 3} 112 136 96 160 96"
        f"C184 96 {MID + w - 3} 112 {MID + w - 3} 148"
        f"C{MID + w - 3} 180 184 203 160 203"
        f"C136 203 {MID - w + 3} 180 {MID - w + 3} 148Z"
    )
    outer = (
        f"M160 62C{MID - w - 8} 62 {MID - w - 16} 104 {MID - w - 12} 156"
        f"C{MID - w - 8} 204 {MID - w - 24} 232 {MID - w - 32} 262Q160 306 {MID + w + 32} 262"
        f"C{MID + w + 24} 232 {MID + w + 8} 204 {MID + w + 12} 156"
        f"C{MID + w + 16} 104 {MID + w + 8} 62 160 62Z"
    )
    cloth = path(outer + face, look.cloth, ' fill-rule="evenodd"')
    shade = toned(look.cloth, 0.8)
    folds = stroke(
        f"M{MID + w + 2} 178C{MID + w - 8} 222 150 240 112 246"
        f"M{MID + w + 8} 206C{MID + w - 2} 244 168 262 132 270M140 214"
        f"C134 222 126 228 116 232",
        shade,
        2.5,
    )
    return Layers("", cloth + stroke(face, shade, 2) + folds)


HATS = {
    "beanie": _beanie,
    "cap": _cap,
    "sunhat": _sunhat,
    "souwester": _souwester,
    "kerchief": _kerchief,
    "wrap": _wrap,
    "turban": _turban,
    "hijab": _hijab,
}


def headwear(look: Look) -> Layers | None:
    """Draw the hat or covering of this look, or None for a bare head."""
    draw = HATS.get(look.style)
    return draw(look) if draw else None

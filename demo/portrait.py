"""Generated portraits: calm, flat, and nobody's real face."""

from demo.drawing import CHIN, CROWN, MID, circles, path, stroke, toned
from demo.dress import dress, outline
from demo.hair import hair
from demo.hats import headwear
from demo.looks import DARK_HAIR, DYED_HAIR, SKINS, Look, look

EYE = 149
INK = "#241c19"


def portrait(member_seed: int) -> str:
    """Return a 320 x 320 SVG; equal seeds give equal bytes, different seeds different bytes.

    The ids inside carry the seed, so that two portraits may stand in one document.
    """
    seen = look(member_seed)
    layers = headwear(seen) or hair(seen)
    clip = f"chest-{member_seed:x}"
    parts = (
        f"<!-- Aldersound portrait {member_seed:x} -->",
        _backdrop(seen),
        '<g transform="matrix(1.14 0 0 1.14 -22.4 -24)">',
        layers.back,
        f'<clipPath id="{clip}"><path d="{outline(seen)}"/></clipPath>',
        _neck(seen),
        f'<g transform="translate(0 -8)"><g clip-path="url(#{clip})">{dress(seen)}</g></g>',
        _ears(seen),
        _head(seen),
        _age_lines(seen),
        _features(seen),
        _beard(seen),
        _mouth(seen),
        _glasses(seen),
        layers.front,
        _at_the_ear(seen),
        "</g>",
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320" viewBox="0 0 320 320">'
        + "".join(parts)
        + "</svg>"
    )


def _backdrop(seen: Look) -> str:
    tone, deep = toned(seen.backdrop, 0.93), toned(seen.backdrop, 0.86)
    scene = {
        "plain": "",
        "sun": circles([(244, 84, 46)], toned(seen.backdrop, 1.06)),
        "sea": path("M0 196H320V320H0Z", tone)
        + stroke("M22 222h34M262 214h40M40 250h24M270 246h22", deep, 3),
        "hills": path("M0 210Q70 130 150 196T320 168V320H0Z", tone)
        + path("M0 246Q90 186 320 236V320H0Z", deep),
        "sail": path("M0 214H320V320H0Z", tone)
        + path("M262 110V206H218ZM268 128V206H296Z", toned(seen.backdrop, 1.1)),
        "bunting": stroke("M0 30Q160 92 320 30", deep, 2.5)
        + path(
            "M26 39l26 9l-17 20zM84 56l28 4l-17 21zM208 60l28 -4l-11 25zM268 48l26 -9l-9 29z", deep
        ),
        "roofs": path(
            "M0 320V176L34 146L68 176V196H92V158L118 138V320ZM320 320V160L284 130L248 160V188"
            "H226V320Z",
            tone,
        ),
        "leaves": "".join(
            path(f"M{x} {y}q26 -6 34 -34q-30 2 -34 34z", tone)
            for x, y in ((22, 92), (46, 168), (250, 78), (268, 164), (14, 250), (276, 248))
        ),
    }[seen.scene]
    return f'<rect width="320" height="320" fill="{seen.backdrop}"/>' + scene


def _neck(seen: Look) -> str:
    neck = path("M136 186V236C136 262 184 262 184 236V186Z", seen.skin.base)
    return neck + path(
        "M136 196C144 218 176 218 184 196V205C178 214 142 214 136 205Z", seen.skin.shade
    )


def _ears(seen: Look) -> str:
    w = seen.half_width
    return "".join(
        f'<ellipse cx="{MID + side * (w + 1)}" cy="154" rx="8" ry="13" fill="{seen.skin.shade}"/>'
        for side in (-1, 1)
    )


def _head(seen: Look) -> str:
    w, j = seen.half_width, seen.half_width * seen.jaw
    left, right = MID - w, MID + w
    shape = path(
        f"M{left} 138C{left} 98 {MID - w * 0.62:g} {CROWN} {MID} {CROWN}"
        f"C{MID + w * 0.62:g} {CROWN} {right} 98 {right} 138"
        f"C{right} 174 {MID + j:g} {CHIN} {MID} {CHIN}C{MID - j:g} {CHIN} {left} 174 {left} 138Z",
        seen.skin.base,
    )
    cheeks = "".join(
        f'<ellipse cx="{MID + side * (w - 19)}" cy="170" rx="10" ry="7"'
        f' fill="{seen.skin.cheek}" opacity=".34"/>'
        for side in (-1, 1)
    )
    spots = (
        (124, 164),
        (131, 168),
        (127, 172),
        (189, 168),
        (196, 164),
        (193, 172),
        (154, 160),
        (166, 162),
    )
    freckles = circles([(x, y, 1.1) for x, y in spots], seen.skin.cheek) if seen.freckles else ""
    return shape + cheeks + freckles


def _age_lines(seen: Look) -> str:
    if seen.age < 52:
        return ""
    faint = ' opacity=".45"'
    lines = stroke("M138 170Q133 176 134 183M182 170Q187 176 186 183", seen.skin.line, 1.8, faint)
    if seen.age >= 64:
        w = seen.half_width
        lines += stroke(
            f"M{MID - w + 9} 146l-5 -3M{MID - w + 9} 151l-5 1"
            f"M{MID + w - 9} 146l5 -3M{MID + w - 9} 151l5 1",
            seen.skin.line,
            1.6,
            faint,
        )
    if seen.age >= 74:
        lines += stroke("M142 116Q160 112 178 116", seen.skin.line, 1.6, faint)
    return lines


def _features(seen: Look) -> str:
    natural = DARK_HAIR[2] if seen.hair in DYED_HAIR else seen.hair
    brow = toned(natural, 0.8 if seen.age < 66 else 0.7)
    brows = {
        "soft": "M130 133Q139 127 149 131M171 131Q181 127 190 133",
        "flat": "M130 131Q140 129 149 131M171 131Q180 129 190 131",
        "arched": "M130 134Q137 125 149 130M171 130Q183 125 190 134",
    }[seen.brow]
    if seen.eyes == "smiling":
        eyes = stroke(
            f"M133 {EYE + 1}Q140 {EYE - 6} 147 {EYE + 1}M173 {EYE + 1}Q180 {EYE - 6} 187 {EYE + 1}",
            INK,
            3,
        )
    else:
        eyes = "".join(
            f'<ellipse cx="{x}" cy="{EYE}" rx="4" ry="4.8" fill="{INK}"/>' for x in (140, 180)
        )
        eyes += circles([(141.4, EYE - 1.6, 1.2), (181.4, EYE - 1.6, 1.2)], "#fbf5ea")
    nose = {
        "left": "M160 150Q153 164 153 168Q156 173 163 171",
        "right": "M160 150Q167 164 167 168Q164 173 157 171",
        "button": "M154 167Q160 173 166 167",
        "broad": "M150 166Q153 172 160 171Q167 172 170 166",
    }[seen.nose]
    return stroke(brows, brow, 3.4) + eyes + stroke(nose, seen.skin.line, 2.4)


def _mouth(seen: Look) -> str:
    lip = (
        toned(seen.skin.line, 0.85) if seen.beard in ("none", "stubble", "moustache") else "#f3ddd0"
    )
    if seen.mouth == "wide":
        return path("M143 183Q160 187 177 183Q173 197 160 197Q147 197 143 183Z", "#7d3a34") + path(
            "M146 184.500Q160 188 174 184.500L172.500 188Q160 191 147.500 188Z", "#fbf5ea"
        )
    curve = {
        "smile": "M145 184Q160 196 175 184",
        "half": "M147 186Q162 193 174 184",
        "calm": "M149 187Q160 191 171 187",
    }[seen.mouth]
    return stroke(curve, lip, 3)


def _beard(seen: Look) -> str:
    w, j = seen.half_width, seen.half_width * seen.jaw
    lip = (
        "M134 181C140 171 152 170 160 174C168 170 180 171 186 181"
        "C176 180 168 179 160 179C152 179 144 180 134 181Z"
    )
    if seen.beard == "none":
        return ""
    if seen.beard == "moustache":
        return path(lip, seen.hair)
    drop = {"full": 24, "short": 5, "stubble": 0}[seen.beard]
    whole = (
        f"M{MID - w - 1} 146C{MID - w - 3} 182 {MID - j - 4:g} {CHIN + drop} {MID} {CHIN + drop}"
        f"C{MID + j + 4:g} {CHIN + drop} {MID + w + 3} 182 {MID + w + 1} 146"
        f"C{MID + w - 6} 166 {MID + w - 12} 174 186 176C178 170 168 170 160 174"
        f"C152 170 142 170 134 176"
        f"C{MID - w + 12} 174 {MID - w + 6} 166 {MID - w - 1} 146Z"
    )
    return path(whole, seen.hair, ' opacity=".22"' if seen.beard == "stubble" else "")


def _glasses(seen: Look) -> str:
    if seen.glasses == "none":
        return ""
    dark = seen.skin in SKINS[5:]
    frame = (
        ("#d8b25e" if dark else "#3a2f2a") if seen.seed % 3 else ("#e9dcc2" if dark else "#8a5a2c")
    )
    y = 155 if seen.glasses == "half" else 147  # reading glasses sit below the eyes
    w = seen.half_width
    arms = stroke(
        f"M123 {y}L{MID - w} {y - 4}M197 {y}L{MID + w} {y - 4}M157 {y}Q160 {y - 3} 163 {y}",
        frame,
        2.4,
    )
    shapes = {
        "round": '<circle cx="{x}" cy="149" r="17" {pen}/>',
        "square": '<rect x="{left}" y="137" width="34" height="25" rx="7" {pen}/>',
        "half": '<path d="M{left} 154h34v3q-2 13 -17 13q-15 0 -17 -13z" {pen}/>',
    }
    pen = f'fill="#fbf5ea" fill-opacity=".08" stroke="{frame}" stroke-width="2.4"'
    return arms + "".join(
        shapes[seen.glasses].format(x=x, left=x - 17, pen=pen) for x in (140, 180)
    )


def _at_the_ear(seen: Look) -> str:
    if seen.style in ("hijab", "bob", "long", "waves", "fringe", "curls", "plaits", "afro", "knot"):
        return ""
    w = seen.half_width
    shown = (
        circles([(MID - w - 2, 171, 3.4), (MID + w + 2, 171, 3.4)], "#d9b65c")
        if seen.earrings
        else ""
    )
    if seen.hearing_aid:
        shown += stroke(f"M{MID + w + 8} 146q5 8 0 16", "#5f6d76", 5)
    return shown

"""What every portrait is drawn with: the fixed points of the figure, and flat shapes of SVG."""

MID = 160  # the middle of the picture and of every face
CROWN = 74  # the top of every skull
CHIN = 206


def toned(colour: str, share: float = 0.8) -> str:
    """The #rrggbb colour with every channel at this share: darker, or lighter above 1."""
    channels = (min(255, round(int(colour[at : at + 2], 16) * share)) for at in (1, 3, 5))
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def path(d: str, fill: str, more: str = "") -> str:
    """One filled path."""
    return f'<path d="{d}" fill="{fill}"{more}/>'


def stroke(d: str, colour: str, width: float, more: str = "") -> str:
    """One drawn line with round ends."""
    return (
        f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}"'
        f' stroke-linecap="round" stroke-linejoin="round"{more}/>'
    )


def circles(points: list[tuple[float, float, float]], fill: str) -> str:
    """Filled circles from (x, y, radius)."""
    return "".join(f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}"/>' for x, y, r in points)

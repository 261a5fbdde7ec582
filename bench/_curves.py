"""The curves of docs/how-the-price-works.md, drawn from the simulator's rows: ink on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10
from xml.sax.saxutils import escape

from challenge.simulate.rows import Row

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 210, 30, 50
HOUR = 3600


@dataclass(frozen=True)
class Theme:
    """Colours of one of the two drawings."""

    name: str
    paper: str
    ink: str
    soft: str
    accent: str
    warning: str


THEMES = (
    Theme("light", "#faf8f2", "#1d1c19", "#57534a", "#14523c", "#8a5a00"),
    Theme("dark", "#1a1b19", "#efece4", "#bdb8ab", "#98d6b6", "#e3b158"),
)


@dataclass(frozen=True)
class Line:
    """A curve, and the name at its end. A dashed one is what others are held against."""

    label: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


@dataclass(frozen=True)
class Axes:
    """What is written along them: places and their names, the first and last at the ends."""

    across: Sequence[tuple[float, str]]
    up: Sequence[tuple[float, str]]
    #: whether the one across is logarithmic
    log: bool = False

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is drawn."""
        scale = log10 if self.log else float
        low, high = scale(self.across[0][0]), scale(self.across[-1][0])
        across = (scale(x) - low) / (high - low)
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            TOP + (1 - y / self.up[-1][0]) * (HEIGHT - TOP - BOTTOM),
        )


@dataclass(frozen=True)
class Curves:
    """One drawing: rows by id, under the names that stand at their lines."""

    name: str
    title: str
    labels: dict[str, str]
    axes: Axes
    #: what the lines are held against, and its name
    bound: tuple[float, str] | None = None


CURVES = (
    Curves(
        "price-waits",
        "Pages that took people longer than so many seconds, or were refused",
        {
            "simulate.carrier_nat.unlisted.waits": "600 people, unlisted",
            "simulate.carrier_nat.waits": "600 people, listed",
            "simulate.shared_address": "40 people",
            "simulate.neighbour": "let in before an attacker",
        },
        Axes(
            across=((0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (100, "100 s"), (1000, "1,000 s")),
            up=tuple((share, f"{share} %") for share in range(0, 101, 20)),
            log=True,
        ),
    ),
    Curves(
        "price-one-network",
        "Profiles that one network obtains in a day, whatever it does",
        {
            "simulate.one_network": "one IPv4 address",
            "simulate.one_network.accounts": "with 8 accounts besides",
        },
        Axes(
            across=tuple((hour * HOUR, f"{hour} h") for hour in range(0, 25, 4)),
            up=tuple((pages, f"{pages:,}") for pages in range(0, 2001, 500)),
        ),
        (1500, "bound: 1,500 a day"),
    ),
)


def draw(curves: Sequence[Curves], rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """File names, and their SVG, of what there are rows for."""
    by_id = {row.id: row for row in rows if row.points}
    for drawing in curves:
        lines = [
            Line(label, by_id[row_id].points)
            for row_id, label in drawing.labels.items()
            if row_id in by_id
        ]
        if lines:
            lines += _bound(drawing)
            for theme in THEMES:
                yield (
                    f"{drawing.name}-{theme.name}.svg",
                    svg(drawing.title, lines, drawing.axes, theme),
                )


def _bound(drawing: Curves) -> Iterator[Line]:
    if drawing.bound is not None:
        level, label = drawing.bound
        across = drawing.axes.across
        yield Line(label, ((across[0][0], level), (across[-1][0], level)), dashed=True)


def svg(title: str, lines: Sequence[Line], axes: Axes, theme: Theme) -> str:
    """One drawing."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="13" fill="{theme.soft}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{theme.paper}"/>',
        *_marks(axes, theme),
    ]
    free = 0.0
    for index, line in sorted(enumerate(lines), key=lambda item: -item[1].points[-1][1]):
        ink = theme.warning if line.dashed else (theme.ink, theme.accent, theme.soft)[index % 3]
        path = " ".join(
            f"{x:.1f},{y:.1f}" for x, y in (axes.place(*point) for point in line.points)
        )
        dash = ' stroke-dasharray="5 5"' if line.dashed else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ink}"{dash}/>')
        x, y = axes.place(*line.points[-1])
        y = max(y + 4, free)
        free = y + 16
        parts.append(f'<text x="{x + 8:.1f}" y="{y:.1f}" fill="{ink}">{escape(line.label)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _marks(axes: Axes, theme: Theme) -> Iterator[str]:
    for across, name in axes.across:
        x, y = axes.place(across, 0)
        yield f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">{name}</text>'
    for up, name in axes.up:
        x, y = axes.place(axes.across[0][0], up)
        yield f'<text x="{x - 10:.1f}" y="{y + 4:.1f}" text-anchor="end">{name}</text>'
        yield f'<path d="M{x - 5:.1f} {y:.1f}h5" stroke="{theme.soft}"/>'

"""The curves of docs/how-the-price-works.md, drawn from the simulator's rows: ink on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
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
class Curves:
    """One drawing: rows by id, under the names that stand at their lines."""

    name: str
    title: str
    labels: dict[str, str]
    bound: float
    bound_label: str


CURVES = (
    Curves(
        "price-one-network",
        "Profiles that one network obtains in a day, whatever it does",
        {
            "simulate.one_network": "one IPv4 address",
            "simulate.one_network.accounts": "with 8 accounts besides",
        },
        1500,
        "bound: 1,500 a day",
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
            day = lines[0].points[-1][0]
            bound = ((0.0, drawing.bound), (day, drawing.bound))
            lines.append(Line(drawing.bound_label, bound, dashed=True))
            for theme in THEMES:
                yield f"{drawing.name}-{theme.name}.svg", svg(drawing.title, lines, theme)


def svg(title: str, lines: Sequence[Line], theme: Theme) -> str:
    """One drawing; hours to the right, profiles upwards."""
    far = max(x for line in lines for x, _ in line.points)
    high = ceil(max(y for line in lines for _, y in line.points) * 1.05 / 500) * 500
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + x / far * plot_width, TOP + (1 - y / high) * plot_height

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="13" fill="{theme.soft}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{theme.paper}"/>',
        *_axes(place, far, high, theme),
    ]
    free = 0.0
    for index, line in sorted(enumerate(lines), key=lambda item: -item[1].points[-1][1]):
        ink = theme.warning if line.dashed else (theme.ink, theme.accent)[index % 2]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line.points))
        dash = ' stroke-dasharray="5 5"' if line.dashed else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ink}"{dash}/>')
        x, y = place(*line.points[-1])
        y = max(y + 4, free)
        free = y + 16
        parts.append(f'<text x="{x + 8:.1f}" y="{y:.1f}" fill="{ink}">{escape(line.label)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _axes(
    place: Callable[[float, float], tuple[float, float]], far: float, high: int, theme: Theme
) -> Iterator[str]:
    for hour in range(0, int(far // HOUR) + 1, 4):
        x, y = place(hour * HOUR, 0)
        yield f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">{hour} h</text>'
    for level in range(0, high + 1, 500):
        x, y = place(0, level)
        yield f'<text x="{x - 10:.1f}" y="{y + 4:.1f}" text-anchor="end">{level:,}</text>'
        yield f'<path d="M{x - 5:.1f} {y:.1f}h5" stroke="{theme.soft}"/>'

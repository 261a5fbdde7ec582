"""A simulation's report: as text for a terminal, and as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .. import assets
from ..simulate.report import Section, Table

TEMPLATES = Path(__file__).parent.parent / "templates" / "challenge"
#: characters of a cell in a terminal
WIDEST = 78


def text(sections: Sequence[Section]) -> Iterator[str]:
    """Lines for a terminal."""
    for section in sections:
        yield ""
        yield section.title
        yield from _text_table(section.table)


def _text_table(table: Table) -> Iterator[str]:
    numbers = [head.endswith("#") for head in table.heads]
    shown = [tuple(head.removesuffix("#") for head in table.heads), *table.rows]
    widths = [min(WIDEST, max(len(row[i]) for row in shown)) for i in range(len(numbers))]
    for row in shown:
        cells = zip(row, widths, numbers, strict=True)
        yield "  ".join(
            cell.rjust(width) if number else cell.ljust(width) for cell, width, number in cells
        ).rstrip()


def page(sections: Sequence[Section], *, title: str, said: str) -> str:
    """One HTML page with styles, script and numbers in it. It fetches nothing."""
    files = assets.load()
    template = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    ).get_template("report.html")
    charts = {
        f"chart-{number}": asdict(section.chart)
        for number, section in enumerate(sections, start=1)
        if section.chart is not None
    }
    return template.render(
        title=title,
        said=said,
        sections=sections,
        charts=charts,
        style=files["report.css"].bodies["identity"].decode(),
        script=files["report.js"].bodies["identity"].decode(),
    )

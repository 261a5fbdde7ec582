"""How much browsers told of themselves on their visits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from .._report import Figure
from .watched import Told

MOST_NUMBERS = 24
MOST_BYTES = 600


def figures(prefix: str, visits: Iterable[Told]) -> Iterator[Figure]:
    """The longest of all reports, by bytes and by numbers."""
    reports = [quote.report for told in visits for quote in told.quotes if quote.report]
    note = f"the largest of {len(reports)} reports"
    for name, unit, most, sizes in (
        ("report_bytes", "bytes", MOST_BYTES, [len(report.encode()) for report in reports]),
        ("report_numbers", "numbers", MOST_NUMBERS, [len(json.loads(one)) for one in reports]),
    ):
        value = max(sizes, default=0)
        yield Figure(f"{prefix}.{name}", value, unit, reach=most, ok=value <= most, note=note)

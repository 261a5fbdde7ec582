"""Judging: a report and the headers it came with become a factor of the price."""

from __future__ import annotations

from ..core.behaviour import Assessment, Headers, Values, assess, known
from ..errors import Malformed
from ..kinematics import model
from ..strict import read_object


def read_report(report: str) -> Values:
    """What a report says; one that can't be read says nothing, as none does.

    :param report: as sent, empty without one.
    """
    try:
        values = known(read_object(report.encode())) if report else None
    except Malformed:
        values = None
    return values or {}


def judge(values: Values, headers: Headers, others: int = 0) -> Assessment:
    """What a report comes to.

    :param others: visitors that have sent the same movement.
    """
    return assess(values, headers, model(), others)

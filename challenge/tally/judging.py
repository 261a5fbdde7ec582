"""Judging: a report and the headers it came with become a factor of the price."""

from __future__ import annotations

from ..core.behaviour import Assessment, Headers, assess, known
from ..errors import Malformed
from ..kinematics import model
from ..strict import read_object


def judge(report: str, headers: Headers) -> Assessment:
    """What a report comes to; one that can't be read says nothing, as none does.

    :param report: as sent, empty without one.
    """
    try:
        values = known(read_object(report.encode())) if report else None
    except Malformed:
        values = None
    return assess(values or {}, headers, model())

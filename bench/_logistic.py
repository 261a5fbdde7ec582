"""A logistic model fitted by Newton's method, and what one says of how well it separates."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, sqrt

Row = Sequence[float]
ROUNDS = 12
#: for 95 % intervals
Z = 1.959964


@dataclass(frozen=True)
class Fit:
    """A linear score of rows: positive is more likely the second class."""

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def score(self, row: Row) -> float:
        """The log-odds."""
        return self.intercept + sum(
            weight * (value - mean) / scale
            for value, mean, scale, weight in zip(
                row, self.means, self.scales, self.weights, strict=True
            )
        )


def fit(rows: Sequence[Row], classes: Sequence[int], shares: Sequence[float], ridge: float) -> Fit:
    """The model that fits best, shrunk by a ridge.

    :param shares: of each row in what is fitted; they add up to 1.
    """
    columns = list(zip(*rows, strict=True))
    means = [sum(map(float.__mul__, shares, map(float, column))) for column in columns]
    scales = [
        sqrt(sum(s * (value - mean) ** 2 for s, value in zip(shares, column, strict=True))) or 1.0
        for column, mean in zip(columns, means, strict=True)
    ]
    standard = [
        [1.0, *((value - m) / s for value, m, s in zip(row, means, scales, strict=True))]
        for row in rows
    ]
    beta = [0.0] * (len(means) + 1)
    for _ in range(ROUNDS):
        step = _newton(standard, classes, shares, beta, ridge)
        beta = [b - s for b, s in zip(beta, step, strict=True)]
    return Fit(tuple(means), tuple(scales), tuple(beta[1:]), beta[0])


def _newton(
    rows: Sequence[Row],
    classes: Sequence[int],
    shares: Sequence[float],
    beta: Sequence[float],
    ridge: float,
) -> list[float]:
    size = len(beta)
    slope = [0.0] + [ridge * b for b in beta[1:]]
    bend = [[ridge if i == j > 0 else 0.0 for j in range(size)] for i in range(size)]
    for row, is_second, share in zip(rows, classes, shares, strict=True):
        odds = 1 / (1 + exp(-sum(map(float.__mul__, row, beta))))
        off, weight = share * (odds - is_second), share * odds * (1 - odds)
        for i, value in enumerate(row):
            slope[i] += off * value
            heavy, line = weight * value, bend[i]
            for j in range(i + 1):
                line[j] += heavy * row[j]
    for i in range(size):
        for j in range(i):
            bend[j][i] = bend[i][j]
    return _solved(bend, slope)


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss, for a positive definite matrix."""
    lines = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for i, line in enumerate(lines):
        for below in lines[i + 1 :]:
            factor = below[i] / line[i]
            for j in range(i, len(line)):
                below[j] -= factor * line[j]
    solution: list[float] = []
    for i in reversed(range(len(lines))):
        known = sum(a * b for a, b in zip(lines[i][i + 1 : -1], solution, strict=True))
        solution.insert(0, (lines[i][-1] - known) / lines[i][i])
    return solution


def auc(low: Sequence[float], high: Sequence[float]) -> float:
    """How often one of `high` is above one of `low`."""
    ordered = sorted(low)
    wins = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in high)
    return wins / 2 / len(low) / len(high)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at most a share `1 - share` lie above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, ceil(share * len(ordered)) - 1))]


def wilson(hits: float, of: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    share, z = hits / of, Z * Z / of
    middle = (share + z / 2) / (1 + z)
    half = Z * sqrt(share * (1 - share) / of + z / of / 4) / (1 + z)
    return max(0.0, middle - half), min(1.0, middle + half)

"""How unlike a hand a mouse was moved: a linear score of what the browser tells of movement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

#: the browser tells whole numbers from 0 to this
FULL = 1000


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic model over means of windows.

    :raises ValueError: if its parts don't fit together, or a number of it isn't finite.
    """

    #: what the browser tells, in its order
    names: tuple[str, ...]
    #: of each, as it was where the model was fitted: mean and standard deviation
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    #: scores above it may more than double the price
    threshold: float
    #: the fewest windows for which that is so
    windows: int

    def __post_init__(self) -> None:
        parts = (self.means, self.scales, self.weights)
        if any(len(part) != len(self.names) for part in parts):
            raise ValueError("a movement model needs as many numbers as names")
        numbers = (*self.means, *self.scales, *self.weights, self.intercept, self.threshold)
        if not all(map(isfinite, numbers)) or min(self.scales, default=1.0) <= 0:
            raise ValueError("a movement model needs finite numbers and scales above 0")

    def score(self, values: Mapping[str, int]) -> float:
        """The log-odds that no hand moved the mouse. Always finite and between two bounds.

        :param values: by name; what lies outside 0 to 1000 counts as the nearer end.
        :raises KeyError: if a name is missing.
        """
        return self.intercept + sum(
            weight * (min(FULL, max(0, values[name])) - mean) / scale
            for name, mean, scale, weight in zip(
                self.names, self.means, self.scales, self.weights, strict=True
            )
        )

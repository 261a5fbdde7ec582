"""The built-in population, and those who attack it, in the order of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from . import crowds, floods, puzzle, readers, takers
from .rows import Row, Run, Scene

SCENES: Mapping[str, Scene] = {
    "reader": readers.reader,
    "heavy_reader": readers.heavy_reader,
    "shared_address": crowds.shared_address,
    "neighbour": crowds.neighbour,
    "carrier_nat": crowds.carrier_nat,
    "roaming": readers.roaming,
    "one_network": takers.one_network,
    "shared_token": takers.shared_token,
    "funnel": takers.funnel,
    "hundred_networks": floods.hundred_networks,
    "rotating": floods.rotating,
    "slow_low": floods.slow_low,
    "unlimited_pass_factor": floods.unlimited_pass_factor,
}


def play(name: str, run: Run) -> Iterator[Row]:
    """Play one scene; its rows."""
    with puzzle.registered():
        yield from SCENES[name](run)

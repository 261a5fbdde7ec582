"""The movement model that was fitted to people and tools: `kinematics.json`, with its provenance.

`./run bench behaviour --data FOLDER` fits it again and compares; docs/behaviour.md tells how.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .core.kinematics import Model


def path() -> Path:
    """Where the model is."""
    return Path(str(files("challenge"))) / "kinematics.json"


def load(record: Mapping[str, Any]) -> Model:
    """The model in a record such as `kinematics.json` holds.

    :raises KeyError: if a part is missing.
    :raises ValueError: if the parts don't fit together.
    """
    return Model(
        names=tuple(record["names"]),
        means=tuple(record["means"]),
        scales=tuple(record["scales"]),
        weights=tuple(record["weights"]),
        intercept=record["intercept"],
        threshold=record["threshold"],
        windows=record["windows"],
    )


@cache
def model() -> Model:
    """The model that the gate uses."""
    return load(json.loads(path().read_text()))

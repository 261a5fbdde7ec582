"""Tallygate: a solved puzzle buys a counted number of profiles."""

from typing import TYPE_CHECKING

from .core.models import Account as Account
from .core.models import Clearance as Clearance
from .errors import ChallengeError as ChallengeError
from .errors import ConfigError as ConfigError
from .errors import Expired as Expired
from .errors import TokenRefused as TokenRefused
from .errors import TooEarly as TooEarly
from .offline import verify as verify

if TYPE_CHECKING:
    from .flask import Gate as Gate


def __getattr__(name: str) -> object:
    # A service that only verifies needs no Flask.
    if name == "Gate":
        from .flask import Gate

        return Gate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Tallygate: a solved puzzle buys a counted number of profiles."""

from .errors import ChallengeError as ChallengeError
from .errors import ConfigError as ConfigError
from .flask import Gate as Gate

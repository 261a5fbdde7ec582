"""The Flask extension. Thin: what is decided is decided in `challenge.tally`."""

from .extension import Gate as Gate

"""The conductor: quote, redeem, admit. The only room that knows all parts."""

from .conductor import Tally as Tally

"""The pure part: what a challenge is, what it costs, what it buys (see README.md)."""

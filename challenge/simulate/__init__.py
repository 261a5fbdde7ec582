"""The simulator: the real gate under a simulated clock, and people and scrapers before it."""

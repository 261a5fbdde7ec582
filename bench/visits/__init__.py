"""Visits of programs and of people to a demo that tells what it thought of them."""

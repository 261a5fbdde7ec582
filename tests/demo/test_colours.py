"""The two themes: text is readable on both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demo import app as demo

STYLE = (Path(demo.__file__).parent / "static" / "town.css").read_text()


def theme(dark: bool) -> dict[str, str]:
    light, night = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    assert colours
    return colours | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", night)) if dark else {})


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    levels = []
    for colour in (one, other):
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        levels.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(levels) + 0.05) / (min(levels) + 0.05)


def test_the_ratio_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("paper", ["paper", "paper-raised"])
def test_text_has_seven_to_one_and_lines_three_to_one(dark: bool, paper: str) -> None:
    colours = theme(dark)
    for text in ("ink", "ink-soft", "accent"):
        assert contrast(colours[text], colours[paper]) >= 7, text
    assert contrast(colours["rule"], colours[paper]) >= 3


def test_the_dark_theme_is_its_own() -> None:
    light, dark = theme(False), theme(True)
    assert all(light[name] != dark[name] for name in ("paper", "ink", "ink-soft", "accent", "rule"))

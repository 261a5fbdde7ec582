"""The portraits: whole, different, and asking nothing of anybody."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import product

import pytest

from demo.dress import GARMENTS
from demo.hair import STYLES
from demo.hats import HATS
from demo.looks import BACKDROPS, SCENES, look
from demo.portrait import portrait
from demo.town import members

SEEDS = [member.portrait_seed for member in members(1907, 48)]
MANY = range(3000)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(seed: int) -> ET.Element:
    return ET.fromstring(portrait(seed))  # noqa: S314 - our own drawing


def test_equal_seeds_give_equal_portraits() -> None:
    assert [portrait(seed) for seed in SEEDS] == [portrait(seed) for seed in SEEDS]


def test_every_portrait_is_a_different_drawing() -> None:
    """Also without the comment and the ids that carry the seed."""
    assert len({portrait(seed) for seed in SEEDS}) == len(SEEDS)
    drawings = {re.sub(r"<!--.*?-->|chest-[0-9a-f]+", "", portrait(seed)) for seed in SEEDS}
    assert len(drawings) == len(SEEDS)


def test_portraits_are_square_svg_with_valid_colours() -> None:
    for seed in MANY:
        root = drawn(seed)
        assert (root.tag, root.get("width"), root.get("height")) == (f"{SVG}svg", "320", "320")
        painted = [e.get(key) for e in root.iter() for key in ("fill", "stroke") if e.get(key)]
        assert painted
        for colour in painted:
            assert re.fullmatch(r"#[0-9a-f]{6}|none", str(colour)), (seed, colour)


def test_portraits_load_and_run_nothing() -> None:
    allowed = {"svg", "g", "path", "circle", "ellipse", "rect", "clipPath"}
    for seed in MANY:
        drawing = portrait(seed)
        tags = {element.tag.removeprefix(SVG) for element in drawn(seed).iter()}
        assert tags <= allowed
        assert (
            re.findall(r"(?:href|style|on\w+)=|https?://(?!www\.w3\.org/2000/svg)", drawing) == []
        )
        assert set(re.findall(r"url\((.*?)\)", drawing)) == {f"#chest-{seed:x}"}


def test_every_style_garment_and_scene_is_worn_by_somebody() -> None:
    """What nobody can get is dead; what is chosen but not drawn would raise."""
    looks = [look(seed) for seed in MANY]
    assert {seen.style for seen in looks} == STYLES.keys() | HATS.keys()
    assert {seen.dress for seen in looks} == GARMENTS.keys()
    assert {(seen.backdrop, seen.scene) for seen in looks} == set(product(BACKDROPS, SCENES))


@pytest.mark.parametrize("low, high", [(19, 33), (34, 57), (58, 71), (72, 90)])
def test_every_age_lives_in_the_town(low: int, high: int) -> None:
    assert sum(low <= look(seed).age <= high for seed in SEEDS) >= 2

"""The invented people: the same from the same seed, all different, and tied to each other."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from demo.looks import look
from demo.places import STREETS
from demo.register import TODAY, Deck, fold, slug
from demo.town import LARGEST, SMALLEST, Member, members

SEED = 1907
TOWNS = [SMALLEST, 7, 48, 2400]


@pytest.fixture(scope="module", params=TOWNS)
def town(request: pytest.FixtureRequest) -> tuple[Member, ...]:
    return members(SEED, request.param)


def test_a_town_has_as_many_people_as_asked_for_in_directory_order(
    town: tuple[Member, ...], request: pytest.FixtureRequest
) -> None:
    assert len(town) == request.node.callspec.params["town"]
    assert [m.sort_key for m in town] == sorted(m.sort_key for m in town)


def test_equal_seeds_give_equal_towns_and_other_seeds_others() -> None:
    assert members(SEED, 48) == members(SEED, 48)
    assert members(SEED, 48) != members(SEED + 1, 48)


@pytest.mark.parametrize("count", [-1, 0, SMALLEST - 1, LARGEST + 1])
def test_a_town_of_an_impossible_size_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="people"):
        members(SEED, count)


def test_handles_are_unique_and_safe_in_a_url(town: tuple[Member, ...]) -> None:
    assert len({m.handle for m in town}) == len(town)
    for member in town:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", member.handle), member.handle
        assert member.handle == slug(member.name)


def test_ties_are_four_other_members(town: tuple[Member, ...]) -> None:
    by_handle = {m.handle: m for m in town}
    for member in town:
        assert len(set(member.ties)) == 4
        assert member.handle not in member.ties
        onward, back, *mates = (by_handle[tie] for tie in member.ties)
        assert (onward.ties[1], back.ties[0]) == (member.handle, member.handle)
        assert {mate.club for mate in mates} == {member.club}


def test_the_first_tie_lives_in_the_same_street_or_the_next(town: tuple[Member, ...]) -> None:
    house = {m.handle: re.fullmatch(r"(\d+) (.+), AS\d{4}", m.address) for m in town}
    lived_in = {found[2] for found in house.values() if found}
    streets = [street for street in STREETS if street in lived_in]
    for member in town:
        own, other = house[member.handle], house[member.ties[0]]
        assert own is not None and other is not None
        steps = (streets.index(other[2]) - streets.index(own[2])) % len(streets)
        # Two houses of a street are side by side when their numbers differ by two.
        assert int(other[1]) - int(own[1]) == 2 if steps == 0 else steps == 1


def test_following_the_ties_reaches_everybody(town: tuple[Member, ...]) -> None:
    ties = {m.handle: m.ties for m in town}
    reached, to_visit = set(), [town[0].handle]
    while to_visit:
        handle = to_visit.pop()
        if handle not in reached:
            reached.add(handle)
            to_visit += ties[handle]
    assert len(reached) == len(town)


def test_every_personal_value_belongs_to_one_member(town: tuple[Member, ...]) -> None:
    held = Counter(value for m in town for value in m.personal)
    assert len(town[0].personal) == 5
    assert [value for value, holders in held.items() if holders > 1] == []
    assert len({m.portrait_seed for m in town}) == len(town)


def test_no_personal_value_is_part_of_what_another_member_shows() -> None:
    """Else a check for leaks would cry wolf."""
    town = members(SEED, 48)
    for member in town:
        others = "\n".join(value for m in town if m is not member for value in m.personal)
        public = "\n".join(f"{m.name}\n{m.role}\n{m.line}\n{m.handle}" for m in town)
        for value in member.personal:
            assert value not in others
            assert value not in public


def test_contact_details_lead_nowhere_real(town: tuple[Member, ...]) -> None:
    for member in town:
        assert re.fullmatch(r"[a-z]+\.[a-z]+@[a-z]+\.example", member.email)
        assert re.fullmatch(r"\+00 4127 \d{3} \d{3}", member.phone)


def test_the_birthday_gives_the_age_in_the_portrait(town: tuple[Member, ...]) -> None:
    for member in town:
        born = int(member.birthday.rsplit(" ", 1)[1])
        assert TODAY.year - born - look(member.portrait_seed).age in (0, 1)


def test_a_bio_is_two_or_three_sentences(town: tuple[Member, ...]) -> None:
    for member in town:
        assert re.search(r"[{}]", member.bio) is None
        assert 2 <= len(re.findall(r"\.(?: |$)", member.bio)) <= 3


def test_a_deck_deals_every_card_before_any_comes_again() -> None:
    deck = Deck(random.Random(SEED), "abcde")
    first, second = ([deck.draw() for _ in range(5)] for _ in range(2))
    assert sorted(first) == sorted(second) == list("abcde")
    assert first != second


@pytest.mark.parametrize(
    ("name", "plain", "handle"),
    [
        ("Søren O'Hara", "Soren O'Hara", "soren-ohara"),
        ("Zoltán Dvořák", "Zoltan Dvorak", "zoltan-dvorak"),
        ("Noor van der Meer", "Noor van der Meer", "noor-van-der-meer"),
    ],
)
def test_names_fold_to_plain_letters(name: str, plain: str, handle: str) -> None:
    assert fold(name) == plain
    assert slug(name) == handle

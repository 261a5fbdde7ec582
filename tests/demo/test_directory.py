"""Leafing and searching: everybody once, by public words only."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from demo.directory import PAGE, SOME, Directory, sheet, spread
from demo.places import STREETS
from demo.town import Member, members


def found(directory: Directory, query: str) -> list[str]:
    return [member.handle for member in directory.search(query)]


def only(member: Member) -> Directory:
    return Directory((member,), 1)


def test_letters_have_everybody_once_and_in_order(directory: Directory) -> None:
    listed = [member for group in directory.letters.values() for member in group]
    assert listed == list(directory.people)
    assert list(directory.letters) == sorted(directory.letters)
    assert all(m.letter == letter for letter, group in directory.letters.items() for m in group)


def test_some_are_of_different_trades_and_the_same_every_time(directory: Directory) -> None:
    assert len(directory.some) == len(set(directory.some)) == SOME
    assert len({member.role for member in directory.some}) == SOME
    assert directory.some == Directory(directory.people, directory.seed).some
    assert directory.some != Directory(directory.people, directory.seed + 1).some
    assert list(directory.some) == [m for m in directory.people if m in set(directory.some)]


def test_in_a_small_town_some_are_all() -> None:
    town = members(1, 9)
    assert Directory(town, 1).some == town


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Søren Dvořák", "soren dvorak"),
        ("Søren Dvořák", "DVOŘÁK"),
        ("Małgorzata Łukasik", "lukasik malgorzata"),
        ("Siobhán O'Hara", "ohara"),
        ("Siobhán O'Hara", "O’Hara"),
        ("Ada Mabena-Ross", "ross"),
        ("Ada Guðnason", "gudnason"),
        ("Noor van der Meer", "  van   der\tmeer "),
    ],
)
def test_accents_case_order_and_apostrophes_do_not_count(name: str, query: str) -> None:
    given, family = name.split(" ", 1)
    member = replace(members(1, 9)[0], given=given, family=family)
    assert found(only(member), query) == [member.handle]
    assert found(only(member), query + " zzz") == []


def test_every_word_has_to_be_there_in_name_trade_or_line() -> None:
    member = replace(
        members(1, 9)[0], given="Ada", family="Lind", role="Sailmaker", line="Covers, in the loft"
    )
    for query in ("ada", "lind", "maker", "sail", "loft", "ada sailmaker loft", "lind, covers!"):
        assert found(only(member), query) == [member.handle], query
    for query in ("", " ", "?!", "Ада", "ada baker", "sailmakers"):
        assert found(only(member), query) == [], query


def test_who_is_called_so_comes_before_who_does_so() -> None:
    first, second, third = members(1, 9)[:3]
    people = (
        replace(first, given="Ida", family="Aker", role="Beekeeper", line="Honey"),
        replace(second, given="Jens", family="Almond", role="Baker", line="Bees on the roof"),
        replace(third, given="Bee", family="Zander", role="Baker", line="Rye"),
    )
    assert found(Directory(people, 1), "bee") == [third.handle, first.handle, second.handle]


def test_personal_values_find_nobody(directory: Directory) -> None:
    for member in directory.people[::20]:
        postcode = member.address.rpartition(" ")[2]
        for value in (*member.personal, postcode, member.birthday.split(" ", 1)[1]):
            assert directory.search(value) == (), value


def test_where_people_live_makes_no_difference(directory: Directory) -> None:
    """Streets are words like others: who says "star" and "yard" is found, not who lives there."""
    nothing = dict.fromkeys(("email", "phone", "address", "birthday", "bio", "club"), "")
    nobody_lives = Directory(tuple(replace(m, **nothing) for m in directory.people), 1)  # type: ignore[arg-type]
    for street in STREETS:
        assert found(directory, street) == found(nobody_lives, street), street
        assert len(found(directory, street)) < 12


def test_the_same_checks_find_a_value_that_is_public(directory: Directory) -> None:
    """The control of the two tests above."""
    for member in directory.people[:50]:
        for value in (*member.personal, STREETS[0]):
            assert found(only(replace(member, line=value)), value) == [member.handle]


def test_pages_have_everybody_once_and_there_are_no_others() -> None:
    people = members(1, 2 * PAGE + 1)
    sheets = [sheet(people, number) for number in (1, 2, 3)]
    assert [len(s.people) for s in sheets if s] == [PAGE, PAGE, 1]
    counted = Counter(member.handle for s in sheets if s for member in s.people)
    assert counted == Counter(member.handle for member in people)
    assert all(s and s.of == 3 for s in sheets)
    assert sheet(people, 4) is None
    assert sheet(people, 0) is None
    assert sheet(people, -1) is None
    assert sheet(people[:PAGE], 2) is None
    assert sheet((), 1) is not None


def test_what_is_searched_is_small_plain_letters() -> None:
    assert spread("  Søren  O’Hara-Łukasik, Nº 3 ") == "soren ohara lukasik no 3"

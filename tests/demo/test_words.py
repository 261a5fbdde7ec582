"""The word lists: enough of everything, nothing twice, and no street where everybody reads."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from demo.directory import spread
from demo.names import FAMILY, GIVEN
from demo.places import CLUBS, PASTIMES, STREETS
from demo.register import NUMBERS, fold
from demo.town import Member, members
from demo.trades import GUILDS, TRADES
from demo.word_lists import entries

DRAWINGS = Path(__file__).parents[2] / "demo" / "templates" / "guilds.svg.html"


def said_at_home() -> list[str]:
    trades = chain.from_iterable(trade.remarks for trade in TRADES)
    clubs = chain.from_iterable(club.remarks for club in CLUBS)
    return [*trades, *clubs, *PASTIMES]


@pytest.fixture(scope="module")
def town() -> tuple[Member, ...]:
    return members(1907, 2400)


def test_everything_is_said_once() -> None:
    lines = [line for trade in TRADES for line in trade.lines]
    for words in (said_at_home(), lines, [t.role for t in TRADES], STREETS, FAMILY):
        assert [word for word, times in Counter(words).items() if times > 1] == []
    given = Counter(chain.from_iterable(GIVEN.values()))
    assert [name for name, times in given.items() if times > 1] == []


def test_every_trade_and_club_has_enough_to_say() -> None:
    assert all((len(trade.lines), len(trade.remarks)) == (3, 2) for trade in TRADES)
    assert all(len(club.remarks) == 5 for club in CLUBS)
    assert len(TRADES) > 200
    assert len(CLUBS) > 20


def test_what_is_said_at_home_is_one_sentence() -> None:
    for sentence in said_at_home():
        assert re.fullmatch(r"[A-Z].*[^.]\.", sentence), sentence
        assert not re.search(r"\. [A-Z]", sentence), sentence
        assert re.findall(r"\{.*?\}", sentence) in ([], ["{n}"]), sentence
        assert not re.search(r"[{}]", sentence.format(n=NUMBERS[0])), sentence


def test_public_lines_are_no_sentences_and_name_no_street() -> None:
    for trade in TRADES:
        for line in trade.lines:
            assert line[0].isupper() and line[-1] not in ".,;", line
            assert not [street for street in STREETS if spread(street) in spread(line)], line


def test_names_are_written_in_letters_that_a_url_can_spell() -> None:
    for name in chain(FAMILY, *GIVEN.values()):
        assert len(fold(name)) >= len(name), name


def test_every_guild_has_a_drawing() -> None:
    drawn = set(re.findall(r'member.guild == "(\w+)"', DRAWINGS.read_text()))
    assert drawn < set(GUILDS)
    assert len(drawn) == len(GUILDS) - 1  # one is drawn where no other is


def test_a_large_town_does_not_repeat_itself_tiresomely(town: tuple[Member, ...]) -> None:
    most = {
        "role": Counter(m.role for m in town),
        "role and line": Counter((m.role, m.line) for m in town),
        "family": Counter(m.family for m in town),
        "at work": Counter(m.bio.split(". ")[0] for m in town),
        "at the club": Counter(m.bio.split(". ")[1] for m in town),
    }
    top = {what: counts.most_common(1)[0][1] for what, counts in most.items()}
    assert top["role"] <= 11
    assert top["role and line"] <= 4
    assert top["family"] <= 9
    assert top["at work"] <= 6
    assert top["at the club"] <= 20


def test_a_list_that_begins_with_a_sentence_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# a comment\n- of nobody\nBaker\n- bread\n> warm\n")
    with pytest.raises(ValueError, match="nobody"):
        entries(path)
    path.write_text("# a comment\n\nBaker\n- bread\n> warm\n> and soft\n")
    [baker] = entries(path)
    assert (baker.name, baker.lines, baker.remarks) == ("Baker", ("bread",), ("warm", "and soft"))

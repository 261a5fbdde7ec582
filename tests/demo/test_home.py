"""The first page: some of the town, everybody by letter, and a search; all without scripts."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from demo import app as demo
from demo.directory import PAGE, Directory

from .reading import Finder, Page


def read(visitor: FlaskClient, **asked: object) -> Page:
    answer = visitor.get("/?" + urlencode(asked))
    assert answer.status_code == 200, asked
    return Page(answer.text)


def whole_list(visitor: FlaskClient, **asked: object) -> list[str]:
    """The handles on all pages of a list, by its links to the next."""
    path, handles = "/?" + urlencode(asked), []
    while path:
        page = Page(visitor.get(path).text)
        handles += page.people()
        [path] = [g["href"] or "" for _, g in page.elements if g.get("rel") == "next"] or [""]
    return handles


def test_home_shows_enough_people_and_all_of_the_letters(
    visitor: FlaskClient, directory: Directory
) -> None:
    assert len(directory.people) == demo.PEOPLE == 2400
    page = read(visitor)
    assert page.people() == [member.handle for member in directory.some]
    assert len(set(page.people())) >= 45
    assert all(m.role in page.public and m.line in page.public for m in directory.some)
    letters = [link for link in page.links() if link.startswith("/?letter=")]
    assert letters == [f"/?letter={letter}" for letter in directory.letters]
    for letter, group in directory.letters.items():
        assert re.search(rf"\n{letter} \n+{len(group)}\n", page.public), letter


def test_home_is_light(visitor: FlaskClient) -> None:
    for path in ("/", "/?letter=S", "/?q=a"):
        assert len(visitor.get(path).data) < 20_000, path


def test_the_letters_pages_have_everybody_exactly_once(
    visitor: FlaskClient, directory: Directory
) -> None:
    listed = [h for letter in directory.letters for h in whole_list(visitor, letter=letter)]
    assert listed == [member.handle for member in directory.people]


def test_the_letter_is_marked_and_said(visitor: FlaskClient, directory: Directory) -> None:
    page = read(visitor, letter="K")
    marked = [given["href"] for _, given in page.elements if "aria-current" in given]
    assert marked == ["/?letter=K"]
    assert f"{len(directory.letters['K'])} people under K" in page.public
    assert read(visitor, letter="k").people() == page.people()


@pytest.mark.parametrize(
    "asked",
    ["letter=1", "letter=AA", "letter=%C3%96", "letter=%00", "page=2", "letter=K&page="]
    + [f"letter=K&page={page}" for page in ("0", "99", "-1", "x", "1.0", "%C2%B2", "1" * 30)]
    + ["q=sail&page=7", "q=zzz&page=2"],
)
def test_there_are_no_other_letters_and_pages(visitor: FlaskClient, asked: str) -> None:
    assert visitor.get(f"/?{asked}").status_code == 404


def test_long_lists_are_turned_page_by_page(visitor: FlaskClient, directory: Directory) -> None:
    first, second = read(visitor, letter="S"), read(visitor, letter="S", page=2)
    rel = [{g["rel"]: g["href"] for _, g in p.elements if "rel" in g} for p in (first, second)]
    assert rel[0]["next"] == "/?letter=S&page=2"
    assert "prev" not in rel[0]
    assert rel[1]["prev"] == "/?letter=S"
    assert len(first.people()) == PAGE
    assert "Page 2 of 3" in second.public
    found = read(visitor, q="a b", page=2)
    assert "/?q=a+b" in found.links()


def test_a_search_finds_and_says_how_many(visitor: FlaskClient, directory: Directory) -> None:
    for query in ("sailmaker", "lukasik", "ŁUKASIK", "o'hara", "harbour pilot", "a"):
        found = [member.handle for member in directory.search(query)]
        assert found
        page = read(visitor, q=query)
        assert f"{len(found):,} people for “{query}”" in page.public
        assert ("input", "q", query) in {
            (t, g.get("name"), g.get("value")) for t, g in page.elements
        }
        assert Counter(whole_list(visitor, q=query)) == Counter(found), query


def test_one_person_is_no_people(visitor: FlaskClient, directory: Directory) -> None:
    name = directory.people[7].name
    assert f"1 person for “{name}”" in read(visitor, q=name).public


@pytest.mark.parametrize("query", ["zzz", "Ада", "?", "<script>", "%00", "zz" * 500])
def test_an_empty_search_says_what_to_try(visitor: FlaskClient, query: str) -> None:
    answer = visitor.get("/?" + urlencode({"q": query}))
    page = Page(answer.text)
    assert answer.status_code == 200
    assert page.people() == []
    assert "Nobody" in page.public
    assert "<script>" not in answer.text
    assert len(answer.data) < 6_000
    tries = [link for link in page.links() if link.startswith("/?q=")]
    assert tries
    assert all(Page(visitor.get(link).text).people() for link in tries)


@pytest.mark.parametrize("query", ["", " ", "\t"])
def test_a_search_for_nothing_is_the_first_page(visitor: FlaskClient, query: str) -> None:
    assert read(visitor, q=query).people() == read(visitor).people()


def test_the_form_works_without_scripts_and_is_labelled(visitor: FlaskClient) -> None:
    page = read(visitor)
    assert page.count("script") == 1, "the gate's, of which the form knows nothing"
    [form] = [given for tag, given in page.elements if tag == "form"]
    assert (form["action"], form["role"], form.get("method", "get")) == ("/", "search", "get")
    [field] = [given for tag, given in page.elements if tag == "input"]
    labels = [given["for"] for tag, given in page.elements if tag == "label"]
    ids = [given["id"] for _, given in page.elements if "id" in given]
    assert labels == [field["id"]]
    assert field["aria-describedby"] in ids


def test_no_list_of_the_whole_town_has_a_personal_value(
    visitor: FlaskClient, directory: Directory
) -> None:
    values = Finder(value for m in directory.people for value in m.personal)
    lists = [{"letter": letter, "page": n} for letter in directory.letters for n in (1, 2, 3)]
    asked = [{"q": value} for m in directory.people[::100] for value in (*m.personal, m.name)]
    cards = [f"/cards/{m.handle}" for m in directory.people[::50]]
    paths = [f"/?{urlencode(one)}" for one in [*lists, *asked]] + ["/", *cards]
    for path in paths:
        assert values.told(visitor.get(path).text) == [], path


def test_the_same_check_finds_a_value_that_stands_there(directory: Directory) -> None:
    values = Finder(value for m in directory.people for value in m.personal)
    member = directory.people[1234]
    assert values.told(f"<p>{member.name} &lt;{member.email}&gt;</p>") == [member.email]

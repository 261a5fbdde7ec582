"""The form "Report a profile": public, protected, and kept by nobody."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.reporting import REASONS, TOO_LONG, UNCHOSEN, UNDONE, WORDS_MAX
from demo.town import Member

from ..solving import ASK, redemption
from .reading import Finder, Page

RESPOND = "/challenge/v1/responses"
WORDS = "a word that is nowhere else 4711"


def response(client: FlaskClient, action: str = "report") -> str:
    offer = client.post(ASK, json={"buys": "response", "action": action}).get_json()
    given = client.post(RESPOND, data=redemption(offer), content_type="application/json")
    return str(given.get_json()["response"])


def send(client: FlaskClient, member: Member, **fields: str) -> Any:
    return client.post("/report", data={"profile": member.handle, "reason": "wrong"} | fields)


def test_the_form_is_public_and_says_nothing_personal(
    client: FlaskClient, people: tuple[Member, ...]
) -> None:
    values = Finder(value for member in people for value in member.personal)
    for member in people:
        answer = client.get(f"/report?profile={member.handle}")
        assert (answer.status_code, values.told(answer.text)) == (200, [])
        assert member.name in Page(answer.text).public
    assert "Challenge-Remaining" not in answer.headers
    for nobody in ("", "?profile=", "?profile=nobody", "?profile=../x"):
        assert client.get(f"/report{nobody}").status_code == 404


def test_the_form_has_a_label_for_everything_and_one_widget(
    client: FlaskClient, people: tuple[Member, ...]
) -> None:
    page = Page(client.get(f"/report?profile={people[0].handle}").text)
    labelled = {given["for"] for tag, given in page.elements if tag == "label"}
    fields = {
        given["id"] for tag, given in page.elements
        if tag == "textarea" or (tag == "input" and given["type"] != "hidden")
    }  # fmt: skip
    assert labelled == fields == {*REASONS, "words"}
    [widget] = [given for tag, given in page.elements if tag == "challenge-widget"]
    assert widget["action"] == "report"
    assert page.count("noscript") == 2


def test_cards_and_profiles_lead_to_it(admitted: FlaskClient, people: tuple[Member, ...]) -> None:
    form = f"/report?profile={people[0].handle}"
    for path in (f"/cards/{people[0].handle}", f"/people/{people[0].handle}"):
        assert form in Page(admitted.get(path, headers={"Accept": "text/html"}).text).links()


def test_a_report_with_a_response_is_thanked_for_once(
    client: FlaskClient, people: tuple[Member, ...]
) -> None:
    token = response(client)
    fields = {"words": WORDS, "challenge-response": token}
    answer = send(client, people[0], **fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/report/thanks")
    thanks = client.get(answer.headers["Location"]).text
    assert "Nothing of it was kept" in thanks
    again = send(client, people[0], **fields)
    assert again.status_code == 403


@pytest.mark.parametrize("token", [None, "", "made up", "another form's"])
def test_a_report_without_one_comes_back_as_it_was_sent(
    client: FlaskClient, people: tuple[Member, ...], token: str | None
) -> None:
    given = response(client, "signup") if token == "another form's" else token
    fields = {} if given is None else {"challenge-response": given}
    answer = send(client, people[0], words=f"<b>{WORDS}", **fields)
    assert answer.status_code == 403
    page = Page(answer.text)
    assert UNDONE in page.public
    assert f"<b>{WORDS}" in page.public
    assert "<b>" not in answer.text
    [chosen] = [given for _, given in page.elements if "checked" in given]
    assert chosen["value"] == "wrong"
    assert "<title>Not sent yet" in answer.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"reason": ""}, UNCHOSEN), ({"reason": "other things"}, UNCHOSEN),
     ({"words": "x" * (WORDS_MAX + 1)}, TOO_LONG)],
)  # fmt: skip
def test_a_form_that_is_not_filled_in_spends_no_response(
    client: FlaskClient, people: tuple[Member, ...], fields: dict[str, str], words: str
) -> None:
    token = response(client)
    answer = send(client, people[0], **{"challenge-response": token} | fields)
    assert (answer.status_code, words in answer.text) == (400, True)
    assert send(client, people[0], **{"challenge-response": token}).status_code == 303


def test_nobody_can_be_reported_who_is_not_there(
    client: FlaskClient, people: tuple[Member, ...]
) -> None:
    fields = {"profile": "nobody", "challenge-response": response(client)}
    assert send(client, people[0], **fields).status_code == 404


def test_what_is_sent_is_kept_nowhere(
    app: Flask, client: FlaskClient, people: tuple[Member, ...], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        send(client, people[0], words=WORDS, **{"challenge-response": response(client)})
        send(client, people[0], words=WORDS)
    assert WORDS not in caplog.text
    kept = [path for path in Path(app.instance_path).rglob("*") if path.is_file()]
    assert kept, "the control: the gate keeps its own"
    assert not any(WORDS.encode() in path.read_bytes() for path in kept)

"""The plan of docs/sizing.md is arithmetic, and the page has what it gives for its figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import _store_docs as docs
from bench._sizing import Rows, Visit, plan, servers_for, views_of_one_server, worker_cores

#: twenty views and three sales, in figures that are easily added up
VISIT = Visit(
    requests=26,
    gate_us=10_000,
    flask_us=100,
    server_us=1_000,
    trips=76,
    wire_bytes=25_000,
    rows={"visitor": Rows(1, 400, 88_260), "spent": Rows(3, 500, 270)},
)


def test_ten_thousand_views_are_five_hundred_visits_a_second() -> None:
    found = plan(VISIT, 10_000)
    assert found.visits_s == 500
    assert found.visitors_day == 500 * 86_400 / 2
    assert found.gate_cores == pytest.approx(500 * 0.01)
    assert found.flask_cores == pytest.approx(500 * 26 * 0.0001)
    assert found.cores == 11  # 6.3 of them at work
    assert found.server_cores == pytest.approx(0.5)
    assert found.servers == 3
    assert found.trips_s == 38_000
    assert found.megabits_s == pytest.approx(100)
    # Visitors come from the whole day, redeemed challenges from its busiest minutes.
    assert found.memory == pytest.approx(400 * 88_260 * 250 + 3 * 500 * 270 * 500)
    assert found.maxmemory == pytest.approx(found.memory / 2)
    assert (found.connections, found.connections_most) == (11, 704)


def test_twice_the_views_are_twice_the_work() -> None:
    one, two = plan(VISIT, 10_000), plan(VISIT, 20_000)
    for what in ("gate_cores", "flask_cores", "server_cores", "trips_s", "megabits_s", "memory"):
        assert getattr(two, what) == pytest.approx(2 * getattr(one, what))


@pytest.mark.parametrize(
    ("at_work", "servers"),
    [(0, 1), (0.01, 1), (0.4, 1), (0.41, 3), (1.2, 3), (1.21, 4), (4, 10)],
)
def test_one_server_or_a_cluster_of_three_at_least(at_work: float, servers: int) -> None:
    assert servers_for(at_work) == servers


def test_one_server_is_enough_up_to_where_it_is_said_to_be() -> None:
    most = views_of_one_server(VISIT)
    assert most == pytest.approx(8_000)
    assert plan(VISIT, most - 1).servers == 1
    assert plan(VISIT, most + 1).servers == 3


def test_workers_have_cores_to_spare() -> None:
    for views in (1, 999, 12_345):
        found = plan(VISIT, views)
        assert found.gate_cores + found.flask_cores <= 0.6 * found.cores
        assert worker_cores(VISIT, views) == found.cores
        assert worker_cores(replace(VISIT, gate_us=20_000), views) >= found.cores


# -- the page


@pytest.fixture(scope="module")
def page() -> str:
    return docs.PAGE.read_text()


def test_the_pages_plan_is_what_its_figures_give(page: str) -> None:
    measured = docs.part(page, docs.MEASURED)
    assert docs.part(page, docs.PLANNED) == docs.planned(docs.read(measured))
    for table in docs.tables(docs.read(measured)):
        assert table in measured


def test_control_another_figure_gives_another_plan(page: str) -> None:
    found = docs.read(docs.part(page, docs.MEASURED))
    found["full_visit_us"]["valkey"] *= 2
    assert docs.part(page, docs.PLANNED) != docs.planned(found)


def test_the_page_holds_all_figures(page: str) -> None:
    found = docs.read(docs.part(page, docs.MEASURED))
    for rows, columns in docs.TABLES:
        for key in rows:
            assert found[key].keys() <= columns.keys()
            assert all(value > 0 for value in found[key].values())
            assert found[key], key
    for key in ("roundtrips", "bytes", "moved_bytes"):
        assert max(found[key].values()) <= {"roundtrips": 1}.get(key, 400)
    for marks in (docs.MEASURED, docs.PLANNED):
        assert all(page.count(mark) == 1 for mark in marks)


def test_what_is_shown_is_read_again() -> None:
    found = {key: dict.fromkeys(columns, 1_234.5) for rows, columns in docs.TABLES for key in rows}
    del found["pair_views_s"]["memory"]
    read = docs.read("\n\n".join(docs.tables(found)))
    assert read == {key: dict.fromkeys(row, 1_234) for key, row in found.items()}
    assert [*map(docs.shown, (0.123, 12.34, 1_234_567.8))] == ["0.12", "12.3", "1,234,568"]


def test_recording_replaces_figures_and_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    found = docs.read(docs.part(page, docs.MEASURED))
    monkeypatch.setattr(docs, "PAGE", tmp_path / "sizing.md")
    found["full_visit_us"]["valkey"] *= 10
    docs.PAGE.write_text(page)
    docs.record(found)
    written = docs.PAGE.read_text()
    assert docs.part(written, docs.PLANNED) == docs.planned(found) != docs.part(page, docs.PLANNED)
    # The words between stay.
    assert "How to read it" in prose(page)
    assert prose(written) == prose(page)


def prose(page: str) -> str:
    for marks in (docs.MEASURED, docs.PLANNED):
        page = docs.between(page, marks, "")
    return page


def test_what_flask_takes_is_read_from_the_page_of_the_gate() -> None:
    stores = ("`sqlite:///store.db`", "95", "244"), ("`memory://`", "1,044", "1,143")
    page = "\n".join(
        f"| {name} | 1,000 visitors | 1,000,000 visitors |\n| --- | ---: | ---: |\n"
        f"| a profile that the visitor has not opened before | 9 | {gate} |\n"
        f"| a new one in Flask: what a gated route takes more than a plain one | 99 | {whole} |\n"
        for name, gate, whole in stores
    )
    assert docs.flask_us(page) == 99

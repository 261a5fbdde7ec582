"""`./run bench solver`: its native search is right, and what it found is told rightly."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import _native, _solver_docs
from bench._native import Native, tries, wrong
from bench._peers import PEERS
from bench._report import Figure, aimed
from bench._solver_docs import Row, chart, record, table
from bench.solver import Rates
from challenge.core.puzzles.kind import threshold
from challenge.core.puzzles.sha256 import output

SVG = "{http://www.w3.org/2000/svg}"
SEED = bytes(range(32))
needs_compiler = pytest.mark.skipif(_native.compiler() is None, reason="no C compiler")


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    return Native.build(tmp_path_factory.mktemp("native"))


# -- the native search


@needs_compiler
def test_each_form_agrees_with_the_vectors(native: Native) -> None:
    forms = native.forms()
    assert forms[-2:] == ["lanes4", "scalar"]
    assert {form: wrong(native, form) for form in forms} == {form: [] for form in forms}


@needs_compiler
@pytest.mark.parametrize(
    ("right", "slip"),
    [
        # the round's sum; the schedule; which lane a nonce is in; the comparison
        ("t += BIG1(e)", "t += BIG0(e)"),
        ("if (VARIES((i) - 7))", "if (VARIES((i) - 6))"),
        ("counted + SWAP32(at)", "none + SWAP32(at)"),
        ("HITS(x) ((x) <= limit)", "HITS(x) ((x) < limit)"),
    ],
)
def test_control_a_slip_disagrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: str, slip: str
) -> None:
    folder = tmp_path / "native"
    shutil.copytree(_native.SOURCE.parent, folder)
    lanes = folder / "sha256_lanes.h"
    assert right in lanes.read_text()
    lanes.write_text(lanes.read_text().replace(right, slip))
    monkeypatch.setattr(_native, "SOURCE", folder / _native.SOURCE.name)
    slipped = Native.build(tmp_path)
    assert any(wrong(slipped, form) for form in ("lanes4", "scalar"))


@needs_compiler
def test_all_forms_find_the_same_answers(native: Native) -> None:
    seeds = list(_native.seeds(20))
    limit = threshold(3000)
    found = {form: list(native.solve(seeds, 16, limit, form)) for form in native.forms()}
    assert len(found["scalar"]) == len(seeds)
    assert all(answers == found["scalar"] for answers in found.values())


@needs_compiler
def test_no_nonce_before_the_answer_is_accepted(native: Native) -> None:
    limit = threshold(200)
    (answers,) = native.solve([SEED], 16, limit)
    for index, answer in enumerate(answers):
        outputs = [output(SEED, index, upper << 32) for upper in range(tries(answer))]
        assert outputs.pop() <= limit < min(outputs, default=limit + 1)


@needs_compiler
def test_it_solves_what_it_is_told_on_the_command_line(native: Native) -> None:
    told = native._call("best", "solve", SEED.hex(), 3, f"{threshold(50):016x}")
    assert [told] == list(native.solve([SEED], 3, threshold(50)))


@needs_compiler
def test_a_rate_is_of_processor_time(native: Native) -> None:
    assert native.rate("scalar", 0.05) > 100_000


def test_tries_count_through_the_lower_halves() -> None:
    assert [tries(nonce) for nonce in (0, 5 << 32, 1, (7 << 32) + 2)] == [
        1,
        6,
        2**21 + 1,
        2**22 + 8,
    ]


# -- what is made of it


def test_ratios_are_taken_within_rounds() -> None:
    rates = Rates()
    for fast, slow in ((10.0, 5.0), (2.0, 1.0), (9.0, 3.0)):
        rates.add("native.fast", fast)
        rates.add("slow", slow)
    assert rates.ratio("native.fast", "slow") == 2
    assert rates.of("slow") == 3
    assert rates.native == "native.fast"
    assert rates.best(["slow", "native.fast"]) == "native.fast"


@pytest.mark.parametrize(
    ("value", "reach", "floor", "ok", "holds"),
    [
        (81, 80, 60, True, True),
        (70, 80, 60, False, True),
        (59, 80, 60, False, False),
        (5, 6, 8, True, True),
        (7, 6, 8, False, True),
        (9, 6, 8, False, False),
    ],
)
def test_a_floor_lies_beyond_the_reach(
    value: float, reach: float, floor: float, ok: bool, holds: bool
) -> None:
    figure = aimed("x", value, "times", reach=reach, floor=floor)
    assert (figure.ok, figure.holds) == (ok, holds)


@pytest.fixture
def rows() -> list[Row]:
    ours = replace(PEERS["cap"], label="Ours & <best>", verify_us=14.0, carried=12_000)
    return [Row(ours, 13.5e6, 72e6, is_ours=True)] + [
        Row(peer, 1e6, 50e6) for peer in PEERS.values()
    ]


def test_chart_and_table_have_every_solver(rows: list[Row]) -> None:
    texts = [t.text for t in ET.fromstring(chart(rows)).iter(f"{SVG}text")]  # noqa: S314
    told = table(rows).splitlines()[2:]
    for row, line in zip(rows, told, strict=True):
        assert row.peer.label in texts
        assert row.peer.label in line
    assert "5.3×" in texts
    assert "| 13.5 million/s | 72.0 million/s | 5.3× |" in told[0]
    assert "| 243 ms | 45.5 ms | 14 µs | 12,000 bytes |" in told[0]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    page = tmp_path / "solver.md"
    monkeypatch.setattr(_solver_docs, "PAGE", page)
    monkeypatch.setattr(_solver_docs, "CHART", tmp_path / "solver.svg")
    page.write_text(f"before\n{_solver_docs.START}\nold\n{_solver_docs.END}\nafter\n")
    return page


def test_recording_replaces_what_was_recorded(page: Path, rows: list[Row]) -> None:
    names = ("sha256.vs_webcrypto", "wait_median_ms", "wait_p95_ms", "p95_over_median")
    figures = [Figure(f"solver.{name}", 81.5, "") for name in names]
    record(rows, figures, "156.0")
    once = page.read_text()
    record(rows, figures, "156.0")
    assert page.read_text() == once
    assert once.startswith(f"before\n{_solver_docs.START}\n")
    assert once.endswith(f"{_solver_docs.END}\nafter\n")
    assert "old" not in once
    assert "82 times" in once
    assert (page.parent / "solver.svg").read_text() == chart(rows)


def test_the_page_has_the_marks() -> None:
    text = _solver_docs.PAGE.read_text()
    assert text.count(_solver_docs.START) == text.count(_solver_docs.END) == 1

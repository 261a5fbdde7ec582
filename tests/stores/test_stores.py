"""The conformance suite over the stores, and what each promises beyond it."""

from __future__ import annotations

import multiprocessing
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from challenge.core import visitors
from challenge.core.models import Charge
from challenge.errors import ConfigError, StoreUnavailable
from challenge.stores import connections, from_uri
from challenge.stores.memory import MemoryStore
from challenge.stores.schema import SCHEMA_VERSION
from challenge.stores.sqlite import SQLiteStore

from ..racing import ReadThenWrite
from .conformance import BODY, END, ID, NOW, StoreConformance, charge, digest, spend, view, visitor


class TestMemory(StoreConformance):
    @pytest.fixture
    def make_store(self) -> Callable[[], MemoryStore]:
        store = MemoryStore()
        return lambda: store

    def test_it_is_bounded_and_refuses_rather_than_forgets(self) -> None:
        store = MemoryStore(rows_max=10)
        for number in range(10):
            spend(store, digest(number), BODY)
        with pytest.raises(StoreUnavailable) as refusal:
            spend(store, digest(10), BODY)
        assert refusal.value.code == "store_full"
        assert spend(store, digest(0), BODY).state == "pending"
        assert spend(store, digest(10), BODY, now=END + 1, expires=END + 9).state == "won"

    def test_ended_rows_leave_it(self) -> None:
        store = MemoryStore()
        spend(store, ID, BODY)
        store.open(b"k" * 16, visitor())
        store.note_sender(b"hh", b"half", digest(1), now=NOW, expires=END)
        spend(store, b"other id", BODY, now=END + 61, expires=END + 100)
        assert (len(store._spent), len(store._visitors), len(store._sketches)) == (1, 0, 0)


class TestSQLite(StoreConformance):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Iterator[Callable[[], SQLiteStore]]:
        stores: list[SQLiteStore] = []

        def make() -> SQLiteStore:
            stores.append(SQLiteStore(tmp_path / "store.db"))
            return stores[-1]

        yield make
        for store in stores:
            store.close()

    def test_only_its_owner_may_read_it(self, tmp_path: Path) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        store.open(b"k" * 16, visitor())
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert modes == {0o600}

    def test_what_is_settled_is_told_without_a_writers_lock(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connections, "BUSY_MS", 10)
        store = SQLiteStore(tmp_path / "store.db")
        for number in range(2):
            spend(store, digest(number), BODY)
        store.settle(digest(0), "granted", b"claims", since=NOW)

        def told(number: int, body: bytes = BODY) -> str:
            return spend(store, digest(number), body).state

        with store._file.transaction():
            assert [told(0), told(0, digest(9))] == ["granted", "other"]
            # Whether one that is pending may be taken over is for the lock to say.
            with pytest.raises(StoreUnavailable):
                told(1)
        assert told(1) == "pending"

    def test_a_connection_does_not_cross_a_fork(self, tmp_path: Path) -> None:
        store = SQLiteStore(tmp_path / "store.db")
        store.open(b"k" * 16, visitor())
        before = list(store._file._idle)
        child = os.fork()
        if child == 0:
            try:
                charged = charge(store, b"k" * 16, view(1))
                fine = charged.charge is Charge.CHARGED and before[0] not in store._file._idle
                os._exit(0 if fine else 1)
            except BaseException:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert charge(store, b"k" * 16, view(1)).charge is Charge.REVISIT
        assert store._file._idle == before


def test_who_has_the_number_of_another_is_not_taken_for_it(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    one, other = b"the same" + b"one.....", b"the same" + b"other..."
    store.open(one, visitor(left=1))
    store.open(other, visitor(left=9))
    assert store.read(other, now=NOW) is None
    assert charge(store, other, view(1)).charge is Charge.UNKNOWN
    store.move(other, b"elsewhre", count=0, becomes=5, now=NOW)
    assert not store.refund(other, digest(1), 1, b"homehome")
    assert store.read(one, now=NOW) == visitor(left=1)


def charged_beside(
    store: MemoryStore | SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> set[Charge]:
    """What two views are told of one unit, the second of which comes while the first decides."""
    store.open(b"k" * 16, visitor(left=1))
    decide, told = visitors.charge, []

    def interrupted(*asked: Any) -> Any:
        monkeypatch.setattr(visitors, "charge", decide)
        decided = decide(*asked)
        told.append(charge(store, b"k" * 16, view(2)))
        return decided

    monkeypatch.setattr(visitors, "charge", interrupted)
    told.append(charge(store, b"k" * 16, view(1)))
    return {charged.charge for charged in told}


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_what_was_decided_on_a_record_that_has_changed_is_decided_again(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore() if kind == "memory" else SQLiteStore(tmp_path / "store.db")
    assert charged_beside(store, monkeypatch) == {Charge.CHARGED, Charge.EMPTY}


def test_control_a_store_that_does_not_look_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ReadThenWrite(tmp_path / "store.db")
    assert charged_beside(store, monkeypatch) == {Charge.CHARGED}


def grow(store: SQLiteStore, sales: int, seconds_apart: int) -> int:
    """Sell for a long time, and return the file's pages."""
    for number in range(sales):
        now = NOW + number * seconds_apart
        spend(store, digest(number), BODY, b"c" * 200, now=now, expires=int(now) + 210)
        store.open(digest(number) * 2, visitor(expires=int(now) + 1830))
    with store._file.connection() as connection:
        return int(connection.pragma("page_count"))


def test_expiry_keeps_the_file_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # At one sale a second some 2,000 rows are live, however long it goes on.
    short = grow(SQLiteStore(tmp_path / "short.db"), 3_000, 1)
    long = grow(SQLiteStore(tmp_path / "long.db"), 9_000, 1)
    assert long <= short * 1.1
    monkeypatch.setattr("challenge.stores.sqlite.sweep", lambda *_: None)
    assert grow(SQLiteStore(tmp_path / "control.db"), 9_000, 1) > short * 1.5


def test_what_has_ended_is_gone_from_the_file(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    day = int(NOW) // 86400
    key = store.day_key(day, b"the key of a day in the past....", now=NOW)
    store.note_sender(b"hh", b"half", b"a sender", now=NOW, expires=END)
    with store._file.connection() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = (tmp_path / "store.db").read_bytes()
    assert key in before
    assert b"a sender" in before
    # Nothing is sold any more, but somebody knocks at the gate.
    store.open(b"k" * 16, visitor())
    assert store.read(b"k" * 16, now=NOW + 3 * 86400) is None
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key not in kept
    assert b"homehome" not in kept
    assert b"a sender" not in kept


def test_a_full_file_refuses_sales_and_keeps_what_was_sold(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db", max_bytes=2**18)
    store.open(b"k" * 16, visitor())
    sold = 0
    with pytest.raises(StoreUnavailable):
        for number in range(5_000):
            spend(store, digest(number), BODY, b"c" * 200)
            store.settle(digest(number), "granted", b"c" * 200, since=NOW)
            sold += 1
    assert 500 < sold < 5_000
    assert spend(store, digest(0), BODY).state == "granted"
    for number in range(20):
        assert charge(store, b"k" * 16, view(number)).charge is Charge.CHARGED
    assert (tmp_path / "store.db").stat().st_size <= 2**18
    with pytest.raises(StoreUnavailable) as refusal:
        store.ping()
    assert refusal.value.code == "store_full"
    fresh = spend(store, b"fresh", BODY, now=END + 1, expires=END + 100)
    assert fresh.state == "won", "what has ended makes room"
    store.ping()


def put_version(path: Path, version: int) -> None:
    SQLiteStore(path).close()
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def test_another_versions_file_is_refused(tmp_path: Path) -> None:
    put_version(tmp_path / "newer.db", SCHEMA_VERSION + 1)
    with pytest.raises(ConfigError) as refusal:
        SQLiteStore(tmp_path / "newer.db")
    assert refusal.value.code == "store_version"
    put_version(tmp_path / "same.db", SCHEMA_VERSION)
    SQLiteStore(tmp_path / "same.db").close()


def test_another_programs_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "theirs.db"))
    connection.execute("CREATE TABLE theirs (column)")
    connection.close()
    before = (tmp_path / "theirs.db").read_bytes()
    with pytest.raises(ConfigError) as refusal:
        SQLiteStore(tmp_path / "theirs.db")
    assert refusal.value.code == "store_foreign"
    after = apsw.Connection(str(tmp_path / "theirs.db"))
    assert [row[0] for row in after.execute("SELECT name FROM sqlite_schema")] == ["theirs"]
    after.close()
    assert len(before) == (tmp_path / "theirs.db").stat().st_size


@pytest.mark.parametrize("content", [b"not a database, but long enough to look" * 40])
def test_a_broken_file_is_refused_at_the_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.db").write_bytes(content)
    with pytest.raises(ConfigError) as refusal:
        SQLiteStore(tmp_path / "store.db")
    assert refusal.value.code == "store_unusable"


def test_a_folder_that_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError):
        SQLiteStore(tmp_path / "file" / "store.db")


@pytest.mark.parametrize(
    "uri",
    ["", "sqlite://", "sqlite:///", "memory:///x", "memory://host", "mysql:///x", "sqlite://h/x",
     "sqlite:///x?mode=ro", "plain"],
)  # fmt: skip
def test_a_uri_that_names_no_store(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ConfigError):
        from_uri(uri, folder=tmp_path, max_bytes=2**20)


def test_uris(tmp_path: Path) -> None:
    assert isinstance(from_uri("memory://", folder=tmp_path, max_bytes=2**20), MemoryStore)
    from_uri("sqlite:///in%20here.db", folder=tmp_path, max_bytes=2**20).close()
    assert (tmp_path / "in here.db").exists()
    absolute = tmp_path / "elsewhere" / "there.db"
    from_uri(f"sqlite:///{absolute}", folder=tmp_path, max_bytes=2**20).close()
    assert absolute.exists()


def win(kind: type[SQLiteStore], path: Path, ids: int, barrier: object, wins: object) -> None:
    store = kind(path)
    won = 0
    for number in range(ids):
        barrier.wait(60)
        won += spend(store, digest(number) * 2, BODY).state == "won"
    wins.put(won)


def won_by_processes(kind: type[SQLiteStore], path: Path, ids: int) -> int:
    """How often `ids` challenges were won by 8 processes in all."""
    SQLiteStore(path).close()
    context = multiprocessing.get_context("spawn")
    barrier, wins = context.Barrier(8), context.Queue()
    processes = [
        context.Process(target=win, args=(kind, path, ids, barrier, wins)) for _ in range(8)
    ]
    for process in processes:
        process.start()
    total = sum(wins.get(timeout=120) for _ in processes)
    for process in processes:
        process.join(30)
    return total


def test_processes_win_each_challenge_once(tmp_path: Path, rounds: int) -> None:
    assert won_by_processes(SQLiteStore, tmp_path / "store.db", 10 * rounds) == 10 * rounds


def test_control_read_then_write_wins_more_than_once(tmp_path: Path) -> None:
    assert won_by_processes(ReadThenWrite, tmp_path / "store.db", 50) > 50


# -- epochs


def open_at(path: Path, boot: str, monkeypatch: pytest.MonkeyPatch, *, clean: bool) -> str:
    """Open the store as after a start of the machine, and leave it in good order or not."""
    monkeypatch.setattr("challenge.stores.sqlite.boot_id", lambda: boot)
    store = SQLiteStore(path)
    store.open(os.urandom(16), visitor())
    if clean:
        store.close()
    else:
        # As a power cut leaves it: nobody has closed the file, its log lies there.
        LEFT_OPEN.append(store)
    return store.epoch


LEFT_OPEN: list[SQLiteStore] = []


def test_a_killed_worker_is_no_new_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"
    first = open_at(path, "boot-1", monkeypatch, clean=False)
    assert open_at(path, "boot-1", monkeypatch, clean=False) == first
    assert open_at(path, "boot-1", monkeypatch, clean=True) == first


def test_a_restart_in_good_order_is_no_new_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    first = open_at(path, "boot-1", monkeypatch, clean=True)
    assert open_at(path, "boot-2", monkeypatch, clean=True) == first


def test_a_power_cut_is_a_new_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"
    first = open_at(path, "boot-1", monkeypatch, clean=False)
    second = open_at(path, "boot-2", monkeypatch, clean=False)
    assert second != first
    assert open_at(path, "boot-2", monkeypatch, clean=True) == second, "once a restart"


def test_another_file_in_its_place_is_a_new_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    first = open_at(path, "boot-1", monkeypatch, clean=True)
    (tmp_path / "backup").write_bytes(path.read_bytes())
    (tmp_path / "backup").replace(path)
    assert open_at(path, "boot-1", monkeypatch, clean=True) != first


def test_memory_has_an_epoch_of_its_own() -> None:
    assert MemoryStore().epoch != MemoryStore().epoch
